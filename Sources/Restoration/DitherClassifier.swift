public import Inference
public import Media
public import Threads

/// Tells dithered GIFs from others (section 5): convolutions over a frame and its gradients, and a global average.
///
/// Immutable and shared between streams.
public struct DitherClassifier: Sendable {
    /// The header of the model file.
    struct Configuration: Decodable {
        /// Channels of the hidden convolutions; [64, 128, 256, 512] in the paper.
        let widths: [Int]
        /// One stride for each.
        let strides: [Int]
        let slope: Float?
        /// Gradients are multiplied by it and clamped to [-1, 1]; absent in the paper.
        let gain: Float?
        /// Logits above it mean dithered; 0 where the file says nothing.
        let threshold: Float?
    }

    private let stack: ConvolutionStack
    private let gain: Float?
    private let threshold: Float

    /// - Throws: `ModelError` when the file is no classifier or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "dither-classifier" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a dither-classifier")
        }
        let configuration = try file.configuration(as: Configuration.self)
        guard !configuration.widths.isEmpty, configuration.widths.count == configuration.strides.count,
            configuration.widths.allSatisfy((1...4096).contains), configuration.strides.allSatisfy((1...2).contains)
        else {
            throw ModelError(
                path: file.path,
                reason: "config: widths \(configuration.widths) and strides \(configuration.strides) do not fit")
        }
        // In the training code's Sequential every convolution is followed by its norm and activation.
        var layers = configuration.widths.indices.map { index in
            ConvolutionStack.Layer(
                name: "body.\(3 * index)", outputs: configuration.widths[index], size: 3,
                stride: configuration.strides[index], slope: configuration.slope ?? 0.2)
        }
        layers.append(ConvolutionStack.Layer(name: "outc", outputs: 1, size: 3, stride: 1, slope: 1))
        stack = try ConvolutionStack(inputs: 9, layers, weights: file.weights, prefix: "")
        try file.weights.requireAllTaken()
        gain = configuration.gain
        threshold = configuration.threshold ?? 0
    }

    /// As `logit(_:on:)`, for a frame on a background.
    public func logit(of frame: Frame, on background: RGB, pool: WorkerPool) -> Float {
        let gif = Tensor(3, frame.size.height, frame.size.width)
        frame.flattened(on: background).pixels.withUnsafeBufferPointer {
            PixelOperations(on: pool).load(rgba: $0, into: gif.view)
        }
        return logit(gif.view, on: pool)
    }

    /// How sure the network is that the frame is dithered: a logit, 0 is undecided, above it dithered.
    /// - Parameter gif: [3, H, W] in [-1, 1].
    public func logit(_ gif: TensorView, on pool: WorkerPool) -> Float {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let state = stack.makeState(height: height, width: width)
        let input = state.input
        input[0..<3].copy(from: gif)
        input.withUnsafeMutableBufferPointer { values in
            let plane = height * width
            for channel in 0..<3 {
                let source = channel * plane
                let (alongX, alongY) = ((3 + channel) * plane, (6 + channel) * plane)
                for pixel in 0..<plane {
                    let x = pixel % width
                    values[alongX + pixel] = x + 1 < width ? values[source + pixel + 1] - values[source + pixel] : 0
                    values[alongY + pixel] =
                        pixel + width < plane ? values[source + pixel + width] - values[source + pixel] : 0
                }
            }
            if let gain {
                for value in 3 * plane..<9 * plane {
                    values[value] = min(max(values[value] * gain, -1), 1)
                }
            }
        }
        stack.forward(state, on: pool)
        return state.output.withUnsafeBufferPointer { $0.reduce(0, +) / Float($0.count) } - threshold
    }
}
