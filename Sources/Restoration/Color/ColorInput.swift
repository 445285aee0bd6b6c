import PixelKernels

/// The possible inputs of CCDNet's networks, by the names in a model file's header.
///
/// For a further one: a case, its channels, and how it is made (`CCDNet.update` or `CCDNet.fillStep`).
enum ColorInput: String, Decodable {
    /// G, the GIF's frame.
    case gif
    /// Half the distance from a pixel's palette color to the nearest other one. Not in the paper.
    case radius
    /// How the GIF's frames before and after differ from this one. Still parts carry a quantization error of their own in
    /// every frame. Not in the paper.
    case before, after
    /// How the restored frame before differs from this GIF frame. It holds what is known from all frames before. Not in
    /// the paper.
    case past
    /// How far the Voronoi cell of each pixel's palette color reaches (see `PaletteColors.Reach`), which is where the color
    /// of an exact GIF comes from. Not in the paper.
    case cell
    /// Of the step: I, the first network's estimate.
    case estimate
    /// Of the step: fC(I), the nearest palette colors.
    case nearest
    /// Of the step: G - fC(I).
    case error

    var channels: Int {
        switch self {
        case .radius: 1
        case .cell: 6
        default: 3
        }
    }

    /// Those that only a step can be given.
    var isOfStep: Bool { self == .estimate || self == .nearest || self == .error }
}

/// The layout of a network's input: the channels of each part.
struct InputLayout: Sendable {
    let names: [ColorInput]
    /// Channels of all together.
    let channels: Int
    private let ranges: [ColorInput: Range<Int>]

    /// - Parameter names: in the order of the channels, each once.
    init(_ names: [ColorInput]) {
        var ranges: [ColorInput: Range<Int>] = [:]
        var end = 0
        for name in names {
            ranges[name] = end..<end + name.channels
            end += name.channels
        }
        (self.names, self.ranges, channels) = (names, ranges, end)
    }

    func contains(_ name: ColorInput) -> Bool { ranges[name] != nil }

    /// One input's channels.
    func part(_ name: ColorInput, of input: Tensor) -> TensorView {
        guard let range = ranges[name] else { preconditionFailure("a network that is not given \(name)") }
        return input[range]
    }
}

/// How a network's answer becomes an estimate.
enum EstimateForm {
    /// I = clamp(G + net(G)), then I <- clamp(I + step).
    case correction
    /// The paper's: I = tanh(net(G)), then I <- tanh(I + step).
    case paper

    /// The first network's answer becomes its estimate, in place.
    func begin(_ answer: TensorView, gif: TensorView, in region: Region, _ operations: PixelOperations) {
        if self == .correction { operations.scaledSum(1, gif, 1, answer, into: answer, in: region) }
        squash(answer, in: region, operations)
    }

    /// The step's answer becomes the next estimate, in place.
    func correct(_ estimate: TensorView, by answer: TensorView, in region: Region, _ operations: PixelOperations) {
        operations.scaledSum(1, estimate, 1, answer, into: answer, in: region)
        squash(answer, in: region, operations)
    }

    private func squash(_ values: TensorView, in region: Region, _ operations: PixelOperations) {
        switch self {
        case .correction: operations.clamp(values, in: region)
        case .paper: operations.tanh(values, in: region)
        }
    }
}
