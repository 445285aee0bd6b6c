import Inference
import Media

/// One place of the sliding window: a GIF frame as the networks read it, and what CCDNet made of it.
///
/// Allocated once per canvas and used for one frame after the other. One thread at a time fills it; while it is
/// full, CCDNet writes `restored` and the flow network reads `gif` at the same time.
final class FrameSlot {
    /// The frame in [-1, 1], [3, H, W], transparent pixels showing the background.
    let gif: Tensor
    /// The palette radius of each pixel (see `PaletteColors`), [1, H, W].
    let radius: Tensor
    /// CCDNet's estimate, [3, H, W].
    let restored: Tensor
    private(set) var frame: Frame
    private(set) var palettes: PaletteCache.Prepared
    /// Whether any pixel is transparent.
    private(set) var hasTransparency = false
    /// The frame's own pixels with the background wherever they are transparent, R, G, B, A; alpha is the frame's.
    private(set) var flattened: [UInt8] = []
    /// The restored picture, R, G, B, A; set once per frame.
    var picture: [UInt8] = []
    /// Whether the frame before shows another scene; nil until it was looked at.
    var beginsScene: Bool?
    /// Whether picture and estimate are those of an earlier frame, because there was no time for this one's.
    var isStale = false
    private var knownSignature: SceneChange.Signature?

    init(_ frame: Frame, background: RGB, cache: PaletteCache, on operations: PixelOperations) {
        gif = Tensor(3, frame.size.height, frame.size.width)
        radius = Tensor(1, frame.size.height, frame.size.width)
        restored = Tensor(3, frame.size.height, frame.size.width)
        self.frame = frame
        palettes = cache.prepare(frame.paletteMap.palettes)
        fill(frame, background: background, cache: cache, on: operations)
    }

    /// Takes the next frame, of the same size.
    func fill(_ frame: Frame, background: RGB, cache: PaletteCache, on operations: PixelOperations) {
        precondition(frame.size == size, "a frame of \(frame.size) in a window of \(size)")
        self.frame = frame
        palettes = cache.prepare(frame.paletteMap.palettes)
        beginsScene = nil
        isStale = false
        knownSignature = nil
        (flattened, hasTransparency) = frame.flattened(on: background)
        flattened.withUnsafeBufferPointer { operations.load(rgba: $0, into: gif.view) }
        fillRadius()
    }

    var size: PixelSize { PixelSize(width: gif.shape.width, height: gif.shape.height) }

    /// What scene changes are found by; computed when it is first asked for.
    var signature: SceneChange.Signature {
        if let knownSignature { return knownSignature }
        let made = flattened.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        knownSignature = made
        return made
    }

    private func fillRadius() {
        let colors = palettes.colors
        flattened.withUnsafeBufferPointer { pixels in
            frame.paletteMap.ids.withUnsafeBufferPointer { ids in
                radius.withUnsafeMutableBufferPointer { radius in
                    // Neighbours mostly share their color: look up only where it changes.
                    var lastID = UInt16.max
                    var lastKey = UInt32.max
                    var value: Float = 0
                    for pixel in 0..<ids.count {
                        let key = PaletteColors.key(pixels[pixel * 4], pixels[pixel * 4 + 1], pixels[pixel * 4 + 2])
                        if key != lastKey || ids[pixel] != lastID {
                            lastKey = key
                            lastID = ids[pixel]
                            value = colors[Int(lastID)]?.radius(of: key) ?? 0
                        }
                        radius[pixel] = value
                    }
                }
            }
        }
    }
}
