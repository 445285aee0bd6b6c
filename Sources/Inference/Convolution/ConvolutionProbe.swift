package import PixelKernels
package import Threads

/// One convolution alone, from map to map, for the benchmarks: networks do not use it.
package struct ConvolutionProbe {
    private let layer: Convolution
    private let input: BlockedTensor
    private let output: BlockedTensor
    private let workspace: Workspace

    /// - Parameters:
    ///   - name: of its tensors in the model file.
    ///   - workers: threads that may work on it.
    /// - Throws: `ModelError` where the tensors do not fit.
    package init(
        inputs: Int, outputs: Int, size: Int, height: Int, width: Int, weights: ModelWeights, name: String,
        kernels: Kernels, workers: Int
    ) throws(ModelError) {
        layer = try Convolution(
            inputs: [inputs], outputs: outputs, size: size, slope: 0.1, weights: weights, name: name, kernels: kernels)
        let lanes = kernels.lanes
        input = BlockedTensor(
            channelBlocks: layer.inputChannelBlocks, height: height, width: width, lanes: lanes, reach: size / 2)
        output = BlockedTensor(
            channelBlocks: layer.outputChannelBlocks, height: height, width: width, lanes: lanes, reach: 1)
        workspace = Workspace(
            workers: workers, need: layer.scratchNeed(height: height, width: width, workers: workers))
        let noise = Tensor(inputs, height, width)
        noise.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] = Float(index * 7919 % 1024) / 512 - 1 }
        }
        let execution = Execution(kernels: kernels.table, workspace: workspace, pool: WorkerPool(concurrency: 1))
        Resampling.load(noise.view, into: input.view, execution)
    }

    /// Computes the output once.
    package func run(on pool: WorkerPool) {
        layer(input.view, into: output.view, Execution(kernels: layer.kernels.table, workspace: workspace, pool: pool))
    }
}
