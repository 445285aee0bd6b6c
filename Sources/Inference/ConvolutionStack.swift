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

    /// What the layers' maps lie in, in turns; for the next call, too, as memory that was used before is written faster.
    public final class Memory {
        fileprivate var pieces: [MapMemory] = []

        public init() {}
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

    /// Runs the layers, each on the last one's map: for what is asked now and then. Any thread.
    /// - Parameters:
    ///   - input: [inputs, height, width]; let go as soon as it is read.
    ///   - memory: used by one call at a time.
    /// - Returns: [outputs, ...] of the last layer.
    public func callAsFunction(
        _ input: consuming Tensor, using memory: Memory = Memory(), on pool: WorkerPool
    ) -> Tensor {
        let layouts = layouts(height: input.shape.height, width: input.shape.width)
        for piece in 0..<2 {
            let need = stride(from: piece, to: layouts.count, by: 2).reduce(0) { max($0, layouts[$1].byteCount) }
            if memory.pieces.count <= piece {
                memory.pieces.append(MapMemory(byteCount: need))
            } else if memory.pieces[piece].byteCount < need {
                memory.pieces[piece] = MapMemory(byteCount: need)
            }
        }
        func map(_ index: Int) -> BlockedTensor { BlockedTensor(layouts[index], in: memory.pieces[index % 2]) }
        func execution(_ need: ScratchNeed) -> Execution {
            Execution(
                kernels: kernels.table, workspace: Workspace(workers: pool.concurrency, need: need), pool: pool)
        }
        var current = map(0)
        Resampling.load(input.view, into: current.view, execution(ScratchNeed()))
        _ = consume input
        for (index, layer) in layers.enumerated() {
            let need = layer.scratchNeed(
                height: current.height, width: current.width, workers: pool.concurrency)
            let next = map(index + 1)
            layer(current.view, into: next.view, execution(need))
            current = next
        }
        let output = Tensor(outputs, current.height, current.width)
        Resampling.store(current.view, into: output.view, execution(ScratchNeed()))
        return output
    }

    /// Of every layer's input and of the last one's output.
    private func layouts(height: Int, width: Int) -> [BlockedTensor.Layout] {
        var (rows, columns) = (height, width)
        return (0...layers.count).map { index in
            let isLast = index == layers.count
            defer {
                if !isLast {
                    (rows, columns) = (layers[index].outputExtent(rows), layers[index].outputExtent(columns))
                }
            }
            return BlockedTensor.Layout(
                blocks: isLast ? layers[index - 1].outputBlocks : layers[index].inputBlocks, height: rows,
                width: columns, lanes: kernels.lanes, reach: isLast ? 0 : layers[index].size / 2)
        }
    }
}
