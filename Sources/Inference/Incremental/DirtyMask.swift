import Glibc
import PixelKernels

/// Which pixels of a map are out of date: any set of them, unlike a `Region`, as what is not needed stays out of date
/// around what is.
struct DirtyMask {
    private let height: Int
    private let width: Int
    /// 1 for each pixel that is.
    private var marks: [UInt8]

    /// All are.
    init(height: Int, width: Int) {
        (self.height, self.width) = (height, width)
        marks = [UInt8](repeating: 1, count: height * width)
    }

    /// More pixels are out of date.
    mutating func insert(_ region: Region) {
        precondition(region.height == height && region.width == width, "a region of another map")
        marks.withUnsafeMutableBufferPointer { marks in
            for row in 0..<height where !region[row].isEmpty {
                marks[row * width + region[row].lowerBound..<row * width + region[row].upperBound].update(repeating: 1)
            }
        }
    }

    /// Brings some pixels up to date.
    /// - Parameter region: of a map of the same size; becomes those of them that are not yet, and what lies between them
    ///   in a row.
    mutating func take(_ needed: Region, into region: inout Region) {
        precondition(needed.height == height && needed.width == width, "a region of another map")
        region.removeAll()
        marks.withUnsafeMutableBufferPointer { marks in
            guard let base = marks.baseAddress else { return }
            for row in 0..<height where !needed[row].isEmpty {
                let (start, columns) = (base + row * width, needed[row])
                guard let first = memchr(start + columns.lowerBound, 1, columns.count) else { continue }
                let low = UnsafeRawPointer(first) - UnsafeRawPointer(start)
                var high = columns.upperBound
                while start[high - 1] == 0 { high -= 1 }
                region.insert(rows: row..<row + 1, columns: low..<high)
                (start + low).update(repeating: 0, count: high - low)
            }
        }
    }
}
