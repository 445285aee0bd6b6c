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

    /// Bytes without end, after the first ones.
    private final class EndlessSource: ByteSource {
        private var bytes: ArraySlice<UInt8>
        private let pattern: [UInt8]
        private(set) var count = 0

        init(_ start: [UInt8], _ pattern: [UInt8]) {
            bytes = start[...]
            self.pattern = pattern
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            if bytes.isEmpty { bytes = pattern[...] }
            let part = bytes.prefix(buffer.count)
            buffer.copyBytes(from: part)
            bytes = bytes.dropFirst(part.count)
            count += part.count
            return part.count
        }
    }

    /// Data that can go on for ever without showing anything.
    enum Padding: CaseIterable {
        case nul, comments, oneComment, surplusData
    }

    /// A GIF of some frames whose padding begins behind them.
    private func padded(_ padding: Padding, frames: Int) -> EndlessSource {
        let image = GIFImage(width: 4, height: 4, index: 1).with { $0.delay = 5 }
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        for _ in 0..<frames { gif.image(image) }
        let block: [UInt8] = [3, 65, 65, 65]
        switch padding {
        case .nul: return EndlessSource(gif.bytes, [0])
        case .comments: return EndlessSource(gif.bytes, [0x21, 0xFE] + block + [0])
        case .oneComment: return EndlessSource(gif.bytes + [0x21, 0xFE], block)
        case .surplusData:
            gif.imageHeader(image)
            let data = LZWEncoder.encode(image.indices, codeSize: 8)
            return EndlessSource(gif.bytes + [UInt8(data.count)] + data, block)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Padding.allCases, [0, 2])
    func paddingWithoutEndIsGivenUp(padding: Padding, frames: Int) throws {
        var limits = DecodingLimits.standard
        limits.maxPadding = 5000
        let reason = GIFDecodingError.Reason.limitExceeded(
            "more than the limit of 5000 bytes without a pixel (--max-padding, limits.padding)")
        // The image whose data go on is complete.
        let count = padding == .surplusData ? frames + 1 : frames
        let decoded = padded(padding, frames: frames)
        let (pictures, error) = decode(decoded, limits: limits)
        #expect(error?.reason == reason && pictures.count == count)
        let scanned = padded(padding, frames: frames)
        do throws(GIFDecodingError) {
            let summary = try GIFScanner.scan(scanned, name: "test.gif", limits: limits)
            #expect(summary.defect?.reason == reason && summary.frameCount == count && count > 0)
        } catch {
            #expect(error.reason == reason && count == 0)
        }
        for source in [decoded, scanned] { #expect(source.count < 5400) }
    }

    @Test func paddingUpToTheLimitIsPassedOver() throws {
        let image = GIFImage(width: 4, height: 4, index: 1).with { $0.delay = 5 }
        func gif(padding: Int) -> [UInt8] {
            var gif = GIFWriter(width: 4, height: 4, palette: colors)
            gif.raw([UInt8](repeating: 0, count: padding))
            for _ in 0..<3 {
                gif.image(image)
                gif.raw([UInt8](repeating: 0, count: padding))
            }
            gif.trailer()
            return gif.bytes
        }
        var limits = DecodingLimits.standard
        limits.maxPadding = 5000
        // The graphic control takes 8 bytes, the header and the code size 11.
        for (padding, isSound) in [(5000 - 19, true), (5000 - 18, false)] {
            let bytes = gif(padding: padding)
            #expect((decode(bytes, limits: limits).error == nil) == isSound)
            let summary = try? GIFScanner.scan(ByteArraySource(bytes), name: "test.gif", limits: limits)
            #expect((summary?.frameCount == 3 && summary?.defect == nil) == isSound)
        }
    }

    /// However badly an encoder packs an image, its data are no padding.
    @Test func imageDataAreNoPadding() throws {
        var limits = DecodingLimits.standard
        limits.maxPadding = 1000
        for codeSize in 1...8 {
            let image = GIFImage(width: 100, height: 100, index: 1).with {
                $0.delay = 5
                $0.codeSize = codeSize
                $0.style = .uncompressed
            }
            var gif = GIFWriter(width: 100, height: 100, palette: colors)
            gif.imageHeader(image)
            // One byte in each sub-block.
            gif.imageData(LZWEncoder.encode(image.indices, codeSize: codeSize, style: .uncompressed), blockSize: 1)
            gif.trailer()
            #expect(decode(gif.bytes, limits: limits).error == nil)
            #expect(
                try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif", limits: limits).defect == nil)
        }
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
