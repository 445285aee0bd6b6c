import CKernels
import Glibc
import PixelKernels
import Threads

/// A map of which every value takes two bytes: what is kept of a large canvas while rows of it are worked on.
///
/// [channels, height, width], channel by channel, row by row without gaps. Values are multiples of `range` / 32767: those of
/// colors, in [-1, 1], are off by at most 1/500 of a level. It does not guard against threads.
final class PackedPlanes: @unchecked Sendable {
    let shape: TensorShape
    /// The largest magnitude of a value; what is larger becomes that.
    let range: Float
    private let values: UnsafeMutablePointer<Int16>

    /// - Parameter range: above 0.
    init(_ shape: TensorShape, range: Float = 1) {
        precondition(range > 0, "values in a range of \(range)")
        (self.shape, self.range) = (shape, range)
        values = .allocate(capacity: shape.count)
        values.initialize(repeating: 0, count: shape.count)
    }

    deinit {
        values.deallocate()
    }

    /// Takes over a part of some rows.
    /// - Parameters:
    ///   - source: [channels, rows, width].
    ///   - first: the row that it begins with.
    ///   - region: of the whole map; nil: all.
    func store(_ source: TensorView, at first: Int, in region: Region? = nil, on pool: WorkerPool) {
        check(source.shape, at: first)
        pool.forEach(source.shape.height) { row in
            let columns = region.map { $0[first + row] } ?? 0..<shape.width
            for channel in 0..<shape.channels {
                Kernels.best.table.to_shorts(
                    source.plane(channel) + row * shape.width + columns.lowerBound, 32767 / range, columns.count,
                    self.row(first + row, ofChannel: channel) + columns.lowerBound)
            }
        }
    }

    /// Writes rows into a tensor.
    /// - Parameter target: [channels, rows, width].
    func load(_ rows: Range<Int>, into target: TensorView, on pool: WorkerPool) {
        check(target.shape, at: rows.lowerBound)
        pool.forEach(rows.count) {
            load(row: rows.lowerBound + $0, 0..<shape.width, into: target.pointer(ofRow: $0), plane: target.shape.plane)
        }
    }

    /// Writes some of a row's pixels to planes, `plane` values apart. Any thread.
    func load(row: Int, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>, plane: Int) {
        for channel in 0..<shape.channels {
            Kernels.best.table.from_shorts(
                self.row(row, ofChannel: channel) + columns.lowerBound, range / 32767, columns.count,
                target + channel * plane)
        }
    }

    private func check(_ rows: TensorShape, at first: Int) {
        precondition(
            rows.channels == shape.channels && rows.width == shape.width && first + rows.height <= shape.height,
            "\(rows) at row \(first) of \(shape)")
    }

    /// Takes over rows of another map of the same shape and range.
    func copyRows(_ rows: Range<Int>, of other: PackedPlanes) {
        precondition(other.shape == shape && other.range == range, "rows of \(other.shape) into \(shape)")
        for channel in 0..<shape.channels {
            let first = channel * shape.plane + rows.lowerBound * shape.width
            (values + first).update(from: other.values + first, count: rows.count * shape.width)
        }
    }

    /// One value.
    func value(row: Int, _ column: Int, channel: Int) -> Float {
        Float(self.row(row, ofChannel: channel)[column]) * range / 32767
    }

    /// Puts one value in place of some of a row's.
    func fill(row: Int, _ columns: Range<Int>, channel: Int, with value: Float) {
        let short = Int16((min(max(value / range, -1), 1) * 32767).rounded())
        (self.row(row, ofChannel: channel) + columns.lowerBound).update(repeating: short, count: columns.count)
    }

    /// Makes all values of a region 0.
    func clear(in region: Region) {
        for y in 0..<shape.height where !region[y].isEmpty {
            for channel in 0..<shape.channels {
                (row(y, ofChannel: channel) + region[y].lowerBound).update(repeating: 0, count: region[y].count)
            }
        }
    }

    /// Finds the pixels at which two maps of one shape and range differ in any channel.
    func differences(from other: PackedPlanes, on pool: WorkerPool) -> Region {
        precondition(other.shape == shape && other.range == range, "differences of \(shape) from \(other.shape)")
        return .differing(height: shape.height, width: shape.width, on: pool) { y in
            (0..<shape.channels).reduce(0..<0) { columns, channel in
                let (a, b) = (row(y, ofChannel: channel), other.row(y, ofChannel: channel))
                let bytes = shape.width * MemoryLayout<Int16>.stride
                let found = firstToLast(of: shape.width, sameBytes: bytes, a, b) { a[$0] != b[$0] }
                if columns.isEmpty || found.isEmpty { return columns.isEmpty ? found : columns }
                return min(columns.lowerBound, found.lowerBound)..<max(columns.upperBound, found.upperBound)
            }
        }
    }

    private func row(_ y: Int, ofChannel channel: Int) -> UnsafeMutablePointer<Int16> {
        values + channel * shape.plane + y * shape.width
    }
}

extension TensorView {
    /// A row's first value in the first plane.
    fileprivate func pointer(ofRow row: Int) -> UnsafeMutablePointer<Float> { plane(0) + row * shape.width }
}

/// The places of a row from the first to the last that differ from another row.
/// - Parameters:
///   - sameBytes: of `a` and `b`: where they are equal, no place differs.
func firstToLast(
    of count: Int, sameBytes: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ differs: (Int) -> Bool
) -> Range<Int> {
    if memcmp(a, b, sameBytes) == 0 { return 0..<0 }
    guard let first = (0..<count).first(where: differs), let last = (0..<count).last(where: differs) else {
        return 0..<0
    }
    return first..<last + 1
}

extension Region {
    /// The region of what differs in each row.
    /// - Parameter columns: those of a row; any thread of the pool.
    static func differing(height: Int, width: Int, on pool: WorkerPool, _ columns: (_ y: Int) -> Range<Int>) -> Region {
        var found = [Range<Int>](repeating: 0..<0, count: height)
        found.withUnsafeMutableBufferPointer { found in
            nonisolated(unsafe) let found = found
            pool.forEach(height) { found[$0] = columns($0) }
        }
        var region = Region(height: height, width: width)
        for (y, columns) in found.enumerated() { region.insert(rows: y..<y + 1, columns: columns) }
        return region
    }
}
