import CKernels
import Media
import PixelKernels
import Threads

/// Compares two frames: which pixels stand still, and which have contrast around them (see `OverlayFinder`).
///
/// For one size of frames. One thread at a time.
final class StillPixels {
    /// Flags of a pixel.
    static let (still, contrasting) = (UInt8(CK_STILL), UInt8(CK_CONTRASTING))
    /// Bytes a pixel.
    static let memory = BytePlane.memory

    /// Contrast is that of sums of three channels, three times that of a level: 15 % of it are a twentieth of the sums', and 40
    /// levels are 120. The differences of 3 x 3 pixels have a mean of at most 8.
    private static let limits = ck_still(near: 6, calm: 9 * 8, share: 20, contrast: 3 * 40)
    /// Rows that one thread takes at a time.
    private static let band = 16

    private let size: PixelSize
    /// The flags of the part that was looked at last; 0 at the picture's edge.
    let flags: BytePlane

    init(_ size: PixelSize) {
        self.size = size
        flags = BytePlane(size)
    }

    /// - Parameter part: the pixels whose flags are found, none of them at the picture's edge.
    func find(
        _ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, in part: Region.Patch, _ operations: PixelOperations
    ) {
        let kernels = operations.kernels.table
        let (rows, columns) = (part.rows, part.columns)
        Self.withPair(a, b) { pair in
            nonisolated(unsafe) let pair = pair
            operations.pool.forEach((rows.count + Self.band - 1) / Self.band) { band in
                var (pair, limits) = (pair, Self.limits)
                let first = rows.lowerBound + band * Self.band
                kernels.find_still(
                    &pair, Int32(size.width), &limits, Int32(first), Int32(min(Self.band, rows.upperBound - first)),
                    Int32(columns.lowerBound), Int32(columns.count), flags.start)
            }
        }
    }

    private static func withPair(_ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, _ body: (ck_pair) -> Void) {
        a.gif.withUnsafeBufferPointer { gifA in
            b.gif.withUnsafeBufferPointer { gifB in
                a.restored.withUnsafeBufferPointer { restoredA in
                    b.restored.withUnsafeBufferPointer { restoredB in
                        body(
                            ck_pair(
                                gif_a: gifA.baseAddress, gif_b: gifB.baseAddress, restored_a: restoredA.baseAddress,
                                restored_b: restoredB.baseAddress))
                    }
                }
            }
        }
    }
}
