import Glibc
public import Inference
import Threads

/// Tells dithered GIFs from others (section 5): convolutions over a frame and its gradients, and an average.
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
        /// Gradients are counted in steps of the palette, and the palette radius is a further input. Not in the paper.
        let radius: Bool?
        /// Further inputs: how the first estimate of the network for dithered GIFs differs from the frame, in steps of
        /// the palette. Without dither a pixel's own color is the nearest to what was quantized, so the difference is
        /// small. Not in the paper.
        let estimate: Bool?
        /// The network says how much each place has to say. Not in the paper.
        let weighted: Bool?
        /// Logits above it mean dithered; 0 where the file says nothing.
        let threshold: Float?
    }

    private let stack: ConvolutionStack
    private let seesRadius: Bool
    /// Whether the logit depends on `estimate`.
    let seesEstimate: Bool
    private let isWeighted: Bool
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
        seesRadius = configuration.radius ?? false
        seesEstimate = configuration.estimate ?? false
        isWeighted = configuration.weighted ?? false
        guard seesRadius || !seesEstimate else {
            throw ModelError(path: file.path, reason: "config: estimate without radius")
        }
        layers.append(
            ConvolutionStack.Layer(name: "outc", outputs: isWeighted ? 2 : 1, size: 3, stride: 1, slope: 1))
        let inputs = 9 + (seesRadius ? 1 : 0) + (seesEstimate ? 3 : 0)
        stack = try ConvolutionStack(inputs: inputs, layers, weights: file.weights, prefix: "")
        try file.weights.requireAllTaken()
        threshold = configuration.threshold ?? 0
    }

    /// How sure the network is that the frame is dithered: a logit, 0 is undecided, above it dithered.
    /// - Parameters:
    ///   - gif: [3, H, W] in [-1, 1].
    ///   - radius: the palette radius of each pixel, [1, H, W].
    ///   - estimate: the first estimate of the network for dithered GIFs, of this frame alone, [3, H, W]; read where
    ///     `seesEstimate`.
    ///   - memory: of earlier calls with frames of this size, where there were any.
    func logit(
        _ gif: TensorView, radius: TensorView, estimate: TensorView, using memory: ConvolutionStack.Memory,
        on pool: WorkerPool
    ) -> Float {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let input = Tensor(stack.inputs, height, width)
        input[0..<3].copy(from: gif)
        input.withUnsafeMutableBufferPointer { values in
            estimate.withUnsafeBufferPointer { estimate in
                radius.withUnsafeBufferPointer { radius in
                    nonisolated(unsafe) let (values, estimate, radius) = (values, estimate, radius)
                    pool.forEach(height) { row in
                        fillDifferences(values, row, of: gif.shape, estimate)
                        if seesRadius { countInSteps(values, row * width..<(row + 1) * width, of: radius) }
                    }
                }
            }
        }
        return stack(consume input, using: memory, on: pool).withUnsafeBufferPointer { Self.average($0, isWeighted) }
            - threshold
    }

    /// One row of the colors' gradients, channels 3 to 8, and of how the estimate differs, from 10 on.
    private func fillDifferences(
        _ values: UnsafeMutableBufferPointer<Float>, _ row: Int, of shape: TensorShape,
        _ estimate: UnsafeBufferPointer<Float>
    ) {
        let (plane, width) = (shape.plane, shape.width)
        for channel in 0..<3 {
            let (alongX, alongY) = ((3 + channel) * plane, (6 + channel) * plane)
            for x in 0..<width {
                let at = row * width + x
                let color = channel * plane + at
                values[alongX + at] = x + 1 < width ? values[color + 1] - values[color] : 0
                values[alongY + at] = row + 1 < shape.height ? values[color + width] - values[color] : 0
                if seesEstimate { values[10 * plane + color] = estimate[color] - values[color] }
            }
        }
    }

    /// Two colors that differ by one level have this radius.
    private static let smallestRadius: Float = 1 / 255

    /// The differences, channels 3 to 8 and from 10, in units of four palette radii; channel 9 is that unit.
    private func countInSteps(
        _ values: UnsafeMutableBufferPointer<Float>, _ pixels: Range<Int>, of radius: UnsafeBufferPointer<Float>
    ) {
        let plane = radius.count
        for pixel in pixels {
            let step = 4 * max(radius[pixel], Self.smallestRadius)
            for channel in 3..<(seesEstimate ? 13 : 10) {
                let at = channel * plane + pixel
                values[at] = channel == 9 ? min(step, 1) : min(max(values[at] / step, -1), 1)
            }
        }
    }

    /// The mean of the logits, the first channel of the network's output, weighted by the sigmoid of the second.
    private static func average(_ output: UnsafeBufferPointer<Float>, _ isWeighted: Bool) -> Float {
        guard isWeighted else { return output.reduce(0, +) / Float(output.count) }
        let plane = output.count / 2
        var (sum, weights): (Double, Double) = (0, 1e-6)
        for place in 0..<plane {
            let weight = 1 / (1 + exp(-Double(output[plane + place])))
            sum += Double(output[place]) * weight
            weights += weight
        }
        return Float(sum / weights)
    }
}
