import CKernels
public import PixelKernels
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

    /// Pixels a side of a tile of a large picture.
    public static let tileSide = 1024

    /// Whether a picture goes through in tiles: it has more pixels than two of them.
    private static func isTiled(height: Int, width: Int, tileSide: Int) -> Bool {
        height * width > 2 * tileSide * tileSide
    }

    /// Runs the layers one after the other and keeps nothing for the next call. Any thread. Large pictures go through them
    /// in tiles, with the same result but for rounding.
    /// - Parameters:
    ///   - height, width: of the input in pixels.
    ///   - tileSide: pixels a side of a tile, without the overlap with its neighbors.
    ///   - memory: of networks none of which runs meanwhile; the maps lie there.
    ///   - fill: writes a row of the input, `columns` of it, channel by channel without gaps. Any thread of the pool.
    /// - Returns: [outputs, ...] of the last layer.
    public func callAsFunction(
        height: Int, width: Int, tileSide: Int = ConvolutionStack.tileSide,
        in memory: NetworkMemory = NetworkMemory(), on pool: WorkerPool,
        fill: (_ row: Int, _ columns: Range<Int>, _ values: UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        let isTiled = Self.isTiled(height: height, width: width, tileSide: tileSide)
        let tiles = tiles(height: height, width: width, tileSide: isTiled ? tileSide : max(height, width))
        let output = Tensor(
            outputs, layers.reduce(height) { $1.outputExtent($0) }, layers.reduce(width) { $1.outputExtent($0) })
        for tile in tiles {
            let (rows, columns) = (tile.outer.rows, tile.outer.columns)
            let layouts = layouts(height: rows.count, width: columns.count)
            let sizes = Self.pieces(for: layouts)
            func run(in buffer: HugePageBuffer, at start: Int) {
                func map(_ index: Int) -> BlockedTensor {
                    BlockedTensor(layouts[index], in: buffer, at: start + (index % 2 == 0 ? 0 : sizes[0]))
                }
                func execution(_ need: ScratchSize) -> Execution {
                    Execution(
                        kernels: kernels.table, workspace: Workspace(workers: pool.concurrency, need: need), pool: pool)
                }
                var current = map(0)
                load(rows, columns, into: current, on: pool, fill)
                for (index, layer) in layers.enumerated() {
                    let need = layer.scratchNeed(
                        height: current.height, width: current.width, workers: pool.concurrency)
                    let next = map(index + 1)
                    layer(current.view, into: next.view, execution(need))
                    current = next
                }
                let answer = Tensor(outputs, current.height, current.width)
                Resampling.store(current.view, into: answer.view, execution(ScratchSize()))
                // The part of the answer that is taken from this tile, in its pixels.
                func cells(_ pixels: Range<Int>, from first: Int) -> Range<Int> {
                    pixels.lowerBound / scale - first..<(pixels.upperBound + scale - 1) / scale - first
                }
                let (top, left) = (rows.lowerBound / scale, columns.lowerBound / scale)
                let part = Region.Patch(
                    rows: cells(tile.inner.rows, from: top), columns: cells(tile.inner.columns, from: left))
                output.copy(
                    part, of: answer, at: (top + part.rows.lowerBound, left + part.columns.lowerBound), on: pool)
            }
            memory.borrow(sizes[0] + sizes[1], run)
        }
        return output
    }

    /// Bytes that a call borrows for its maps.
    public func mapBytes(height: Int, width: Int, tileSide: Int = ConvolutionStack.tileSide) -> Int {
        let isTiled = Self.isTiled(height: height, width: width, tileSide: tileSide)
        return tiles(height: height, width: width, tileSide: isTiled ? tileSide : max(height, width)).reduce(0) {
            max($0, Self.pieces(for: layouts(height: $1.outer.rows.count, width: $1.outer.columns.count)).reduce(0, +))
        }
    }

    private func tiles(height: Int, width: Int, tileSide: Int) -> [Tiling.Tile] {
        // Four pixels of the last map: its Winograd blocks lie where they would in the whole picture.
        Tiling(height: height, width: width, side: tileSide, reach: reach, alignment: 4 * scale).tiles
    }

    /// Bytes of the two pieces of memory in which maps take turns: each layer's takes the place of the map before the last.
    private static func pieces(for layouts: [BlockedTensor.Layout]) -> [Int] {
        (0..<2).map { piece in
            stride(from: piece, to: layouts.count, by: 2).reduce(0) { max($0, layouts[$1].byteCount) }
        }
    }

    /// Pixels of the input for one of the output, a side.
    private var scale: Int { layers.reduce(1) { $0 * $1.stride } }

    /// How far away, in pixels, the input may be that an output depends on.
    private var reach: Int {
        var (reach, scale) = (0, 1)
        for layer in layers {
            reach += layer.size / 2 * scale
            scale *= layer.stride
        }
        return reach
    }

    private func load(
        _ rows: Range<Int>, _ columns: Range<Int>, into map: BlockedTensor, on pool: WorkerPool,
        _ fill: (_ row: Int, _ columns: Range<Int>, _ values: UnsafeMutablePointer<Float>) -> Void
    ) {
        let width = columns.count
        pool.forEach(rows.count) { row in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: inputs * width) { values in
                guard let line = values.baseAddress else { return }
                fill(rows.lowerBound + row, columns, line)
                // As a picture of one row, which is all rows.
                var target = map.map(0..<map.channelBlocks)
                kernels.table.to_map(line, Int32(inputs), 1, Int32(width), &target, Int32(row), 1, 0, Int32(width))
            }
        }
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
                channelBlocks: isLast ? layers[index - 1].outputChannelBlocks : layers[index].inputChannelBlocks,
                height: rows,
                width: columns, lanes: kernels.lanes, reach: isLast ? 0 : layers[index].size / 2)
        }
    }
}
