import CKernels
import PixelKernels

extension Convolution {
    /// How the Winograd blocks of a map that is made on the way are shared out. A task takes a row batch: a rectangle of
    /// blocks, row by row from top to bottom. The map's rows under one row of blocks lie in its core's cache.
    private struct RowBatchPlan {
        /// Winograd blocks of a row batch, from left to right and from top to bottom, at most.
        let across: Int
        let down: Int
        /// Floats for the map's rows, for the transformed input and for its products.
        let bandCount: Int
        let inputCount: Int
        let sumCount: Int
        /// How many row batches there may be, where each row of blocks begins elsewhere.
        let most: Int
    }

    private func rowBatchPlan(height: Int, width: Int, workers: Int) -> RowBatchPlan {
        let (rows, columns) = (WinogradBlocks.count(over: height), WinogradBlocks.count(over: width))
        let most = min(72, max(12, Self.rowBatchFloats / (36 * inputChannelBlocks * kernels.lanes) / 4 * 4))
        let rowBatches = (columns + most - 1) / most
        let across = min(columns, ((columns + rowBatches - 1) / rowBatches + 3) / 4 * 4)
        return RowBatchPlan(
            across: across,
            // The two rows above a task's first row are made twice, by two tasks.
            down: max(1, min(4, rows * rowBatches / (4 * workers))),
            bandCount: inputChannelBlocks * Self.bandRows * (4 * across + 2) * kernels.lanes,
            inputCount: 36 * positionStride(channelBlocks: inputChannelBlocks, capacity: across),
            sumCount: 36 * positionStride(channelBlocks: largestGroup, capacity: across),
            most: rows * ((columns + across - 1) / across))
    }

    /// Rows of the map that a row of Winograd blocks reads.
    private static var bandRows: Int { 6 }
    /// Transformed input that leaves room in a second-level cache for the map's rows and for the weights.
    private static var rowBatchFloats: Int { 80 * 1024 }

    /// Whether it can read a map of this size in row batches, while that is made. It cannot where the weights are the larger
    /// operand.
    func readsRowBatches(height: Int, width: Int) -> Bool {
        isWinograd && size == 3 && !winogradPlan(height: height, width: width, workers: 1).isShared
    }

    /// The scratch memory that it needs for maps of this size that are made on the way.
    func rowBatchScratch(height: Int, width: Int, workers: Int) -> ScratchSize {
        let plan = rowBatchPlan(height: height, width: width, workers: workers)
        return ScratchSize(perWorker: plan.bandCount + plan.inputCount + plan.sumCount, rowBatches: plan.most)
    }

    /// Computes a part of the output, in whole Winograd blocks, from a map that is made meanwhile.
    /// - Parameters:
    ///   - input: of a size that it reads in row batches.
    ///   - output: `outputChannelBlocks` channel blocks of the input's size.
    func callAsFunction(_ input: FusedInput, into output: BlockedView, at region: Region, _ execution: Execution) {
        precondition(
            input.channelBlocks == inputChannelBlocks && output.channelBlocks.count == outputChannelBlocks
                && (output.height, output.width) == (input.height, input.width),
            "convolution of \(inputChannelBlocks) to \(outputChannelBlocks) channel blocks in row batches, \(input.channelBlocks) to \(output.extent)"
        )
        let plan = rowBatchPlan(height: output.height, width: output.width, workers: execution.workspace.workers)
        findRowBatches(region, plan, execution.workspace)
        let rowBatches = execution.workspace.rowBatches
        execution.forEachWithScratch(rowBatches.count) { index, scratch in
            forwardRowBatch(input, output.map, rowBatches[index], plan, scratch, execution.kernels)
        }
    }

