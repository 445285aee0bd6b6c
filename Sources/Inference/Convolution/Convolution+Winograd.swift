import CKernels
import PixelKernels

extension Convolution {
    /// How a map's Winograd blocks are shared out.
    ///
    /// In most layers a task takes some blocks through all three steps, and they stay in its core's cache. If the weights
    /// are large, they would be read again and again. There many blocks go through each step together, in memory that the
    /// threads share. A task of the second step then takes all of them at one of the 36 positions: a cache holds that
    /// position's part of the weights and of the blocks.
    struct WinogradPlan {
        /// Rows of Winograd blocks.
        let rows: Int
        /// Winograd blocks that go through the steps together.
        let step: Int
        let isShared: Bool
        /// Floats for the transformed input, and for its products.
        let inputCount: Int
        let sumCount: Int

        var need: ScratchSize {
            let count = inputCount + sumCount
            return ScratchSize(perWorker: isShared ? 0 : count, shared: isShared ? count : 0, runs: rows)
        }
    }

    func winogradPlan(height: Int, width: Int, workers: Int) -> WinogradPlan {
        let rows = WinogradBlocks.count(over: height)
        let blocks = rows * WinogradBlocks.count(over: width)
        let depth = inputChannelBlocks * parts * kernels.lanes
        let isShared = packed.count > Self.cachedWeights || packed.count > Self.weightsPerBlock * blocks
        let step: Int
        if isShared {
            let most = max(64, Self.sharedFloats / (36 * max(depth, outputChannelBlocks * kernels.lanes)))
            let rounds = (blocks + most - 1) / most
            step = (blocks + rounds - 1) / rounds
        } else {
            let most = min(72, max(24, Self.cachedFloats / (36 * depth) / 4 * 4))
            let rounds = (blocks + most * workers - 1) / (most * workers)
            step = max(4, (blocks + rounds * workers - 1) / (rounds * workers))
        }
        let columns = isShared ? outputChannelBlocks : largestGroup
        return WinogradPlan(
            rows: rows, step: step, isShared: isShared,
            inputCount: 36 * positionStride(channelBlocks: inputChannelBlocks * parts, capacity: step),
            sumCount: 36 * positionStride(channelBlocks: columns, capacity: step))
    }

    /// Transformed weights that a core's second-level cache may hold beside the blocks.
    private static var cachedWeights: Int { 1 << 20 }
    /// With more transformed weights than this for each Winograd block, the weights are the larger operand.
    private static var weightsPerBlock: Int { 9 * 1024 }
    /// Transformed input that should stay in a second-level cache, and in a third-level one.
    private static var cachedFloats: Int { 160 * 1024 }
    private static var sharedFloats: Int { 2 << 20 }

    /// Computes the Winograd blocks that the workspace names.
    func forwardWinograd(_ input: ck_map, _ output: ck_map, _ execution: Execution) {
        let (blocks, workers) = (execution.workspace.blocks, execution.workspace.workers)
        let plan = winogradPlan(height: Int(output.height), width: Int(output.width), workers: workers)
        if plan.isShared {
            for first in Swift.stride(from: 0, to: blocks.count, by: plan.step) {
                forwardTogether(input, output, blocks, first..<min(blocks.count, first + plan.step), plan, execution)
            }
        } else {
            // For a part of the map the steps may be smaller, so that all threads have something to do.
            let rounds = (blocks.count + plan.step * workers - 1) / (plan.step * workers)
            let step = min(plan.step, max(4, (blocks.count + rounds * workers - 1) / max(rounds * workers, 1)))
            execution.forEachWithScratch((blocks.count + step - 1) / step) { index, scratch in
                let first = index * step
                forwardAlone(input, output, blocks, first..<min(blocks.count, first + step), plan, scratch)
            }
        }
    }

    /// Some Winograd blocks, one group of output channels after the other.
    private func forwardAlone(
        _ input: ck_map, _ output: ck_map, _ blocks: WinogradBlocks, _ range: Range<Int>, _ plan: WinogradPlan,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let inputs = transformedBlocks(scratch, channelBlocks: inputChannelBlocks * parts, capacity: plan.step)
        transform(input, channelBlocks: 0..<inputChannelBlocks, blocks, range, inputs)
        for index in packed.groups.indices {
            let group = packed.groups[index]
            let sums = transformedBlocks(scratch + plan.inputCount, channelBlocks: group.count, capacity: plan.step)
            multiply(inputs, range.count, positions: 0..<36, group, sums)
            transform(sums, group, blocks, range, output)
        }
    }

