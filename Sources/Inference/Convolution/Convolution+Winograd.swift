import CKernels
import PixelKernels

extension Convolution {
    /// How a map's tiles are shared out.
    ///
    /// Mostly a task takes some tiles through all three steps, and they stay in its core's cache. Where the weights are
    /// large, these would be read again and again: there, many tiles go through each step together, in memory that the
    /// threads share, and a task of the second step takes all of them at one of the 36 positions, whose part of the
    /// weights and of the tiles a cache holds.
    struct WinogradPlan {
        /// Rows of tiles.
        let rows: Int
        /// Tiles that go through the steps together.
        let step: Int
        let isShared: Bool
        /// Floats for the tiles' input, and for their sums.
        let inputCount: Int
        let sumCount: Int

        var need: ScratchSize {
            let count = inputCount + sumCount
            return ScratchSize(perWorker: isShared ? 0 : count, shared: isShared ? count : 0, runs: rows)
        }
    }

    func winogradPlan(height: Int, width: Int, workers: Int) -> WinogradPlan {
        let rows = WinogradBlocks.tiles(over: height)
        let tiles = rows * WinogradBlocks.tiles(over: width)
        let depth = inputBlocks * parts * kernels.lanes
        let isShared = packed.count > Self.cachedWeights || packed.count > Self.weightsPerTile * tiles
        let step: Int
        if isShared {
            let most = max(64, Self.sharedFloats / (36 * max(depth, outputBlocks * kernels.lanes)))
            let rounds = (tiles + most - 1) / most
            step = (tiles + rounds - 1) / rounds
        } else {
            let most = min(72, max(24, Self.cachedFloats / (36 * depth) / 4 * 4))
            let rounds = (tiles + most * workers - 1) / (most * workers)
            step = max(4, (tiles + rounds * workers - 1) / (rounds * workers))
        }
        let columns = isShared ? outputBlocks : largestGroup
        return WinogradPlan(
            rows: rows, step: step, isShared: isShared,
            inputCount: 36 * positionStride(blocks: inputBlocks * parts, capacity: step),
            sumCount: 36 * positionStride(blocks: columns, capacity: step))
    }

    /// Transformed weights that a core's second-level cache may hold beside the tiles.
    private static var cachedWeights: Int { 1 << 20 }
    /// More transformed weights than this for each tile are the larger operand.
    private static var weightsPerTile: Int { 9 * 1024 }
    /// Transformed input that should stay in a second-level cache, and in a third-level one.
    private static var cachedFloats: Int { 160 * 1024 }
    private static var sharedFloats: Int { 2 << 20 }

    /// Computes the tiles that the workspace names.
    func forwardWinograd(_ input: ck_map, _ output: ck_map, _ execution: Execution) {
        let (runs, workers) = (execution.workspace.runs, execution.workspace.workers)
        let plan = winogradPlan(height: Int(output.height), width: Int(output.width), workers: workers)
        if plan.isShared {
            for first in Swift.stride(from: 0, to: runs.count, by: plan.step) {
                forwardTogether(input, output, runs, first..<min(runs.count, first + plan.step), plan, execution)
            }
        } else {
            // For a part of the map the steps may be smaller, so that all threads have something to do.
            let rounds = (runs.count + plan.step * workers - 1) / (plan.step * workers)
            let step = min(plan.step, max(4, (runs.count + rounds * workers - 1) / max(rounds * workers, 1)))
            execution.forEachWithScratch((runs.count + step - 1) / step) { index, scratch in
                let first = index * step
                forwardAlone(input, output, runs, first..<min(runs.count, first + step), plan, scratch)
            }
        }
    }

    /// Some tiles, one group of output channels after the other.
    private func forwardAlone(
        _ input: ck_map, _ output: ck_map, _ runs: WinogradBlocks, _ range: Range<Int>, _ plan: WinogradPlan,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let tiles = tiles(scratch, blocks: inputBlocks * parts, capacity: plan.step)
        transform(input, blocks: 0..<inputBlocks, runs, range, tiles)
        for index in packed.groups.indices {
            let group = packed.groups[index]
            let sums = self.tiles(scratch + plan.inputCount, blocks: group.count, capacity: plan.step)
            multiply(tiles, range.count, positions: 0..<36, group, sums)
            transform(sums, group, runs, range, output)
        }
    }

