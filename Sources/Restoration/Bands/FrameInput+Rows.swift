import CKernels
import Media
import PixelKernels
import Threads

/// Rows of a frame of a large canvas, made from its bytes when a network is about to see them.
extension FrameInput {
    /// Writes the colors of some rows, in [-1, 1].
    /// - Parameter target: [3, rows, W].
    func load(_ rows: Range<Int>, into target: TensorView) {
        let bytes = 4 * rows.lowerBound * size.width..<4 * rows.upperBound * size.width
        flattened.withUnsafeBufferPointer {
            PixelOperations(on: pool).load(rgba: UnsafeBufferPointer(rebasing: $0[bytes]), into: target)
        }
    }

    /// Writes the palette radius of some rows' pixels.
    /// - Parameter target: [1, rows, W].
    func loadRadius(_ rows: Range<Int>, into target: TensorView) {
        precondition(target.shape == TensorShape(1, rows.count, size.width), "rows \(rows) into \(target.shape)")
        pool.forEach(rows.count) { row in
            loadRadius(row: rows.lowerBound + row, 0..<size.width, into: target.plane(0) + row * size.width)
        }
    }

    /// The palettes of some rows' pixels.
    func ids(_ rows: Range<Int>) -> [UInt16] { Array(ids[rows.lowerBound * size.width..<rows.upperBound * size.width]) }

    /// Writes the colors of some of a row's pixels to three planes, `plane` values apart. Any thread.
    func load(row: Int, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>, plane: Int) {
        flattened.withUnsafeBufferPointer { pixels in
            Kernels.best.table.rgba_to_planar(
                pixels.start + 4 * (row * size.width + columns.lowerBound), columns.count, target, plane)
        }
    }

    /// Writes the palette radius of some of a row's pixels. Any thread.
    func loadRadius(row: Int, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let first = row * size.width + columns.lowerBound
        flattened.withUnsafeBufferPointer { pixels in
            ids.withUnsafeBufferPointer { ids in
                let range = first..<first + columns.count
                Self.fillRadius(
                    UnsafeBufferPointer(rebasing: pixels[4 * range.lowerBound..<4 * range.upperBound]),
                    UnsafeBufferPointer(rebasing: ids[range]), 0..<range.count, palettes.colors,
                    into: UnsafeMutableBufferPointer(start: target, count: range.count))
            }
        }
    }

    /// Finds the pixels at which the networks see two frames differ.
    func differences(from other: FrameInput) -> Region {
        let width = size.width
        return flattened.withUnsafeBytes { own in
            other.flattened.withUnsafeBytes { others in
                nonisolated(unsafe) let (own, others) = (
                    own.bindMemory(to: UInt32.self), others.bindMemory(to: UInt32.self)
                )
                return .differing(height: size.height, width: width, on: pool) { y in
                    let (a, b) = (own.start + y * width, others.start + y * width)
                    // Alpha makes no difference.
                    return firstToLast(of: width, sameBytes: 4 * width, a, b) { (a[$0] ^ b[$0]) & 0x00FF_FFFF != 0 }
                }
            }
        }
    }
}
