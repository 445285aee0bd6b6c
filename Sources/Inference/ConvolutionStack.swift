public import Threads

/// Convolutions one after the other, each with its LeakyReLU: the dither classifier's body. Immutable.
public struct ConvolutionStack: Sendable {
    /// One convolution, 'same' zero padding.
    public struct Layer: Hashable, Sendable {
        /// In the model file, after the stack's prefix.
        public let name: String
        public let outputs: Int
        /// Rows and columns of the weights, odd.
        public let size: Int
        public let stride: Int
        /// LeakyReLU's slope below zero; 1: no activation.
        public let slope: Float

        public init(name: String, outputs: Int, size: Int, stride: Int, slope: Float) {
            self.name = name
            self.outputs = outputs
            self.size = size
            self.stride = stride
            self.slope = slope
        }
    }

    private let layers: [Convolution]
    public let inputs: Int
    private let outputs: Int
    private let kernels: Kernels

    /// Takes the layers' tensors out of a model file.
    /// - Parameters:
    ///   - inputs: channels of the first layer's input.
    ///   - layers: at least one.
    ///   - prefix: what stands before the tensors' names.
    ///   - kernels: what its `forward` uses.
    /// - Throws: `ModelError` for a tensor that is missing or has another shape.
    public init(
        inputs: Int, _ layers: [Layer], weights: ModelWeights, prefix: String, kernels: Kernels = .best
    ) throws(ModelError) {
        precondition(!layers.isEmpty, "a stack without layers")
        var convolutions: [Convolution] = []
        for layer in layers {
            convolutions.append(
                try Convolution(
                    inputs: [convolutions.last?.outputs ?? inputs], outputs: layer.outputs, size: layer.size,
                    stride: layer.stride, slope: layer.slope, weights: weights, name: prefix + layer.name,
                    kernels: kernels))
        }
        self.layers = convolutions
        self.inputs = inputs
        outputs = convolutions[convolutions.count - 1].outputs
        self.kernels = kernels
    }

    /// Runs the layers on maps that are made for the call and let go as soon as the next one is there: for what is asked now
    /// and then. Any thread.
    /// - Parameter input: [inputs, height, width]; let go as soon as it is read.
    /// - Returns: [outputs, ...] of the last layer.
    public func callAsFunction(_ input: consuming Tensor, on pool: WorkerPool) -> Tensor {
        var (rows, columns) = (input.shape.height, input.shape.width)
        func map(_ layer: Int) -> BlockedTensor {
            let isLast = layer == layers.count
            return BlockedTensor(
                blocks: isLast ? layers[layer - 1].outputBlocks : layers[layer].inputBlocks, height: rows,
                width: columns, lanes: kernels.lanes, reach: isLast ? 0 : layers[layer].size / 2)
        }
        func execution(_ need: ScratchNeed) -> Execution {
            Execution(
                kernels: kernels.table, workspace: Workspace(workers: pool.concurrency, need: need), pool: pool)
        }
        var current = map(0)
        Resampling.load(input.view, into: current.view, execution(ScratchNeed()))
        _ = consume input
        for (index, layer) in layers.enumerated() {
            let need = layer.scratchNeed(height: rows, width: columns, workers: pool.concurrency)
            (rows, columns) = (layer.outputExtent(rows), layer.outputExtent(columns))
            let next = map(index + 1)
            layer(current.view, into: next.view, execution(need))
            current = next
        }
        let output = Tensor(outputs, rows, columns)
        Resampling.store(current.view, into: output.view, execution(ScratchNeed()))
        return output
    }
}
