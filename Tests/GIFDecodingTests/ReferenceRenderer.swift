import GIFDecoding
import Media
import TestSupport

/// A GIF to be written, and its frames as the rules say: rendered from the images themselves, pixel by pixel,
/// with nothing of the decoder in between.
struct GIFScene {
    var size: PixelSize
    var palette: [UInt8]?
    var backgroundIndex: UInt8 = 0
    var images: [GIFImage]

    var bytes: [UInt8] {
        GIFWriter.gif(
            width: size.width, height: size.height, palette: palette, backgroundIndex: backgroundIndex,
            images: images)
    }

    struct ExpectedFrame {
        var pixels: [UInt8]
        var palettes: [Palette?]
        var start: Int
        var duration: Int
    }

    /// Tells which images are frames: all but the tiles without a delay, told pixel by pixel.
    private var areFrames: [Bool] {
        var (isTimed, isUntimed) = (false, false)
        var parts: Set<Int> = []
        return images.indices.map { number in
            let image = images[number]
            let pixels = visiblePixels(image)
            let stays = image.delay == nil || [0, 1, 5].contains(image.disposal)
            let isTile = pixels.isEmpty || stays && pixels.count < size.area
            let next = number + 1 < images.count ? visiblePixels(images[number + 1]) : nil
            if image.delay ?? 0 == 0 && !isUntimed && isTile, let next,
                parts.union(pixels).isDisjoint(with: next)
            {
                parts.formUnion(pixels)
                return false
            }
            parts = []
            isTimed = isTimed || image.delay ?? 0 > 0
            isUntimed = !isTimed
            return true
        }
    }

    /// Numbers of the canvas's pixels that an image covers.
    private func visiblePixels(_ image: GIFImage) -> Set<Int> {
        Set(
            (0..<image.width * image.height).compactMap { position in
                let (x, y) = (image.x + position % image.width, image.y + position / image.width)
                return x < size.width && y < size.height ? y * size.width + x : nil
            })
    }

    var frames: [ExpectedFrame] {
        var pixels = [UInt8](repeating: 0, count: size.area * 4)
        var palettes = [Palette?](repeating: nil, count: size.area)
        var frames: [ExpectedFrame] = []
        var start = 0
        for (image, isFrame) in zip(images, areFrames) {
            let before = (pixels, palettes)
            let colors = image.palette ?? palette ?? [0, 0, 0, 255, 255, 255]
            let hasControl = image.delay != nil
            let transparent = hasControl ? image.transparentIndex.map(Int.init) : nil
            let painted = Palette(rgb: colors, transparentIndex: transparent)
            for (position, index) in image.indices.enumerated() where Int(index) != transparent {
                let x = image.x + position % image.width
                let y = image.y + position / image.width
                guard x < size.width && y < size.height else { continue }
                for channel in 0..<3 {
                    pixels[(y * size.width + x) * 4 + channel] =
                        Int(index) < painted.count ? colors[3 * Int(index) + channel] : 0
                }
                pixels[(y * size.width + x) * 4 + 3] = 255
                palettes[y * size.width + x] = painted
            }
            if isFrame {
                let delay = image.delay ?? 0
                let duration = delay < 2 ? 10 : delay
                frames.append(
                    ExpectedFrame(pixels: pixels, palettes: palettes, start: start, duration: duration))
                start += duration
            }
            switch hasControl ? image.disposal : 0 {
            case 2:
                for y in image.y..<max(image.y, min(image.y + image.height, size.height)) {
                    for x in image.x..<max(image.x, min(image.x + image.width, size.width)) {
                        let pixel = y * size.width + x
                        pixels.replaceSubrange(pixel * 4..<pixel * 4 + 4, with: [0, 0, 0, 0])
                        palettes[pixel] = nil
                    }
                }
            case 3, 4:
                (pixels, palettes) = before
            default:
                break
            }
        }
        return frames
    }
}

/// The smallest rectangle around the pixels in which two frames differ, by brute force.
func difference(_ a: GIFScene.ExpectedFrame, _ b: GIFScene.ExpectedFrame, size: PixelSize) -> PixelRect {
    (0..<size.area).reduce(.empty) { rect, pixel in
        let isSame =
            a.palettes[pixel] == b.palettes[pixel]
            && a.pixels[pixel * 4..<pixel * 4 + 4] == b.pixels[pixel * 4..<pixel * 4 + 4]
        return isSame
            ? rect : rect.union(PixelRect(x: pixel % size.width, y: pixel / size.width, width: 1, height: 1))
    }
}

/// All frames, and the error at the end if there is one.
func decode(
    _ source: some ByteSource, limits: DecodingLimits = .standard
) -> (frames: [Frame], error: GIFDecodingError?) {
    var frames: [Frame] = []
    do throws(GIFDecodingError) {
        let decoder = try GIFDecoder(source: source, name: "test.gif", limits: limits)
        while let frame = try decoder.next() { frames.append(frame) }
        return (frames, nil)
    } catch {
        return (frames, error)
    }
}

func decode(_ bytes: [UInt8], limits: DecodingLimits = .standard) -> (frames: [Frame], error: GIFDecodingError?) {
    decode(ByteArraySource(bytes), limits: limits)
}
