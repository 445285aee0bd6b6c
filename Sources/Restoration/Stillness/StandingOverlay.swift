import Media
import PixelKernels
import Threads

/// Captions, logos and displays that stand in front of a moving film: they stay in in-betweens, and nothing of them is
/// dragged along with the film.
///
/// A network that follows the film takes the letters with it. This type compares both frames to find what stands: pixels
/// that are equal in the GIF, or nearly so once restored, and that hold edges which have not moved. An in-between then is
/// made in two layers, as `Transparency` does: the film from pixels that do not belong to the overlay, with weights w and
/// m = 1 for pixels of the overlay, color = sum(w (1 - m) c) / sum(w (1 - m)); and the overlay on top of it.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class StandingOverlay {
    private let size: PixelSize
    /// 1 where a pixel belongs to an overlay, and where it lies beside one: at its softened edge.
    private var mask: [UInt8]
    private var isEmpty = true
    /// Both restored frames without the overlay, [3, H, W], multiplied by what is left of them, which is 0 or 1 in each of 3
    /// channels.
    private let films: [Tensor]
    private let shares: [Tensor]
    /// Between them.
    private let film: Tensor
    private let share: Tensor
    /// The frames that all this is of, by number.
    private var window: [Int] = []
    private var finder: OverlayFinder

    /// Bytes a pixel.
    static let memory = 6 * 3 * MemoryLayout<Float>.size + OverlayFinder.memory + 1

    init(_ size: PixelSize) {
        self.size = size
        func tensors(_ count: Int) -> [Tensor] { (0..<count).map { _ in Tensor(3, size.height, size.width) } }
        (films, shares) = (tensors(2), tensors(2))
        (film, share) = (Tensor(3, size.height, size.width), Tensor(3, size.height, size.width))
        mask = [UInt8](repeating: 0, count: size.area)
        finder = OverlayFinder(size)
    }

    /// Looks at two frames without transparent pixels, once for all of a window.
    /// - Parameters:
    ///   - flows: those that the in-betweens follow.
    ///   - made: an in-between at time t, R, G, B, A.
    /// - Returns: whether there is an overlay.
    func find(
        _ a: FrameSlot, _ b: FrameSlot, _ flows: PublishedFlows, made: [UInt8], at t: Float, on pool: WorkerPool
    ) -> Bool {
        if window == [a.number, b.number] { return !isEmpty }
        window = [a.number, b.number]
        let (first, second, late) = (a.picture, b.picture, Int(t * 256))
        func isChanged(_ pixel: Int) -> Bool {
            (4 * pixel..<4 * pixel + 3).contains {
                abs(Int(made[$0]) - Self.mean(first[$0], second[$0], late)) > Self.changed
            }
        }
        isEmpty = !finder.find(
            OverlayFinder.Sight(gif: a.frame.pixels, restored: first),
            OverlayFinder.Sight(gif: b.frame.pixels, restored: second),
            isDragged: { flows.move($0) || isChanged($0) }, into: &mask)
        if !isEmpty {
            fill(0, with: a, pool)
            fill(1, with: b, pool)
        }
        return !isEmpty
    }

    /// Levels by which an in-between of what stands may differ from both frames' mean.
    private static let changed = 6

    /// - Parameter late: how far the second one counts, 0 to 256.
    private static func mean(_ first: UInt8, _ second: UInt8, _ late: Int) -> Int {
        (Int(first) * (256 - late) + Int(second) * late + 128) >> 8
    }

    private func fill(_ index: Int, with slot: FrameSlot, _ pool: WorkerPool) {
        let width = size.width
        let (film, share, restored) = (films[index].view, shares[index].view, slot.restored.view)
        mask.withUnsafeBufferPointer { mask in
            nonisolated(unsafe) let mask = mask
            pool.forEach(3 * size.height) { row in
                let (channel, line) = (row / self.size.height, row % self.size.height * width)
                let (source, target, left) = (restored.plane(channel), film.plane(channel), share.plane(channel))
                for at in line..<line + width {
                    target[at] = mask[at] != 0 ? 0 : source[at]
                    left[at] = mask[at] != 0 ? 0 : 1
                }
            }
        }
    }

    /// Writes the film and the overlay where the overlay had a part in an in-between.
    /// - Parameters:
    ///   - t: the time of the last `interpolate`, whose motion is taken.
    ///   - moving: where that has made anything.
    ///   - a, b: the restored frames, R, G, B, A.
    ///   - pixels: the in-between, R, G, B, A.
    func compose(
        at t: Float, in moving: Region, _ a: [UInt8], _ b: [UInt8], _ slomo: SuperSlomo, _ motion: SuperSlomo.State,
        into pixels: inout [UInt8], on pool: WorkerPool
    ) {
        slomo.blend(films[0].view, films[1].view, at: t, into: film.view, in: moving, state: motion, on: pool)
        slomo.blend(shares[0].view, shares[1].view, at: t, into: share.view, in: moving, state: motion, on: pool)
        let (width, film, share) = (size.width, film.view, share.view)
        let late = Int(t * 256)
        pixels.withUnsafeMutableBufferPointer { pixels in
            mask.withUnsafeBufferPointer { mask in
                nonisolated(unsafe) let (pixels, mask) = (pixels, mask)
                pool.forEach(size.height) { y in
                    for at in moving[y].lowerBound + y * width..<moving[y].upperBound + y * width {
                        let left = share.plane(0)[at]
                        if mask[at] == 0 && left >= Self.whole { continue }
                        if mask[at] != 0 || left < Self.least {
                            for byte in 4 * at..<4 * at + 3 {
                                pixels[byte] = UInt8(Self.mean(a[byte], b[byte], late))
                            }
                        } else {
                            for channel in 0..<3 {
                                let value = (film.plane(channel)[at] / left + 1) * 127.5
                                pixels[4 * at + channel] = UInt8(min(max(value, 0), 255).rounded())
                            }
                        }
                    }
                }
            }
        }
    }

    /// The share of film in a pixel from which on it is one of the film, and below which nothing is known of the film there.
    private static let (whole, least): (Float, Float) = (0.999, 0.05)
}
