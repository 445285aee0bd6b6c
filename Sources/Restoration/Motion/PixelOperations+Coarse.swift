import CKernels
import PixelKernels
import Threads

extension PixelOperations {
    /// A picture of a quarter of the size: the means of squares of 4 x 4 pixels; the edge repeats.
    /// - Parameters:
    ///   - source: [C, H, W].
    ///   - target: [C, (H + 3) / 4, (W + 3) / 4].
    func shrinkByFour(_ source: TensorView, into target: TensorView) {
        let (shape, small) = (source.shape, target.shape)
        precondition(
            small == TensorShape(shape.channels, (shape.height + 3) / 4, (shape.width + 3) / 4),
            "\(shape) shrunk into \(small)")
        eachRow(of: small, room: shape.width + 3) { channel, row, line in
            kernels.table.shrink_by_4(
                source.plane(channel), Int32(shape.height), Int32(shape.width), Int32(row), line,
                target.plane(channel) + row * small.width)
        }
    }

    /// A picture of four times the size, bilinear; the edge repeats.
    /// - Parameters:
    ///   - source: [C, (H + 3) / 4, (W + 3) / 4].
    ///   - rows: of the large picture, whose height is given; nil: all.
    ///   - target: [C, rows, W].
    func enlargeByFour(
        _ source: TensorView, rows: Range<Int>? = nil, of height: Int? = nil, into target: TensorView
    ) {
        let (small, shape) = (source.shape, target.shape)
        let (first, height) = (rows?.lowerBound ?? 0, height ?? shape.height)
        precondition(
            small == TensorShape(shape.channels, (height + 3) / 4, (shape.width + 3) / 4)
                && first + shape.height <= height,
            "\(small) enlarged into \(shape) from row \(first) on")
        eachRow(of: shape, room: small.width + 2) { channel, row, line in
            kernels.table.enlarge_by_4(
                source.plane(channel), Int32(small.height), Int32(small.width), Int32(first + row), Int32(shape.width),
                line,
                target.plane(channel) + row * shape.width)
        }
    }

    /// The means over windows of 2 reach + 1 pixels a side; the edge repeats.
    /// - Parameters: one channel each, of one size; not the same.
    func windowMeans(of source: TensorView, reach: Int = 2, into target: TensorView) {
        let shape = source.shape
        precondition(shape.channels == 1 && target.shape == shape, "means of \(shape) into \(target.shape)")
        eachRow(of: shape, room: shape.width + 2 * reach) { _, row, columns in
            kernels.table.window_means(
                source.plane(0), Int32(shape.height), Int32(shape.width), Int32(row), Int32(reach), columns,
                target.plane(0) + row * shape.width)
        }
    }

    /// Every row of every channel, with room for so many values.
    private func eachRow(
        of shape: TensorShape, room: Int,
        _ body: (_ channel: Int, _ row: Int, _ room: UnsafeMutablePointer<Float>) -> Void
    ) {
        pool.forEach(shape.channels * shape.height) { index in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: room) { line in
                guard let line = line.baseAddress else { return }
                body(index / shape.height, index % shape.height, line)
            }
        }
    }

    /// The mean over the channels of |a - b|, in a region of the target.
    /// - Parameters: 3 channels each, one of the target, of one size.
    func meanDifferences(of a: TensorView, from b: TensorView, into target: TensorView, in region: Region) {
        let shape = a.shape
        precondition(
            shape.channels == 3 && b.shape == shape && target.shape == TensorShape(1, shape.height, shape.width),
            "differences of \(shape) from \(b.shape) into \(target.shape)")
        pool.forEach(shape.height) { row in
            let columns = region[row]
            let at = row * shape.width + columns.lowerBound
            kernels.table.mean_difference(
                a.plane(0) + at, b.plane(0) + at, shape.plane, columns.count, target.plane(0) + at)
        }
    }

    /// The sum over a region of the mean over the channels of |a - b|.
    /// - Parameters: 3 channels each, of one size.
    func sumOfDifferences(of a: TensorView, from b: TensorView, in region: Region) -> Float {
        let shape = a.shape
        precondition(shape.channels == 3 && b.shape == shape, "differences of \(shape) from \(b.shape)")
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.height) { sums in
            sums.initialize(repeating: 0)
            nonisolated(unsafe) let sums = sums
            pool.forEach(shape.height) { row in
                let columns = region[row]
                withUnsafeTemporaryAllocation(of: Float.self, capacity: max(columns.count, 1)) { means in
                    guard let start = means.baseAddress, !columns.isEmpty else { return }
                    let at = row * shape.width + columns.lowerBound
                    kernels.table.mean_difference(a.plane(0) + at, b.plane(0) + at, shape.plane, columns.count, start)
                    sums[row] = means.prefix(columns.count).reduce(0, +)
                }
            }
            return sums.reduce(0, +)
        }
    }
}
