import Media
import PixelKernels
import Threads

/// Makes in-betweens of frames with transparent pixels, where alpha is kept.
///
/// Motion is found on frames over a background. Colors and alpha are warped and weighted as that motion says, but each
/// color counts as much as it is opaque: with weights w, color = sum(w a c) / sum(w a) and alpha = sum(w a) / sum(w).
/// So nothing of a background is in an in-between's colors, which are not multiplied by alpha, and may lie over any other.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class Transparency {
    private let size: PixelSize
    /// Two restored frames over the background, [3, H, W] in [-1, 1].
    private let matted: [Tensor]
    /// Their colors, 0 to 1 and multiplied by alpha, and their alpha in each of 3 channels; [3, H, W].
    private let colors: [Tensor]
    private let alpha: [Tensor]
    /// Between them.
    private let color: Tensor
    private let opacity: Tensor
    /// The frames that they are of, by number.
    private var window: [Int] = []

    /// Bytes a pixel.
    static let memory = 8 * 3 * MemoryLayout<Float>.size

    init(_ size: PixelSize) {
        self.size = size
        func tensors(_ count: Int) -> [Tensor] { (0..<count).map { _ in Tensor(3, size.height, size.width) } }
        (matted, colors, alpha) = (tensors(2), tensors(2), tensors(2))
        (color, opacity) = (Tensor(3, size.height, size.width), Tensor(3, size.height, size.width))
    }

    /// Two restored frames over the background, [3, H, W] in [-1, 1]: there until the next call.
    func matted(_ a: FrameSlot, _ b: FrameSlot, on background: RGB, _ pool: WorkerPool) -> (TensorView, TensorView) {
        // Once for all of a window.
        if window != [a.frame.index, b.frame.index] {
            fill(0, with: a, background, pool)
            fill(1, with: b, background, pool)
            window = [a.frame.index, b.frame.index]
        }
        return (matted[0].view, matted[1].view)
    }

    private func fill(_ index: Int, with slot: FrameSlot, _ background: RGB, _ pool: WorkerPool) {
        let width = size.width
        let behind = [background.red, background.green, background.blue].map { Float($0) / 127.5 - 1 }
        let (matted, colors, alpha) = (matted[index].view, colors[index].view, alpha[index].view)
        slot.frame.pixels.withUnsafeBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            pool.forEach(3 * size.height) { row in
                let (channel, line) = (row / self.size.height, row % self.size.height * width)
                let restored = slot.restored.view.plane(channel)
                for at in line..<line + width {
                    let isOpaque = pixels[4 * at + 3] != 0
                    matted.plane(channel)[at] = isOpaque ? restored[at] : behind[channel]
                    colors.plane(channel)[at] = isOpaque ? (restored[at] + 1) / 2 : 0
                    alpha.plane(channel)[at] = isOpaque ? 1 : 0
                }
            }
        }
    }

    /// Writes a part of the in-between, as the last `interpolate` of the frames of `matted` moves them.
    /// - Parameter pixels: R, G, B, A.
    func blend(
        at t: Float, in region: Region, _ slomo: SuperSlomo, _ motion: SuperSlomo.State,
        into pixels: UnsafeMutableBufferPointer<UInt8>, _ pool: WorkerPool
    ) {
        slomo.blend(colors[0].view, colors[1].view, at: t, into: color.view, in: region, state: motion, on: pool)
        slomo.blend(alpha[0].view, alpha[1].view, at: t, into: opacity.view, in: region, state: motion, on: pool)
        let (width, color, opacity) = (size.width, color.view, opacity.view)
        nonisolated(unsafe) let pixels = pixels
        pool.forEach(size.height) { y in
            for at in region[y].lowerBound + y * width..<region[y].upperBound + y * width {
                let alpha = min(max(opacity.plane(0)[at], 0), 1)
                let byte = UInt8((alpha * 255).rounded())
                pixels[4 * at + 3] = byte
                for channel in 0..<3 {
                    let value = byte == 0 ? 0 : color.plane(channel)[at] / alpha
                    pixels[4 * at + channel] = UInt8((min(max(value, 0), 1) * 255).rounded())
                }
            }
        }
    }
}
