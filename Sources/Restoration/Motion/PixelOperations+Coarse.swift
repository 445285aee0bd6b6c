import CKernels
import PixelKernels
import Threads

extension PixelOperations {
    /// A picture of a quarter of the size: the means of squares of 4 x 4 pixels; the edge repeats.
    /// - Parameters:
    ///   - source: [C, H, W], or rows of it.
    ///   - target: [C, (H + 3) / 4, (W + 3) / 4].
    ///   - first: the row of the target that they begin with.
    func shrinkByFour(_ source: TensorView, into target: TensorView, at first: Int = 0) {
        let (shape, width) = (source.shape, target.shape.width)
        let small = TensorShape(shape.channels, (shape.height + 3) / 4, (shape.width + 3) / 4)
        precondition(
            target.shape.channels == small.channels && width == small.width
                && first + small.height <= target.shape.height,
            "\(shape) shrunk into \(target.shape) from row \(first) on")
        eachRow(of: small, room: shape.width + 3) { channel, row, line in
            kernels.table.shrink_by_4(
                source.plane(channel), Int32(shape.height), Int32(shape.width), Int32(row), line,
                target.plane(channel) + (first + row) * width)
        }
    }

    /// A map of half the size: the means of squares of 2 x 2 pixels; the edge repeats.
    /// - Parameters:
    ///   - source: [C, H, W].
    ///   - target: [C, (H + 1) / 2, (W + 1) / 2].
    func halve(_ source: TensorView, into target: TensorView) {
        let (shape, small) = (source.shape, target.shape)
        precondition(
            small == TensorShape(shape.channels, (shape.height + 1) / 2, (shape.width + 1) / 2),
            "\(shape) halved into \(small)")
        pool.forEach(small.channels * small.height) { index in
            let (channel, row) = index.quotientAndRemainder(dividingBy: small.height)
            kernels.table.halve(
                source.plane(channel), Int32(shape.height), Int32(shape.width), Int32(row),
                target.plane(channel) + row * small.width)
        }
    }

    /// The luma of colors at half the size, in levels of 0 to 255.
    /// - Parameters:
    ///   - source: [3, H, W] in [-1, 1], or rows of it.
    ///   - target: [1, (H + 1) / 2, (W + 1) / 2].
    ///   - first: the row of the target that they begin with.
    func halveLuma(of source: TensorView, into target: TensorView, at first: Int = 0) {
        let (shape, width) = (source.shape, target.shape.width)
        let rows = (shape.height + 1) / 2
        precondition(
            shape.channels == 3 && target.shape.channels == 1 && width == (shape.width + 1) / 2
                && first + rows <= target.shape.height,
            "luma of \(shape) into \(target.shape) from row \(first) on")
        pool.forEach(rows) { row in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width) { room in
                guard let colors = room.baseAddress else { return }
                for channel in 0..<3 {
                    kernels.table.halve(
                        source.plane(channel), Int32(shape.height), Int32(shape.width), Int32(row),
                        colors + channel * width)
                }
                let line = target.plane(0) + (first + row) * width
                for x in 0..<width {
                    let luma = 0.299 * colors[x] + 0.587 * colors[width + x] + 0.114 * colors[2 * width + x]
                    line[x] = 127.5 * (luma + 1)
                }
            }
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
        let all = Region.all(height: shape.height, width: shape.width)
        enlarge(source, by: 4, first..<first + shape.height, width: shape.width, in: all) { channel, row, line in
            (target.plane(channel) + row * shape.width).update(from: line, count: shape.width)
        }
    }

    /// Rows of a picture of some times the size, bilinear; the edge repeats.
    /// - Parameters:
    ///   - factor: 2 or 4.
    ///   - rows: of the large picture, whose width is given.
    ///   - region: of these rows; those without any of it are left out.
    ///   - take: is given each row, counted from the first of these, on any thread.
    func enlarge(
        _ source: TensorView, by factor: Int, _ rows: Range<Int>, width: Int, in region: Region,
        take: (_ channel: Int, _ row: Int, _ line: UnsafePointer<Float>) -> Void
    ) {
        let small = source.shape
        precondition(
            (rows.upperBound - 1) / factor < small.height && (width + factor - 1) / factor == small.width
                && region.height == rows.count && region.width == width,
            "rows \(rows) of width \(width), of \(small)")
        let shape = TensorShape(small.channels, rows.count, width)
        eachRow(of: shape, room: small.width + 2 + width) { channel, row, room in
            if region[row].isEmpty { return }
            let line = room + small.width + 2
            kernels.table.enlarge(
                source.plane(channel), Int32(small.height), Int32(small.width), Int32(factor),
                Int32(rows.lowerBound + row), Int32(width), room, line)
            take(channel, row, line)
        }
    }

    /// The means over windows of 2 reach + 1 pixels a side; the edge repeats.
    /// - Parameters:
    ///   - source, target: one channel each, of one size; not the same.
    ///   - rows: that are made; nil: all.
    func windowMeans(of source: TensorView, reach: Int = 2, rows: Range<Int>? = nil, into target: TensorView) {
        let shape = source.shape
        let rows = rows ?? 0..<shape.height
        precondition(
            shape.channels == 1 && target.shape == shape && rows.upperBound <= shape.height,
            "means of \(shape) into rows \(rows) of \(target.shape)")
        eachRow(of: TensorShape(1, rows.count, shape.width), room: shape.width + 2 * reach) { _, index, columns in
            let row = rows.lowerBound + index
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
