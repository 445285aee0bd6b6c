/// The shape of one U-Net, as the header of a model file spells it.
///
/// `{"unet": "simple", "in": 3, "out": 3, "channels": 64, "slope": 0}`: the paper's CCDNet;
/// `{"unet": "flow", "in": 6, "out": 2, "channels": 32, "slope": 0.1}`: the paper's SuperSlomo;
/// `{"unet": "shuffle", "in": 4, "out": 3, "widths": [32, 48, 64, 96], "slope": 0.1}`: the small networks.
public struct UNetConfiguration: Hashable, Sendable, Decodable {
    public enum Architecture: Hashable, Sendable {
        /// "UNet_simple": double 3x3 convolutions of ch, 2, 4, 8 and 8 ch, transposed convolutions.
        case simple(channels: Int)
        /// "UNet_flow": 7x7, 5x5, then 3x3 convolutions of ch, 2, 4, 8, 16 and 16 ch, bilinear upsampling.
        case flow(channels: Int)
        /// At half resolution behind a pixel unshuffle; additive skips. One width for each resolution.
        case shuffle(widths: [Int])
    }

    public let architecture: Architecture
    /// Channels of the input and of the output.
    public let inputs: Int
    public let outputs: Int
    /// LeakyReLU's slope below zero, 0 ... 1; 0 is ReLU.
    public let slope: Float

    public init(_ architecture: Architecture, inputs: Int, outputs: Int, slope: Float) {
        self.architecture = architecture
        self.inputs = inputs
        self.outputs = outputs
        self.slope = slope
    }

    private enum Key: String, CodingKey {
        case unet, channels, widths, slope
        case inputs = "in"
        case outputs = "out"
    }

    /// - Throws: `DecodingError` for an unknown U-Net and for numbers that make no network.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        func width(_ key: Key) throws -> Int {
            let width = try values.decode(Int.self, forKey: key)
            guard Self.widths.contains(width) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values, debugDescription: "\(width), where \(Self.widths) was expected")
            }
            return width
        }
        let kind = try values.decode(String.self, forKey: .unet)
        switch kind {
        case "simple": architecture = .simple(channels: try width(.channels))
        case "flow": architecture = .flow(channels: try width(.channels))
        case "shuffle":
            let widths = try values.decode([Int].self, forKey: .widths)
            guard (1...8).contains(widths.count), widths.allSatisfy(Self.widths.contains) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .widths, in: values,
                    debugDescription: "\(widths), where 1 to 8 numbers of \(Self.widths) were expected")
            }
            architecture = .shuffle(widths: widths)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .unet, in: values, debugDescription: "\(kind), where simple, flow or shuffle was expected")
        }
        inputs = try width(.inputs)
        outputs = try width(.outputs)
        slope = try values.decodeIfPresent(Float.self, forKey: .slope) ?? (kind == "simple" ? 0 : 0.1)
        guard (0...1).contains(slope) else {
            throw DecodingError.dataCorruptedError(
                forKey: .slope, in: values, debugDescription: "\(slope), where 0 ... 1 was expected")
        }
    }

    /// The numbers of channels that are accepted.
    private static let widths = 1...4096
}
