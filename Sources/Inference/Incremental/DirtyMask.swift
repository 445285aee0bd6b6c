import Glibc
import PixelKernels

/// The pixels of a map that are out of date.
///
/// Unlike a `Region` it holds any set of pixels: those that nobody needs stay out of date around those that are needed.
struct DirtyMask {
    private let height: Int
    private let width: Int
    /// 1 for each pixel that is out of date, else 0.
    private var marks: [UInt8]

    /// All pixels are out of date.
    init(height: Int, width: Int) {
        (self.height, self.width) = (height, width)
        marks = [UInt8](repeating: 1, count: height * width)
    }

    /// Adds pixels that are out of date.
    mutating func insert(_ region: Region) {
        precondition(region.height == height && region.width == width, "a region of another map")
        marks.withUnsafeMutableBufferPointer { marks in
            for row in 0..<height where !region[row].isEmpty {
                marks[row * width + region[row].lowerBound..<row * width + region[row].upperBound].update(repeating: 1)
            }
        }
    }

    /// Takes out the pixels that are needed: the caller brings them up to date.
    /// - Parameter region: of a map of the same size; becomes the needed pixels that are out of date, and those that lie
    ///   between them in a row.
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
