import CKernels
import PixelKernels

extension Convolution {
    /// How the tiles of a map that is made on the way are shared out: a task takes a row batch from top to bottom, a row of tiles
    /// at a time, and the map's rows under it lie in its core's cache.
    private struct RowBatchPlan {
        /// Tiles of a row batch, from left to right and from top to bottom, at most.
        let across: Int
        let down: Int
        /// Floats for the map's rows, for the tiles' input and for their sums.
        let bandCount: Int
        let inputCount: Int
        let sumCount: Int
        /// How many there may be, where each row of tiles begins elsewhere.
        let most: Int
    }

    private func rowBatchPlan(height: Int, width: Int, workers: Int) -> RowBatchPlan {
        let (rows, columns) = (WinogradBlocks.tiles(over: height), WinogradBlocks.tiles(over: width))
        let most = min(72, max(12, Self.rowBatchFloats / (36 * inputBlocks * kernels.lanes) / 4 * 4))
        let rowBatches = (columns + most - 1) / most
        let across = min(columns, ((columns + rowBatches - 1) / rowBatches + 3) / 4 * 4)
        return RowBatchPlan(
            across: across,
            // The two rows above a task's first are made by two of them.
            down: max(1, min(4, rows * rowBatches / (4 * workers))),
            bandCount: inputBlocks * Self.bandRows * (4 * across + 2) * kernels.lanes,
            inputCount: 36 * positionStride(blocks: inputBlocks, capacity: across),
            sumCount: 36 * positionStride(blocks: largestGroup, capacity: across),
            most: rows * ((columns + across - 1) / across))
    }

    /// Of the map under a row of tiles.
    private static var bandRows: Int { 6 }
    /// Transformed input that leaves room in a second-level cache for the map's rows and for the weights.
    private static var rowBatchFloats: Int { 80 * 1024 }

    /// Whether it can read a map of this size that is made on the way. Not where the weights are the larger operand.
    func readsRowBatches(height: Int, width: Int) -> Bool {
        isWinograd && size == 3 && !winogradPlan(height: height, width: width, workers: 1).isShared
    }

    /// For maps of this size that are made on the way.
    func rowBatchScratch(height: Int, width: Int, workers: Int) -> ScratchSize {
        let plan = rowBatchPlan(height: height, width: width, workers: workers)
        return ScratchSize(perWorker: plan.bandCount + plan.inputCount + plan.sumCount, rowBatches: plan.most)
    }

    /// A part of the output, in whole Winograd tiles, of a map that is made meanwhile.
    /// - Parameters:
    ///   - input: of a size that it reads in row batches.
    ///   - output: `outputBlocks` blocks of the input's size.
    func callAsFunction(_ input: FusedInput, into output: BlockedView, at region: Region, _ execution: Execution) {
        precondition(
            input.blocks == inputBlocks && output.blocks.count == outputBlocks
                && (output.height, output.width) == (input.height, input.width),
            "convolution of \(inputBlocks) to \(outputBlocks) blocks in row batches, \(input.blocks) to \(output.extent)"
        )
        let plan = rowBatchPlan(height: output.height, width: output.width, workers: execution.workspace.workers)
        findRowBatches(region, plan, execution.workspace)
        let rowBatches = execution.workspace.rowBatches
        execution.forEachWithScratch(rowBatches.count) { index, scratch in
            forwardRowBatch(input, output.map, rowBatches[index], plan, scratch, execution.kernels)
        }
    }

    /// Has a workspace name the row batches of a part of the output.
    private func findRowBatches(_ region: Region, _ plan: RowBatchPlan, _ workspace: Workspace) {
        workspace.rowBatches.removeAll(keepingCapacity: true)
        let rows = WinogradBlocks.tiles(over: region.height)
        var top = 0
        while top < rows {
            let columns = region.tiles(inRow: top)
            var bottom = top + 1
            while bottom < rows, bottom - top < plan.down, region.tiles(inRow: bottom) == columns { bottom += 1 }
            var left = columns.lowerBound
            while left < columns.upperBound {
                let right = min(columns.upperBound, left + plan.across)
                workspace.rowBatches.append(Region.Patch(rows: top..<bottom, columns: left..<right))
                left = right
            }
            top = bottom
        }
    }

    /// - Parameter rowBatch: in rows and columns of tiles.
    private func forwardRowBatch(
        _ input: FusedInput, _ output: ck_map, _ rowBatch: Region.Patch, _ plan: RowBatchPlan,
        _ scratch: UnsafeMutablePointer<Float>, _ table: ck_kernels
    ) {
        let (lanes, count) = (kernels.lanes, rowBatch.columns.count)
        let row = (4 * count + 2) * lanes
        var band = ck_map(
            values: scratch + row + lanes, block: Self.bandRows * row, row: row, pixel: lanes, height: 4,
            width: Int32(4 * count), blocks: Int32(inputBlocks))
        var tiles = tiles(scratch + plan.bandCount, blocks: inputBlocks, capacity: plan.across)
        let columns = 4 * rowBatch.columns.lowerBound - 1..<4 * rowBatch.columns.upperBound + 1
        for y in rowBatch.rows {
            var rows = 4 * y - 1..<4 * y + 5
            if y > rowBatch.rows.lowerBound {
                // The last two of the row of tiles above.
                for block in 0..<inputBlocks {
                    let first = scratch + block * band.block
                    first.update(from: first + 4 * row, count: 2 * row)
                }
                rows = rows.dropFirst(2)
            }
            var whole = band
            whole.values -= 4 * (y * row + rowBatch.columns.lowerBound * lanes)
            fill(rows, columns, of: input, in: whole, table)
            table.winograd_input(&band, 3, 0, Int32(inputBlocks), 0, Int32(count), &tiles)
            for index in packed.groups.indices {
                let group = packed.groups[index]
                var sums = self.tiles(
                    scratch + plan.bandCount + plan.inputCount, blocks: group.count, capacity: plan.across)
                multiply(tiles, count, positions: 0..<36, group, sums)
                var (convolution, output) = (description, output)
                table.winograd_output(
                    &convolution, &sums,
                    Int32(y * WinogradBlocks.tiles(over: Int(output.width)) + rowBatch.columns.lowerBound),
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
            for block in 0..<inputBlocks {
                let first = target.values + block * target.block + y * target.row + columns.lowerBound * target.pixel
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
