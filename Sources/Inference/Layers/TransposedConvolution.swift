import CKernels
import PixelKernels

/// A transposed convolution of size 2 and stride 2: each pixel becomes 2 x 2 pixels. No activation.
///
/// The 2 x 2 patches do not overlap: it is four convolutions of size 1, each to every other pixel of every other row.
struct TransposedConvolution: Sendable {
    /// For the upper left pixel of a patch, the upper right, the lower left and the lower right.
    private let corners: [Convolution]

    /// Takes `name`.weight and `name`.bias.
    /// - Throws: `ModelError` where one is missing or has another shape.
    init(
        inputs: Int, outputs: Int, weights: ModelWeights, name: String, kernels: Kernels
    ) throws(ModelError) {
        let weight = try weights.take("\(name).weight", shape: [inputs, outputs, 2, 2])
        let bias = try weights.take("\(name).bias", shape: [outputs])
        corners = (0..<4).map { corner in
            Convolution(
                inputs: [inputs], outputs: outputs, size: 1, stride: 1, slope: 1, weight: weight,
                strides: (output: 4, input: outputs * 4, first: corner), bias: bias, kernels: kernels)
        }
    }

    func scratchNeed(width: Int) -> ScratchSize { corners[0].directNeed(width: width) }

    /// Writes the upper left 2 * height x 2 * width pixels of the output and leaves the rest as it is.
    func callAsFunction(_ input: BlockedView, into output: BlockedView, _ execution: Execution) {
        precondition(
            input.channelBlocks.count == corners[0].inputChannelBlocks
                && output.channelBlocks.count == corners[0].outputChannelBlocks
                && output.height >= 2 * input.height && output.width >= 2 * input.width,
            "transposed convolution from \(input.extent) to \(output.extent)")
        let whole = output.map
        for index in corners.indices {
            var part = whole
            part.values += (index / 2) * whole.row + (index % 2) * whole.pixel
            part.row = 2 * whole.row
            part.pixel = 2 * whole.pixel
            (part.height, part.width) = (Int32(input.height), Int32(input.width))
            corners[index].forwardDirect(input.map, part, execution)
        }
    }
}