    /// Some Winograd blocks, one step after the other, on all threads.
    private func forwardTogether(
        _ input: ck_map, _ output: ck_map, _ blocks: WinogradBlocks, _ range: Range<Int>, _ plan: WinogradPlan,
        _ execution: Execution
    ) {
        let memory = execution.workspace.shared
        let inputs = transformedBlocks(memory, channelBlocks: inputChannelBlocks * parts, capacity: plan.step)
        let sums = transformedBlocks(memory + plan.inputCount, channelBlocks: outputChannelBlocks, capacity: plan.step)
        /// Runs `body` for each channel block and a few Winograd blocks at once; `first` counts in `range`.
        func forEachPart(
            of channelBlocks: Int, _ body: (_ channelBlock: Int, _ first: Int, _ range: Range<Int>) -> Void
        ) {
            let piece = 32
            let pieces = (range.count + piece - 1) / piece
            execution.forEach(channelBlocks * pieces) { index in
                let (channelBlock, pieceIndex) = index.quotientAndRemainder(dividingBy: pieces)
                let first = range.lowerBound + pieceIndex * piece
                body(channelBlock, pieceIndex * piece, first..<min(range.upperBound, first + piece))
            }
        }
        forEachPart(of: inputChannelBlocks) { channelBlock, first, range in
            var part = inputs
            part.values += first * inputs.block
            transform(input, channelBlocks: channelBlock..<channelBlock + 1, blocks, range, part)
        }
        execution.forEach(36) { position in
            for index in packed.groups.indices {
                let group = packed.groups[index]
                var part = sums
                part.values += group.lowerBound * sums.channel_block
                multiply(inputs, range.count, positions: position..<position + 1, group, part)
            }
        }
        forEachPart(of: outputChannelBlocks) { channelBlock, first, range in
            var part = sums
            part.values += first * sums.block + channelBlock * sums.channel_block
            transform(part, channelBlock..<channelBlock + 1, blocks, range, output)
        }
    }

    /// 3x3 convolutions whose sum this one is.
    var parts: Int { (size + 2) / 3 * ((size + 2) / 3) }

    /// Transformed Winograd blocks in some memory: for our own products [position][channel block][block][lane], for OpenBLAS' a
    /// matrix [block, channel] at each position.
    func transformedBlocks(
        _ values: UnsafeMutablePointer<Float>, channelBlocks: Int, capacity: Int
    ) -> ck_winograd_blocks {
        let lanes = kernels.lanes
        let position = positionStride(channelBlocks: channelBlocks, capacity: capacity)
        return kernels.products == .own
            ? ck_winograd_blocks(
                values: values, position: position, channel_block: (capacity + Self.slack) * lanes, block: lanes)
            : ck_winograd_blocks(
                values: values, position: position, channel_block: lanes, block: channelBlocks * lanes)
    }

    /// Floats from one position to the next: a vector more than the blocks take, so that the 36 values of a block do not lie
    /// in the same set of a cache.
    func positionStride(channelBlocks: Int, capacity: Int) -> Int {
        (channelBlocks * (capacity + Self.slack) + 1) * kernels.lanes
    }

    /// Winograd blocks that products may read behind the last.
    private static var slack: Int { 8 }

    /// The first step, for some channel blocks of the input.
    private func transform(
        _ input: ck_map, channelBlocks: Range<Int>, _ blocks: WinogradBlocks, _ range: Range<Int>,
        _ target: ck_winograd_blocks
    ) {
        blocks.forEach(range) { block, count, before in
            var (input, target) = (input, target)
            target.values += before * target.block
            kernels.table.winograd_input(
                &input, Int32(size), Int32(channelBlocks.lowerBound), Int32(channelBlocks.count), Int32(block),
                Int32(count), &target)
        }
    }

    /// The second step: products of all input channels and a group of the output's channel blocks.
    func multiply(
        _ inputs: ck_winograd_blocks, _ count: Int, positions: Range<Int>, _ group: Range<Int>,
        _ sums: ck_winograd_blocks
    ) {
        guard kernels.products == .openBLAS else {
            var (convolution, inputs, sums) = (description, inputs, sums)
            kernels.table.winograd_products(
                &convolution, &inputs, Int32(count), Int32(positions.lowerBound), Int32(positions.count),
                Int32(group.lowerBound), Int32(group.count), &sums)
            return
        }
        let columns = outputChannelBlocks * kernels.lanes
        for position in positions {
            OpenBLAS.multiply(
                rows: count, columns: columns, depth: inputs.block,
                a: inputs.values + position * inputs.position, aStride: inputs.block,
                b: packed.weights + position * inputs.block * columns, bStride: columns,
                c: sums.values + position * sums.position, cStride: sums.block)
        }
    }

    /// The third step, for a group of the output's channel blocks.
    private func transform(
        _ sums: ck_winograd_blocks, _ group: Range<Int>, _ blocks: WinogradBlocks, _ range: Range<Int>,
        _ output: ck_map
    ) {
        blocks.forEach(range) { block, count, before in
            var (convolution, sums, output) = (description, sums, output)
            sums.values += before * sums.block
            kernels.table.winograd_output(
                &convolution, &sums, Int32(block), Int32(count), Int32(group.lowerBound), Int32(group.count), &output)
        }
    }
}
