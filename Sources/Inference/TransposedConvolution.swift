import CKernels

/// A transposed convolution of size 2 and stride 2: each pixel becomes 2 x 2 pixels. No activation.
///
/// The 2 x 2 patches do not overlap, so it is one GEMM to four maps for each output channel and a pixel shuffle.
struct TransposedConvolution: Sendable {
    let inputs: Int
    let outputs: Int
    /// [inputs, outputs, 2, 2]
    private let weight: [Float]
    private let bias: [Float]

    /// Takes `name`.weight and `name`.bias.
    /// - Throws: `ModelError` where one is missing or has another shape.
    init(inputs: Int, outputs: Int, weights: ModelWeights, name: String) throws(ModelError) {
        self.inputs = inputs
        self.outputs = outputs
        weight = try weights.take("\(name).weight", shape: [inputs, outputs, 2, 2])
        bias = try weights.take("\(name).bias", shape: [outputs])
    }

    func scratchNeed(for input: TensorShape) -> ScratchNeed {
        ScratchNeed(perWorker: 4 * outputs * bandRows(for: input) * input.width)
    }

    /// Writes the upper left 2 * height x 2 * width pixels of the output and leaves the rest as it is.
    func callAsFunction(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            shape.channels == inputs && output.shape.channels == outputs && output.shape.height >= 2 * shape.height
                && output.shape.width >= 2 * shape.width,
            "transposed convolution \(inputs) -> \(outputs) from \(shape) to \(output.shape)")
        let band = bandRows(for: shape)
        let source = input.pointer
        execution.workspace.forEach((shape.height + band - 1) / band, on: execution.pool) { index, scratch in
            let rows = index * band..<min(shape.height, (index + 1) * band)
            let pixels = rows.count * shape.width
            weight.withUnsafeBufferPointer { weight in
                BLAS.multiply(
                    rows: 4 * outputs, columns: pixels, depth: inputs,
                    a: weight.start, aStride: 4 * outputs, aTransposed: true,
                    b: source + rows.lowerBound * shape.width, bStride: shape.plane, c: scratch, cStride: pixels)
            }
            let firstPixel = 2 * rows.lowerBound * output.shape.width
            for channel in 0..<outputs {
                execution.kernels.pixel_shuffle(
                    scratch + 4 * channel * pixels, pixels, Int32(rows.count), Int32(shape.width), bias[channel],
                    output.plane(channel) + firstPixel, Int32(2 * rows.count), Int32(output.shape.width))
            }
        }
    }

    /// Input rows in one band: about a second-level cache of results, but a few hundred columns for the GEMM.
    private func bandRows(for input: TensorShape) -> Int {
        let cached = 96 * 1024
        let pixels = max(256, cached / (4 * outputs))
        return min(input.height, (pixels + input.width - 1) / input.width)
    }
}
