import Media
import PixelKernels
import Threads

/// The two layers of an in-between with an overlay: the film, made of pixels that do not belong to the overlay, and the overlay on top
/// of it. With weights w, and m = 1 for pixels of the overlay, the film's color is sum(w (1 - m) c) / sum(w (1 - m)), as
/// `Transparency` has it.
///
/// For one size of frames. One thread at a time.
final class OverlayLayers {
    struct Overlay {
        /// Not 0 for its pixels.
        let mask: BytePlane
        /// A rectangle that holds these.
        let part: Region.Patch
    }

    /// A restored frame.
    struct Shown {
        /// [3, H, W].
        let restored: TensorView
        /// R, G, B, A.
        let picture: [UInt8]
    }

    /// That of the last `interpolate`.
    struct Motion {
        let slomo: SuperSlomo
        let state: SuperSlomo.State
        let time: Float
    }

    private typealias Pair = (first: Tensor, second: Tensor, between: Tensor)

    /// Both restored frames without the overlay, [3, H, W], multiplied by the share that is left of their pixels, and that
    /// share, 0 or 1, in each of 3 channels; and both between the frames.
    private lazy var film = tensors()
    private lazy var share = tensors()
    private let size: PixelSize

    /// Bytes a pixel.
    static let memory = 6 * 3 * MemoryLayout<Float>.size

    init(_ size: PixelSize) { self.size = size }

    private func tensors() -> Pair {
        func tensor() -> Tensor { Tensor(3, size.height, size.width) }
        return (tensor(), tensor(), tensor())
    }

    /// Writes both layers into an in-between where the overlay had a part in it.
    /// - Parameters:
    ///   - moving: where in-betweens may differ from the frames.
    ///   - pixels: the in-between, R, G, B, A.
    func compose(
        _ overlay: Overlay, in moving: Region, _ a: Shown, _ b: Shown, _ motion: Motion, into pixels: inout [UInt8],
        on pool: WorkerPool
    ) {
        let (film, share) = (self.film, self.share)
        let reach = motion.slomo.reach(state: motion.state, on: pool)
        // Pixels farther from the overlay get nothing of it.
        var region = Region(height: size.height, width: size.width)
        region.insert(rows: overlay.part.rows, columns: overlay.part.columns)
        region = region.grown(by: reach).intersection(moving)
        let source = region.grown(by: reach)
        separate(a.restored, overlay.mask, in: source, film.first.view, share.first.view, on: pool)
        separate(b.restored, overlay.mask, in: source, film.second.view, share.second.view, on: pool)
        for pair in [film, share] {
            motion.slomo.blend(
                pair.first.view, pair.second.view, at: motion.time, into: pair.between.view, in: region,
                state: motion.state, on: pool)
        }
        Self.write(
            film.between.view, share: share.between.view, overlay.mask, (a.picture, b.picture),
            MeanLevel(at: motion.time),
            in: region, into: &pixels, on: pool)
    }

    /// Takes the overlay out of a frame.
    private func separate(
        _ restored: TensorView, _ mask: BytePlane, in region: Region, _ film: TensorView, _ share: TensorView,
        on pool: WorkerPool
    ) {
        let (width, height) = (size.width, size.height)
        pool.forEach(3 * height) { row in
            let (channel, y) = (row / height, row % height)
            let (source, target, left) = (restored.plane(channel), film.plane(channel), share.plane(channel))
            let masked = mask.row(y)
            for x in region[y] {
                let at = y * width + x
                target[at] = masked[x] != 0 ? 0 : source[at]
                left[at] = masked[x] != 0 ? 0 : 1
            }
        }
    }

    /// Writes the film where it lacks pixels of the overlay, and the overlay as both frames show it.
    /// - Parameters:
    ///   - film, share: both layers' film between the frames, and the share of it, [3, rows, W].
    ///   - shown: both frames.
    ///   - region: of these rows.
    ///   - first: the row of the picture that they begin with.
    static func write(
        _ film: TensorView, share: TensorView, _ mask: BytePlane, _ shown: (a: [UInt8], b: [UInt8]), _ mean: MeanLevel,
        in region: Region, fromRow first: Int = 0, into pixels: inout [UInt8], on pool: WorkerPool
    ) {
        let width = region.width
        pixels.withUnsafeMutableBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            pool.forEach(region.height) { row in
                let masked = mask.row(first + row)
                for x in region[row] {
                    let (at, pixel) = (row * width + x, (first + row) * width + x)
                    let left = share.plane(0)[at]
                    if masked[x] == 0 && left >= Self.whole { continue }
                    if masked[x] != 0 || left < Self.least {
                        for byte in 4 * pixel..<4 * pixel + 3 { pixels[byte] = mean.of(shown.a[byte], shown.b[byte]) }
                    } else {
                        for channel in 0..<3 {
                            let value = (film.plane(channel)[at] / left + 1) * 127.5
                            pixels[4 * pixel + channel] = UInt8(min(max(value, 0), 255).rounded())
                        }
                    }
                }
            }
        }
    }

    /// The share of film in a pixel from which on it is one of the film, and below which nothing is known of the film there.
    private static let (whole, least): (Float, Float) = (0.999, 0.05)
}
