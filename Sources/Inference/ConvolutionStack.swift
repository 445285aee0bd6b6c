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
    private let inputs: Int
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

    /// Everything that a `forward` writes, for inputs of one size.
    /// - Parameters:
    ///   - height, width: of the input, at least 1.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    public func makeState(
        height: Int, width: Int, workers: Int = WorkerPool.processors
    ) -> ConvolutionStackState {
        var need = ScratchNeed()
        var (rows, columns) = (height, width)
        var blocks = layers[0].inputBlocks
        var maps: [BlockedTensor] = []
        func add(reach: Int) {
            maps.append(BlockedTensor(blocks: blocks, height: rows, width: columns, lanes: kernels.lanes, reach: reach))
        }
        for layer in layers {
            add(reach: layer.size / 2)
            need.formUnion(layer.scratchNeed(height: rows, width: columns, workers: workers))
            (rows, columns, blocks) = (layer.outputExtent(rows), layer.outputExtent(columns), layer.outputBlocks)
        }
        add(reach: 0)
        return ConvolutionStackState(
            input: Tensor(inputs, height, width), maps: maps, output: Tensor(outputs, rows, columns),
            workspace: Workspace(workers: workers, need: need))
    }

    /// Reads `state.input`, writes `state.output`. Allocates no activations; returns when all is done.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameter state: of this stack or of one with the same layers.
    public func forward(_ state: ConvolutionStackState, on pool: WorkerPool) {
        let execution = Execution(kernels: kernels.table, workspace: state.workspace, pool: pool)
        Resampling.load(state.input.view, into: state.maps[0].view, execution)
        for (index, layer) in layers.enumerated() {
            layer(state.maps[index].view, into: state.maps[index + 1].view, execution)
        }
        Resampling.store(state.maps[layers.count].view, into: state.output.view, execution)
    }
}
