import CKernels
import PixelKernels

extension Convolution {
    /// Sums over all taps: for few input channels, for a size of 1 and for strides. The output may be a part of a map, under
    /// which the input lies.
    func forwardDirect(_ input: ck_map, _ output: ck_map, _ execution: Execution) {
        let (height, width) = (Int(output.height), Int(output.width))
        let rows = bandRows(height: height, width: width, workers: execution.workspace.workers)
        let bands = (height + rows - 1) / rows
        func band(_ index: Int) -> Range<Int> { index * rows..<min(height, (index + 1) * rows) }
        switch kernels.products {
        case .own:
            // Of consecutive tasks the weights are the same, or the input.
            execution.forEach(packed.groups.count * bands) { index in
                let (group, rows) = (packed.groups[index / bands], band(index % bands))
                var (convolution, input, output) = (description, input, output)
                kernels.table.direct(
                    &convolution, &input, &output, Int32(rows.lowerBound), Int32(rows.count),
                    Int32(group.lowerBound), Int32(group.count))
            }
        case .openBLAS:
            execution.forEachWithScratch(bands) { index, scratch in
                unfoldAndMultiply(input, output, band(index), scratch)
            }
        }
    }

    func directNeed(width: Int) -> ScratchSize {
        switch kernels.products {
        case .own: ScratchSize()
        case .openBLAS: ScratchSize(perWorker: unfoldedRows(width: width) * width * (depth + columns))
        }
    }

    /// Some rows of the output, a few at a time: patches become rows of a matrix, its product with the weights becomes
    /// pixels.
    private func unfoldAndMultiply(
        _ input: ck_map, _ output: ck_map, _ rows: Range<Int>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let width = Int(output.width)
        // The scratch memory is made for whole rows.
        let step = unfoldedRows(width: outputExtent(Int(input.width)))
        var (convolution, input, output) = (description, input, output)
        let sums = scratch + step * width * depth
        for first in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
            let count = min(step, rows.upperBound - first)
            kernels.table.gather(
                &input, Int32(size), Int32(stride), Int32(width), Int32(first), Int32(count), scratch)
            OpenBLAS.multiply(
                rows: count * width, columns: columns, depth: depth, a: scratch, aStride: depth, b: packed.weights,
                bStride: columns, c: sums, cStride: columns)
            kernels.table.spread(
                &convolution, sums, columns, &output, Int32(first), Int32(count), 0, Int32(outputChannelBlocks))
        }
    }

    /// Columns of the unfolded matrix, and of its product with the weights.
    private var depth: Int { inputChannelBlocks * kernels.lanes * size * size }
    private var columns: Int { outputChannelBlocks * kernels.lanes }

    /// Rows of the output that are unfolded at once: a few hundred pixels, but no more than a cache holds.
    private func unfoldedRows(width: Int) -> Int {
        max(1, min(256, 128 * 1024 / depth) / width)
    }

    /// Rows of one task: so many that the weights are read seldom, and so few that all threads get a task.
    private func bandRows(height: Int, width: Int, workers: Int) -> Int {
        let most = max(4, 16 * 1024 / width)
        let rounds = (height + most * workers - 1) / (most * workers)
        return (height + rounds * workers - 1) / (rounds * workers)
    }
}
