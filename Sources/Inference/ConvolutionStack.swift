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

    /// Takes the layers' tensors out of a model file.
    /// - Parameters:
    ///   - inputs: channels of the first layer's input.
    ///   - layers: at least one.
    ///   - prefix: what stands before the tensors' names.
    /// - Throws: `ModelError` for a tensor that is missing or has another shape.
    public init(inputs: Int, _ layers: [Layer], weights: ModelWeights, prefix: String) throws(ModelError) {
        precondition(!layers.isEmpty, "a stack without layers")
        var convolutions: [Convolution] = []
        for layer in layers {
            convolutions.append(
                try Convolution(
                    inputs: convolutions.last?.outputs ?? inputs, outputs: layer.outputs, size: layer.size,
                    stride: layer.stride, slope: layer.slope, weights: weights, name: prefix + layer.name))
        }
        self.layers = convolutions
    }

    /// Everything that a `forward` writes, for inputs of one size.
    /// - Parameters:
    ///   - height, width: of the input, at least 1.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    ///   - kernels: the kernel table that its `forward` uses.
    public func makeState(
        height: Int, width: Int, workers: Int = WorkerPool.processors, kernels: Kernels = .best
    ) -> ConvolutionStackState {
        var need = ScratchNeed()
        var maps = [Tensor(layers[0].inputs, height, width)]
        for layer in layers {
            let shape = maps[maps.count - 1].shape
            need.formUnion(layer.scratchNeed(for: shape))
            maps.append(Tensor(layer.outputShape(for: shape)))
        }
        return ConvolutionStackState(
            maps: maps, workspace: Workspace(workers: workers, need: need), kernels: kernels)
    }

    /// Reads `state.input`, writes `state.output`. Allocates no activations; returns when all is done.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameter state: of this stack or of one with the same layers.
    public func forward(_ state: ConvolutionStackState, on pool: WorkerPool) {
        let execution = Execution(kernels: state.kernels.table, workspace: state.workspace, pool: pool)
        for (index, layer) in layers.enumerated() {
            layer(state.maps[index].view, into: state.maps[index + 1].view, execution)
        }
    }
}
