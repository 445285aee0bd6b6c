import CKernels

extension Convolution {
    /// How a map's tiles and a layer's output channels are shared out.
    ///
    /// Where the map is large, a task takes some tiles through all three steps, and they stay in its core's cache.
    /// Where the weights are the larger operand, they are what should be read once: all tiles are transformed first,
    /// into memory that the threads share, and then a task takes a group of output channels.
    struct WinogradPlan {
        let tiles: Int
        /// Tiles of one task, or of one product.
        let step: Int
        /// Tiles that are transformed before output channels are shared out; nil: each task transforms its own.
        let shared: Int?
        /// Floats for the tiles of a task's (or the shared) input, and for those of its sums.
        let inputCount: Int
        let sumCount: Int

        var need: ScratchNeed {
            shared == nil
                ? ScratchNeed(perWorker: inputCount + sumCount) : ScratchNeed(perWorker: sumCount, shared: inputCount)
        }
    }

    func winogradPlan(height: Int, width: Int, workers: Int) -> WinogradPlan {
        let tiles = ((height + 3) / 4) * ((width + 3) / 4)
        let parts = (size + 2) / 3
        let depth = inputBlocks * kernels.lanes * parts * parts
        let columns = (packed.groups.map(\.count).max() ?? 0) * kernels.lanes
        /// Tiles rounded up to what products may read, and a cache line for each position, so that the 36 values of a
        /// tile do not lie in the same set of the cache.
        func floats(_ tiles: Int, _ depth: Int) -> Int { 36 * ((tiles + Self.tileSlack) * depth + kernels.lanes) }

        if packed.count > Self.weightsPerTile * tiles {
            let shared = min(tiles, max(64, Self.sharedFloats / (36 * depth)))
            let step = min(shared, Self.mostTiles)
            return WinogradPlan(
                tiles: tiles, step: step, shared: shared, inputCount: floats(shared, depth),
                sumCount: floats(step, columns))
        }
        let most = min(Self.mostTiles, max(Self.leastTiles, Self.cachedFloats / (36 * depth) / 4 * 4))
        let rounds = (tiles + most * workers - 1) / (most * workers)
        let step = max(4, (tiles + rounds * workers - 1) / (rounds * workers))
        return WinogradPlan(
            tiles: tiles, step: step, shared: nil, inputCount: floats(step, depth), sumCount: floats(step, columns))
    }

    /// Tiles that products may read behind the last.
    private static var tileSlack: Int { 8 }
    private static var mostTiles: Int { 72 }
    private static var leastTiles: Int { 24 }
    /// Transformed input that should stay in a second-level cache.
    private static var cachedFloats: Int { 160 * 1024 }
    /// Transformed input that should stay in a third-level cache.
    private static var sharedFloats: Int { 2 << 20 }
    /// More transformed weights than this for each tile are the larger operand.
    private static var weightsPerTile: Int { 9 * 1024 }

    func forwardWinograd(_ input: ck_map, _ output: ck_map, _ execution: Execution) {
        let plan = winogradPlan(
            height: Int(output.height), width: Int(output.width), workers: execution.workspace.workers)
        guard let shared = plan.shared else {
            execution.forEachWithScratch((plan.tiles + plan.step - 1) / plan.step) { index, scratch in
                let first = index * plan.step
                let count = min(plan.step, plan.tiles - first)
                let tiles = inputTiles(scratch, capacity: plan.step)
                transform(input, blocks: 0..<inputBlocks, first, count, tiles)
                for group in packed.groups {
                    multiply(tiles, count, group, scratch + plan.inputCount, capacity: plan.step, first, output)
                }
            }
            return
        }
        for start in Swift.stride(from: 0, to: plan.tiles, by: shared) {
            let tiles = inputTiles(execution.workspace.shared, capacity: shared)
            let end = min(plan.tiles, start + shared)
            let chunk = 16
            let chunks = (end - start + chunk - 1) / chunk
            execution.forEach(inputBlocks * chunks) { index in
                let (block, chunkIndex) = index.quotientAndRemainder(dividingBy: chunks)
                let first = chunkIndex * chunk
                var part = tiles
                part.values += first * tiles.tile
                transform(input, blocks: block..<block + 1, start + first, min(chunk, end - start - first), part)
            }
            let steps = (end - start + plan.step - 1) / plan.step
            let outputs = columnGroups
            execution.forEachWithScratch(outputs.count * steps) { index, scratch in
                let (group, step) = index.quotientAndRemainder(dividingBy: steps)
                let first = step * plan.step
                var part = tiles
                part.values += first * tiles.tile
                multiply(
                    part, min(plan.step, end - start - first), outputs[group], scratch, capacity: plan.step,
                    start + first, output)
            }
        }
    }

    /// Blocks of output channels for each task.
    private var columnGroups: [Range<Int>] {
        guard kernels.products == .openBLAS else { return packed.groups }
        let blocks = max(1, 64 / kernels.lanes)
        return Swift.stride(from: 0, to: outputBlocks, by: blocks).map { $0..<min(outputBlocks, $0 + blocks) }
    }

    /// Transformed input as the products want it: for our own, [position][block][tile][lane]; for OpenBLAS a matrix
    /// [tile, channel] at each position.
    private func inputTiles(_ values: UnsafeMutablePointer<Float>, capacity: Int) -> ck_tiles {
        let parts = (size + 2) / 3
        return tiles(values, blocks: inputBlocks * parts * parts, capacity: capacity)
    }

    private func tiles(_ values: UnsafeMutablePointer<Float>, blocks: Int, capacity: Int) -> ck_tiles {
        let (lanes, room) = (kernels.lanes, capacity + Self.tileSlack)
        let position = blocks * room * lanes + lanes
        return kernels.products == .own
            ? ck_tiles(values: values, position: position, block: room * lanes, tile: lanes)
            : ck_tiles(values: values, position: position, block: lanes, tile: blocks * lanes)
    }

    private func transform(_ input: ck_map, blocks: Range<Int>, _ first: Int, _ count: Int, _ tiles: ck_tiles) {
        withUnsafePointer(to: input) { input in
            withUnsafePointer(to: tiles) { tiles in
                kernels.table.winograd_input(
                    input, Int32(size), Int32(blocks.lowerBound), Int32(blocks.count), Int32(first), Int32(count),
                    tiles)
            }
        }
    }

    /// Products of `count` tiles with the weights of some output blocks, and their way back into the map.
    private func multiply(
        _ tiles: ck_tiles, _ count: Int, _ blocks: Range<Int>, _ scratch: UnsafeMutablePointer<Float>, capacity: Int,
        _ first: Int, _ output: ck_map
    ) {
        let sums = self.tiles(scratch, blocks: blocks.count, capacity: capacity)
        var (tiles, sums2, output, convolution) = (tiles, sums, output, description)
        let (group, width) = (Int32(blocks.lowerBound), Int32(blocks.count))
        if kernels.products == .own {
            kernels.table.winograd_products(&convolution, &tiles, Int32(count), group, width, &sums2)
        } else {
            let columns = outputBlocks * kernels.lanes
            for position in 0..<36 {
                BLAS.multiply(
                    rows: count, columns: sums.tile, depth: tiles.tile,
                    a: tiles.values + position * tiles.position, aStride: tiles.tile,
                    b: packed.weights + position * tiles.tile * columns + blocks.lowerBound * kernels.lanes,
                    bStride: columns, c: sums.values + position * sums.position, cStride: sums.tile)
            }
        }
        kernels.table.winograd_output(&convolution, &sums2, Int32(first), Int32(count), group, width, &output)
    }
}