    /// Some tiles, one step after the other, by all threads.
    private func forwardTogether(
        _ input: ck_map, _ output: ck_map, _ runs: WinogradBlocks, _ range: Range<Int>, _ plan: WinogradPlan,
        _ execution: Execution
    ) {
        let memory = execution.workspace.shared
        let tiles = tiles(memory, blocks: inputBlocks * parts, capacity: plan.step)
        let sums = self.tiles(memory + plan.inputCount, blocks: outputBlocks, capacity: plan.step)
        /// Runs `body` for each block and a few tiles at once; `first` counts in `range`.
        func forEachPart(of blocks: Int, _ body: (_ block: Int, _ first: Int, _ range: Range<Int>) -> Void) {
            let piece = 32
            let pieces = (range.count + piece - 1) / piece
            execution.forEach(blocks * pieces) { index in
                let (block, pieceIndex) = index.quotientAndRemainder(dividingBy: pieces)
                let first = range.lowerBound + pieceIndex * piece
                body(block, pieceIndex * piece, first..<min(range.upperBound, first + piece))
            }
        }
        forEachPart(of: inputBlocks) { block, first, range in
            var part = tiles
            part.values += first * tiles.tile
            transform(input, blocks: block..<block + 1, runs, range, part)
        }
        execution.forEach(36) { position in
            for index in packed.groups.indices {
                let group = packed.groups[index]
                var part = sums
                part.values += group.lowerBound * sums.block
                multiply(tiles, range.count, positions: position..<position + 1, group, part)
            }
        }
        forEachPart(of: outputBlocks) { block, first, range in
            var part = sums
            part.values += first * sums.tile + block * sums.block
            transform(part, block..<block + 1, runs, range, output)
        }
    }

    /// 3x3 convolutions whose sum this one is.
    var parts: Int { (size + 2) / 3 * ((size + 2) / 3) }

    /// Tiles in some memory: for our own products [position][block][tile][lane], for OpenBLAS' a matrix [tile, channel] at
    /// each position.
    func tiles(_ values: UnsafeMutablePointer<Float>, blocks: Int, capacity: Int) -> ck_tiles {
        let lanes = kernels.lanes
        let position = positionStride(blocks: blocks, capacity: capacity)
        return kernels.products == .own
            ? ck_tiles(values: values, position: position, block: (capacity + Self.tileSlack) * lanes, tile: lanes)
            : ck_tiles(values: values, position: position, block: lanes, tile: blocks * lanes)
    }

    /// A vector more than the tiles take, so that the 36 values of a tile do not lie in the same set of a cache.
    func positionStride(blocks: Int, capacity: Int) -> Int {
        (blocks * (capacity + Self.tileSlack) + 1) * kernels.lanes
    }

    /// Tiles that products may read behind the last.
    private static var tileSlack: Int { 8 }

    /// The first step.
    private func transform(
        _ input: ck_map, blocks: Range<Int>, _ runs: WinogradBlocks, _ range: Range<Int>, _ tiles: ck_tiles
    ) {
        runs.forEach(range) { tile, count, before in
            var (input, tiles) = (input, tiles)
            tiles.values += before * tiles.tile
            kernels.table.winograd_input(
                &input, Int32(size), Int32(blocks.lowerBound), Int32(blocks.count), Int32(tile), Int32(count), &tiles)
        }
    }

    /// The second step: products of all input channels and some blocks of output channels.
    func multiply(
        _ tiles: ck_tiles, _ count: Int, positions: Range<Int>, _ blocks: Range<Int>, _ sums: ck_tiles
    ) {
        guard kernels.products == .openBLAS else {
            var (convolution, tiles, sums) = (description, tiles, sums)
            kernels.table.winograd_products(
                &convolution, &tiles, Int32(count), Int32(positions.lowerBound), Int32(positions.count),
                Int32(blocks.lowerBound), Int32(blocks.count), &sums)
            return
        }
        let columns = outputBlocks * kernels.lanes
        for position in positions {
            OpenBLAS.multiply(
                rows: count, columns: columns, depth: tiles.tile,
                a: tiles.values + position * tiles.position, aStride: tiles.tile,
                b: packed.weights + position * tiles.tile * columns, bStride: columns,
                c: sums.values + position * sums.position, cStride: sums.tile)
        }
    }

    /// The third step.
    private func transform(
        _ sums: ck_tiles, _ blocks: Range<Int>, _ runs: WinogradBlocks, _ range: Range<Int>, _ output: ck_map
    ) {
        runs.forEach(range) { tile, count, before in
            var (convolution, sums, output) = (description, sums, output)
            sums.values += before * sums.tile
            kernels.table.winograd_output(
                &convolution, &sums, Int32(tile), Int32(count), Int32(blocks.lowerBound), Int32(blocks.count), &output)
        }
    }
}
