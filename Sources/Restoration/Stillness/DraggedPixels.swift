import Media
import PixelKernels
import Threads

/// The pixels of a picture that in-betweens move.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class DraggedPixels {
    /// 1 for each of them, else 0.
    let flags: BytePlane
    /// The rectangle around them, without the picture's edge; nil: there are none.
    private(set) var part: Region.Patch?
    private let size: PixelSize
    /// The columns of each row from the first to the last of them.
    private var columns: [Range<Int>]

    /// Bytes a pixel.
    static let memory = BytePlane.memory

    init(_ size: PixelSize) {
        self.size = size
        flags = BytePlane(size)
        columns = Array(repeating: 0..<0, count: size.height)
    }

    /// Looks for them.
    /// - Parameters:
    ///   - moving: outside of it there are none.
    ///   - mark: sets the flags of consecutive pixels, which are 0, from pixel `first` on; any number of threads call it.
    func find(
        in moving: Region, on pool: WorkerPool, mark: (_ first: Int, _ flags: UnsafeMutableBufferPointer<UInt8>) -> Void
    ) {
        let inner = size.inner
        columns.withUnsafeMutableBufferPointer { found in
            nonisolated(unsafe) let found = found
            pool.forEach(size.height) { y in
                let line = UnsafeMutableBufferPointer(start: flags.row(y), count: size.width)
                line.update(repeating: 0)
                let looked = inner.rows.contains(y) ? moving[y].clamped(to: inner.columns) : 0..<0
                if looked.isEmpty { return found[y] = 0..<0 }
                mark(y * size.width + looked.lowerBound, UnsafeMutableBufferPointer(rebasing: line[looked]))
                let (first, last) = (line.firstIndex { $0 != 0 }, line.lastIndex { $0 != 0 })
                found[y] = first.map { $0..<(last ?? $0) + 1 } ?? 0..<0
            }
        }
        part = columns.indices.reduce(nil) { hull, y in
            if columns[y].isEmpty { return hull }
            let row = Region.Patch(rows: y..<y + 1, columns: columns[y])
            return hull?.hull(with: row) ?? row
        }
    }
}
