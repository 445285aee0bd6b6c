import CKernels

/// A convolution with zero padding of half its size, its bias and its activation (BatchNorm is folded into it).
///
/// im2col and one GEMM for each band of output pixels, bands shared out among the threads; where the map is small and
/// deep, the patches are unfolded once and the GEMM is shared out by output channels, so that the weights, which are
/// then the larger operand, are read once. The decomposition depends on the shape only: any number of threads gives
/// the same bits.
struct Convolution: Sendable {
    let inputs: Int
    let outputs: Int
    /// Rows and columns of the weights, odd.
    let size: Int
    let stride: Int
    /// LeakyReLU's slope below zero: 0 is ReLU, 1 no activation.
    let slope: Float
    /// [outputs, inputs, size, size]
    private let weight: [Float]
    private let bias: [Float]

    /// Takes `name`.weight and `name`.bias.
    /// - Throws: `ModelError` where one is missing or has another shape.
    init(
        inputs: Int, outputs: Int, size: Int, stride: Int = 1, slope: Float, weights: ModelWeights, name: String
    ) throws(ModelError) {
        precondition(size % 2 == 1 && stride > 0, "a convolution of size \(size), stride \(stride)")
        self.inputs = inputs
        self.outputs = outputs
        self.size = size
        self.stride = stride
        self.slope = slope
        weight = try weights.take("\(name).weight", shape: [outputs, inputs, size, size])
        bias = try weights.take("\(name).bias", shape: [outputs])
    }

    func outputShape(for input: TensorShape) -> TensorShape {
        TensorShape(outputs, (input.height - 1) / stride + 1, (input.width - 1) / stride + 1)
    }

    func scratchNeed(for input: TensorShape) -> ScratchNeed {
        let pixels = outputShape(for: input).plane
        if isPointwise { return ScratchNeed() }
        return splitsByOutput(pixels: pixels)
            ? ScratchNeed(shared: depth * pixels) : ScratchNeed(perWorker: depth * bandLength(pixels: pixels))
    }

    /// - Parameters:
    ///   - input: `inputs` channels.
    ///   - output: `outputs` channels of `outputShape`; shares no values with the input.
    func callAsFunction(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        precondition(
            input.shape.channels == inputs && output.shape == outputShape(for: input.shape),
            "convolution \(inputs) -> \(outputs) from \(input.shape) to \(output.shape)")
        if !isPointwise && splitsByOutput(pixels: output.shape.plane) {
            forwardByOutput(input, output, execution)
        } else {
            forwardByBand(input, output, execution)
        }
    }

    private func forwardByBand(_ input: TensorView, _ output: TensorView, _ execution: Execution) {
        let pixels = output.shape.plane
        let band = bandLength(pixels: pixels)
        let source = input.pointer
        let target = output.pointer
        execution.workspace.forEach((pixels + band - 1) / band, on: execution.pool) { index, scratch in
            let first = index * band
            let count = min(band, pixels - first)
            var columns = UnsafePointer(source + first)
            var columnStride = pixels
            if !isPointwise {
                unfold(source, input.shape, channels: 0..<inputs, first, count, scratch, execution)
                columns = UnsafePointer(scratch)
                columnStride = count
            }
            multiply(
                outputs: 0..<outputs, columns, columnStride, count, into: target + first, pixels, execution)
        }
    }

    private func forwardByOutput(_ input: TensorView, _ output: TensorView, _ execution: Execution) {
        let pixels = output.shape.plane
        let columns = execution.workspace.shared
        let source = input.pointer
        let target = output.pointer
        let chunk = 16
        execution.forEach((inputs + chunk - 1) / chunk) { index in
            let channels = index * chunk..<min(inputs, (index + 1) * chunk)
            unfold(
                source, input.shape, channels: channels, 0, pixels,
                columns + channels.lowerBound * size * size * pixels, execution)
        }
        let group = Self.outputGroup
        execution.forEach((outputs + group - 1) / group) { index in
            let rows = index * group..<min(outputs, (index + 1) * group)
            multiply(outputs: rows, columns, pixels, pixels, into: target, pixels, execution)
        }
    }

    private func unfold(
        _ source: UnsafePointer<Float>, _ shape: TensorShape, channels: Range<Int>, _ first: Int, _ count: Int,
        _ columns: UnsafeMutablePointer<Float>, _ execution: Execution
    ) {
        execution.kernels.im2col(
            source + channels.lowerBound * shape.plane, Int32(channels.count), Int32(shape.height),
            Int32(shape.width), Int32(size), Int32(stride), first, count, columns)
    }

    /// Some output channels of `count` pixels: weights times columns, then bias and activation while they are in the cache.
    private func multiply(
        outputs rows: Range<Int>, _ columns: UnsafePointer<Float>, _ columnStride: Int, _ count: Int,
        into target: UnsafeMutablePointer<Float>, _ targetStride: Int, _ execution: Execution
    ) {
        let target = target + rows.lowerBound * targetStride
        weight.withUnsafeBufferPointer { weight in
            BLAS.multiply(
                rows: rows.count, columns: count, depth: depth,
                a: weight.extracting(rows.lowerBound * depth..<rows.upperBound * depth).start, aStride: depth,
                b: columns, bStride: columnStride, c: target, cStride: targetStride)
        }
        bias.withUnsafeBufferPointer { bias in
            execution.kernels.bias_leaky_relu(
                target, targetStride, Int32(rows.count), count, bias.extracting(rows).start, slope)
        }
    }

    /// Rows of the unfolded patches.
    private var depth: Int { inputs * size * size }
    /// A convolution of size 1 reads its input as it lies.
    private var isPointwise: Bool { size == 1 && stride == 1 }
    /// Output channels in one GEMM where these are shared out.
    private static let outputGroup = 64

    /// Small and deep: too few pixels for bands, enough output channels for several groups.
    private func splitsByOutput(pixels: Int) -> Bool {
        pixels <= 512 && outputs >= 2 * Self.outputGroup
    }

    /// Pixels in one band: its patches should stay in a core's second-level cache, but a GEMM wants a few hundred columns.
    private func bandLength(pixels: Int) -> Int {
        let cached = 96 * 1024
        let longest = isPointwise ? 4096 : max(256, cached / depth)
        let bands = (pixels + longest - 1) / longest
        return (pixels + bands - 1) / bands
    }
}
