import PixelKernels

/// [convolution, LeakyReLU] x 2: the paper's `double_conv`, BatchNorm folded.
struct DoubleConvolution: Sendable {
    let first: Convolution
    let second: Convolution

    /// - Parameters:
    ///   - inputs: channels of each map in the concatenation that is the input.
    ///   - name: of the pair in the model file.
    ///   - indices: of the two convolutions in it: 0 and 3 where a BatchNorm followed each, 0 and 2 otherwise.
    init(
        inputs: [Int], outputs: Int, size: Int, slope: Float, weights: ModelWeights, name: String, indices: (Int, Int),
        kernels: Kernels
    ) throws(ModelError) {
        first = try Convolution(
            inputs: inputs, outputs: outputs, size: size, slope: slope, weights: weights, name: "\(name).\(indices.0)",
            kernels: kernels)
        second = try Convolution(
            inputs: [outputs], outputs: outputs, size: size, slope: slope, weights: weights,
            name: "\(name).\(indices.1)", kernels: kernels)
    }

    func scratchNeed(for input: BlockedTensor.Layout, workers: Int) -> ScratchSize {
        var need = first.scratchNeed(height: input.height, width: input.width, workers: workers)
        need.formUnion(second.scratchNeed(height: input.height, width: input.width, workers: workers))
        return need
    }

    /// - Parameter hidden: for the map between the two, as many channels as the output has.
    func callAsFunction(
        _ input: BlockedView, hidden: BlockedView, into output: BlockedView, _ execution: Execution
    ) {
        first(input, into: hidden, execution)
        second(hidden, into: output, execution)
    }
}
