import Media
import PixelKernels
import Threads

/// Makes pictures, as bytes, of restored frames and of in-betweens. Immutable.
struct PictureComposer: Sendable {
    /// Pictures keep the GIF's transparency instead of showing the background.
    let keepsAlpha: Bool
    let background: RGB
    private let operations: PixelOperations

    init(_ options: RestorationOptions, on pool: WorkerPool) {
        (keepsAlpha, background) = (options.keepsAlpha, options.background)
        operations = PixelOperations(on: pool)
    }

    /// The picture of a frame that is left as it is.
    func untouchedPicture(of slot: FrameSlot) -> [UInt8] { settled(slot.input.flattened, slot) }

    /// The picture of a restored frame.
    func picture(of slot: FrameSlot) -> [UInt8] {
        var pixels = slot.frame.pixels
        pixels.withUnsafeMutableBufferPointer { operations.store(slot.restored.view, intoRGBA: $0) }
        return settled(pixels, slot)
    }

    /// The picture of a restored frame of a large canvas.
    func picture(of slot: FrameSlot, _ restored: PackedPlanes, _ bands: BandedFilter) -> [UInt8] {
        var pixels = slot.frame.pixels
        bands.paint(restored, into: &pixels, on: operations.pool)
        return settled(pixels, slot)
    }

    /// The picture of an in-between of two opaque ones.
    /// - Parameters:
    ///   - values: [3, H, W] in [-1, 1].
    ///   - moving: where it differs from `picture`, that of the frame before it.
    func picture(of values: TensorView, in moving: Region, over picture: [UInt8]) -> [UInt8] {
        var pixels = picture
        pixels.withUnsafeMutableBufferPointer { operations.store(values, intoRGBA: $0, in: moving) }
        return pixels
    }

    /// Settles the transparent pixels: black and transparent where alpha is kept, else exactly the background.
    private func settled(_ pixels: [UInt8], _ slot: FrameSlot) -> [UInt8] {
        guard slot.hasTransparency else { return pixels }
        var pixels = pixels
        let color = keepsAlpha ? .black : background
        let alpha: UInt8 = keepsAlpha ? 0 : 255
        pixels.withUnsafeMutableBufferPointer { pixels in
            for at in stride(from: 0, to: pixels.count, by: 4) where pixels[at + 3] == 0 {
                pixels[at] = color.red
                pixels[at + 1] = color.green
                pixels[at + 2] = color.blue
                pixels[at + 3] = alpha
            }
        }
        return pixels
    }
}