    /// Writes the row batches that cover a part of the output into the workspace.
    private func findRowBatches(_ region: Region, _ plan: RowBatchPlan, _ workspace: Workspace) {
        workspace.rowBatches.removeAll(keepingCapacity: true)
        let rows = WinogradBlocks.count(over: region.height)
        var top = 0
        while top < rows {
            let columns = region.winogradBlocks(inRow: top)
            var bottom = top + 1
            while bottom < rows, bottom - top < plan.down, region.winogradBlocks(inRow: bottom) == columns {
                bottom += 1
            }
            var left = columns.lowerBound
            while left < columns.upperBound {
                let right = min(columns.upperBound, left + plan.across)
                workspace.rowBatches.append(Region.Patch(rows: top..<bottom, columns: left..<right))
                left = right
            }
            top = bottom
        }
    }

    /// - Parameter rowBatch: in rows and columns of Winograd blocks.
    private func forwardRowBatch(
        _ input: FusedInput, _ output: ck_map, _ rowBatch: Region.Patch, _ plan: RowBatchPlan,
        _ scratch: UnsafeMutablePointer<Float>, _ table: ck_kernels
    ) {
        let (lanes, count) = (kernels.lanes, rowBatch.columns.count)
        let row = (4 * count + 2) * lanes
        var band = ck_map(
            values: scratch + row + lanes, channel_block: Self.bandRows * row, row: row, pixel: lanes, height: 4,
            width: Int32(4 * count), channel_blocks: Int32(inputChannelBlocks))
        var inputs = transformedBlocks(
            scratch + plan.bandCount, channelBlocks: inputChannelBlocks, capacity: plan.across)
        let columns = 4 * rowBatch.columns.lowerBound - 1..<4 * rowBatch.columns.upperBound + 1
        for y in rowBatch.rows {
            var rows = 4 * y - 1..<4 * y + 5
            if y > rowBatch.rows.lowerBound {
                // The last two of the row of blocks above.
                for channelBlock in 0..<inputChannelBlocks {
                    let first = scratch + channelBlock * band.channel_block
                    first.update(from: first + 4 * row, count: 2 * row)
                }
                rows = rows.dropFirst(2)
            }
            var whole = band
            whole.values -= 4 * (y * row + rowBatch.columns.lowerBound * lanes)
            fill(rows, columns, of: input, in: whole, table)
            table.winograd_input(&band, 3, 0, Int32(inputChannelBlocks), 0, Int32(count), &inputs)
            for index in packed.groups.indices {
                let group = packed.groups[index]
                var sums = transformedBlocks(
                    scratch + plan.bandCount + plan.inputCount, channelBlocks: group.count, capacity: plan.across)
                multiply(inputs, count, positions: 0..<36, group, sums)
                var (convolution, output) = (description, output)
                table.winograd_output(
                    &convolution, &sums,
                    Int32(y * WinogradBlocks.count(over: Int(output.width)) + rowBatch.columns.lowerBound),
                    Int32(count), Int32(group.lowerBound), Int32(group.count), &output)
            }
        }
    }

    /// Makes a rectangle of a map; what of it lies outside is zero.
    private func fill(
        _ rows: Range<Int>, _ columns: Range<Int>, of input: FusedInput, in target: ck_map, _ table: ck_kernels
    ) {
        let inside = Region.Patch(
            rows: rows.clamped(to: 0..<input.height), columns: columns.clamped(to: 0..<input.width))
        func clear(_ y: Int, _ columns: Range<Int>) {
            if columns.isEmpty { return }
            for channelBlock in 0..<inputChannelBlocks {
                let first =
                    target.values + channelBlock * target.channel_block + y * target.row + columns.lowerBound
                    * target.pixel
                first.update(repeating: 0, count: columns.count * target.pixel)
            }
        }
        for y in rows {
            guard inside.rows.contains(y) else {
                clear(y, columns)
                continue
            }
            clear(y, columns.lowerBound..<inside.columns.lowerBound)
            clear(y, inside.columns.upperBound..<columns.upperBound)
        }
        if !inside.rows.isEmpty { input.make(inside, in: target, table) }
    }
}
