import GIFDecoding
import Media
import TestSupport
import Testing

/// Limits hold before anything is allocated, and memory does not grow with the number of frames.
@Suite struct LimitTests {
    private let colors: [UInt8] = [255, 0, 0, 0, 255, 0]

    private func limitText(_ bytes: [UInt8], _ limits: DecodingLimits = .standard) -> String? {
        if case .limitExceeded(let text) = decode(bytes, limits: limits).error?.reason { text } else { nil }
    }

    @Test func hugeCanvasFailsAtOnce() {
        let bomb = GIFWriter.gif(
            width: 65535, height: 65535, palette: nil, images: [GIFImage(width: 1, height: 1, index: 0)])
        #expect(
            limitText(bomb)
                == "a canvas of 65535x65535 pixels, more than the limit of 67108864 pixels (--max-megapixels, limits.megapixels)"
        )
        let limits = DecodingLimits(maxCanvasPixels: .max, maxFrames: nil, maxMemory: 1000)
        #expect(
            limitText(bomb, limits)
                == "a canvas of 65535x65535 pixels needs 103076069400 bytes of memory, more than the limit of 1000 "
                + "(--max-memory, limits.memory)")
        let empty = GIFWriter.gif(width: 0, height: 0, palette: nil, images: [GIFImage(width: 9, height: 9, index: 0)])
        #expect(
            limitText(empty, limits)
                == "a canvas of 9x9 pixels needs 1944 bytes of memory, more than the limit of 1000 "
                + "(--max-memory, limits.memory)")
    }

    @Test func hugeImageOnASmallCanvasFails() {
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        gif.image(GIFImage(width: 4, height: 4, index: 1))
        gif.imageHeader(GIFImage(width: 65535, height: 65535, indices: []))
        gif.imageData([0])
        let (frames, error) = decode(gif.bytes)
        #expect(frames.count == 1)
        #expect(
            error?.reason
                == .limitExceeded(
                    "an image of 65535x65535 pixels, more than the limit of 67108864 pixels (--max-megapixels, limits.megapixels)"
                ))
    }

    @Test func framesAreLimited() {
        let image = GIFImage(width: 4, height: 4, index: 1).with { $0.delay = 5 }
        let bytes = GIFWriter.gif(width: 4, height: 4, palette: colors, images: [image, image, image])
        var limits = DecodingLimits.standard
        limits.maxFrames = 3
        #expect(decode(bytes, limits: limits).frames.count == 3)
        #expect(decode(bytes, limits: limits).error == nil)
        limits.maxFrames = 2
        #expect(decode(bytes, limits: limits).frames.count == 2)
        #expect(limitText(bytes, limits) == "more frames than the limit of 2 (--max-frames, limits.frames)")
    }

    /// Of frames of 10 cs, as those without a delay are, too: ten fit a second.
    @Test(arguments: [10, nil, 0, 1]) func theTimeOfAGIFIsLimited(delay: Int?) throws {
        let image = GIFImage(width: 4, height: 4, index: 1).with { $0.delay = delay }
        var limits = DecodingLimits.standard
        limits.maxDuration = 1
        for (count, text) in [
            (10, nil), (11, "it plays for more than the limit of 1 s (--max-duration, limits.duration)"),
        ] {
            let images = [GIFImage](repeating: image, count: count)
            let bytes = GIFWriter.gif(width: 4, height: 4, palette: colors, images: images)
            // Once a delay was seen, images without one are parts of a frame.
            guard delay != 1 || count == 10 else { continue }
            let (frames, error) = decode(bytes, limits: limits)
            #expect(frames.count == 10)
            #expect(error?.reason == text.map { .limitExceeded($0) })
        }
    }

    @Test func aFrameThatEndsBeyondTheLimitIsNoFrame() {
        let images = [50, 51].map { delay in GIFImage(width: 4, height: 4, index: 1).with { $0.delay = delay } }
        var limits = DecodingLimits.standard
        limits.maxDuration = 1
        let (frames, error) = decode(
            GIFWriter.gif(width: 4, height: 4, palette: colors, images: images), limits: limits)
        #expect(frames.map(\.duration) == [50] && error != nil)
        limits.maxDuration = nil
        #expect(
            decode(GIFWriter.gif(width: 4, height: 4, palette: colors, images: images), limits: limits).frames.count
                == 2)
    }

    @Test func palettesOfAnEndlessStreamAreRecycled() throws {
        let source = PaletteStream(size: 32)
        let decoder = try GIFDecoder(source: source, name: "stream")
        var alive: [WeakPalette] = []
        for number in 0..<5000 {
            let frame = try #require(try decoder.next())
            #expect(frame.index == number)
            #expect(frame.paletteMap.palettes.count <= 17)
            alive.removeAll { $0.palette == nil }
            for palette in frame.paletteMap.palettes.compactMap(\.self)
            where !alive.contains(where: { $0.palette === palette }) {
                alive.append(WeakPalette(palette: palette))
            }
            // Some on the canvas, some that the frame before shows, some whose numbers nobody needed yet.
            #expect(alive.count <= 32)
            let painted = frame.paletteMap.palettes[Int(frame.paletteMap.ids[number % 3 == 2 ? 16 : 0])]
            #expect(painted?.rgb == source.palette(number))
        }
    }

    @Test func paletteNumbersRunOutWithAnError() throws {
        let columns = 256
        let images = (0..<columns * 257).map { number in
            GIFImage(width: 1, height: 1, index: 0).with {
                $0.x = number % columns
                $0.y = number / columns
                $0.palette = [UInt8(number & 255), UInt8(number >> 8 & 255), UInt8(number >> 16), 0, 0, 0]
                $0.delay = number == 0 ? 5 : 0
            }
        }
        let (frames, error) = decode(GIFWriter.gif(width: columns, height: 257, palette: nil, images: images))
        #expect(error?.reason == .limitExceeded("more than 65535 palettes on one canvas, which is the limit"))
        #expect(frames.map(\.duration) == [5])
    }

    private struct WeakPalette {
        weak var palette: Palette?
    }

    /// A GIF without end: each image has a local palette of its own and paints the left or the right half, or all.
    private final class PaletteStream: ByteSource {
        private let size: Int
        private var pending: ArraySlice<UInt8>
        private var number = 0

        init(size: Int) {
            self.size = size
            pending = GIFWriter(width: size, height: size).bytes[...]
        }

        func palette(_ number: Int) -> [UInt8] {
            [UInt8(number & 255), UInt8(number >> 8), 1, 3, 3, 3]
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            if pending.isEmpty {
                var gif = GIFWriter(width: 0, height: 0)
                let skipped = gif.bytes.count
                let width = number % 3 == 0 ? size : size / 2
                gif.image(
                    GIFImage(width: width, height: size, index: 0).with {
                        $0.x = number % 3 == 2 ? size / 2 : 0
                        $0.palette = palette(number)
                        $0.delay = 3
                        $0.disposal = number % 5 == 4 ? 3 : number % 7 == 6 ? 2 : 1
                    })
                pending = gif.bytes[skipped...]
                number += 1
            }
            let part = pending.prefix(buffer.count)
            buffer.copyBytes(from: part)
            pending = pending.dropFirst(part.count)
            return part.count
        }
    }
}
