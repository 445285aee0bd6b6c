import GIFDecoding
import Media
import TestSupport
import Testing

/// Damaged and hostile input: errors that say what and where, and no frame lost.
@Suite struct DefectTests {
    private let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]

    private func reason(_ bytes: [UInt8]) -> GIFDecodingError.Reason? {
        decode(bytes).error?.reason
    }

    @Test func noGIFAtAll() throws {
        #expect(reason([]) == .emptyInput)
        #expect(decode([]).error?.description == "test.gif: the input is empty")
        #expect(reason(Array("hello, world, this is no GIF".utf8)) == .notAGIF(nil))
        #expect(reason(Array("GIF89a".utf8) + [1, 0]) == .truncatedHeader)
        let gif = GIFWriter(width: 4, height: 4, palette: colors)
        #expect(reason(gif.bytes.dropLast()) == .truncatedHeader)
        #expect(reason(gif.bytes) == .noImages)
        #expect(reason(gif.bytes + [0x3B]) == .noImages)
        for bytes in [[], Array("hello, world".utf8), Array("GIF89a".utf8), gif.bytes, gif.bytes + [0x3B]] {
            let expected = try #require(decode(bytes).error)
            #expect(throws: expected) { try GIFScanner.scan(ByteArraySource(bytes), name: "test.gif") }
        }
    }

    @Test func unknownBlockEndsDecodingAfterTheFrames() throws {
        let image = GIFImage(width: 4, height: 4, index: 1)
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        gif.image(image)
        gif.raw([0x77])
        gif.image(image)
        let (frames, error) = decode(gif.bytes)
        #expect(frames.count == 1)
        #expect(error?.reason == .defect("unknown block type 119"))
        #expect(error?.frame == 1)
        #expect(try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif").defect?.reason == error?.reason)
    }

    @Test(arguments: [0, 9, 12, 255] as [UInt8])
    func codeSizesBeyond8AreDefects(_ codeSize: UInt8) throws {
        let image = GIFImage(width: 4, height: 4, index: 1)
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        gif.image(image)
        var bad = GIFWriter(width: 0, height: 0)
        let skipped = bad.bytes.count
        bad.imageHeader(image)
        gif.raw(bad.bytes[skipped...].dropLast() + [codeSize, 1, 0, 0])
        let (frames, error) = decode(gif.bytes)
        #expect(frames.count == 1)
        #expect(error?.reason == .defect("LZW code size \(codeSize), which must be 1 to 8"))
        #expect(error?.frame == 2)
        #expect(try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif").defect?.reason == error?.reason)
    }

    @Test func damagedImageDoesNotCostTheFramesAfterIt() throws {
        let image = GIFImage(width: 4, height: 4, index: 1).with {
            $0.codeSize = 2; $0.delay = 5
        }
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        gif.image(image)
        gif.graphicControl(delay: 6)
        gif.imageHeader(image)
        gif.imageData(LZWEncoder.encode([2, 2, 2, 2, 2, 2], codeSize: 2))
        gif.image(image.with { $0.indices = Array(repeating: 0, count: 16) })
        gif.trailer()
        let decoder = try GIFDecoder(source: ByteArraySource(gif.bytes), name: "test.gif")
        var frames: [Frame] = []
        let error = try #require(throws: GIFDecodingError.self) {
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(frames.map(\.duration) == [5, 6, 5])
        #expect(frames[1].pixels == [0, 0, 255, 255].repeated(6) + [0, 255, 0, 255].repeated(10))
        #expect(frames[1].changed == PixelRect(x: 0, y: 0, width: 4, height: 2))
        #expect(frames[2].pixels == [255, 0, 0, 255].repeated(16))
        #expect(error.reason == .defect("image data end before the image is complete"))
        #expect(error.frame == 2)
        #expect(throws: error) { try decoder.next() }
    }

    /// Its only frame, and the time of that, are the decoder's.
    @Test(arguments: [nil, 0, 1, 25] as [Int?], [4, 7, 11])
    func theScannerCountsAnImageThatIsCutOff(delay: Int?, dataBytes: Int) throws {
        let image = GIFImage(width: 4, height: 4, index: 1).with {
            $0.delay = delay; $0.style = .uncompressed
        }
        var gif = GIFWriter(width: 4, height: 4, palette: colors)
        if let delay { gif.graphicControl(delay: delay) }
        gif.imageHeader(image)
        // The length of the first sub-block, and some of it.
        let start = gif.bytes.count + 1
        gif.imageData(LZWEncoder.encode(image.fileOrder, codeSize: 8, style: .uncompressed))
        let cut = Array(gif.bytes[..<(start + dataBytes)])
        let (frames, error) = decode(cut)
        #expect(error?.reason == .truncated(block: "image data"))
        let summary = try GIFScanner.scan(ByteArraySource(cut), name: "test.gif")
        #expect(summary.imageCount == 1 && summary.defect?.reason == error?.reason)
        #expect(summary.delays.map(Int.init) == frames.map(\.duration) && frames.count == 1)
    }

    @Test func truncationKeepsTheRowsThatArrived() throws {
        let indices = (0..<16).map { UInt8($0 / 4) }
        let image = GIFImage(width: 4, height: 4, indices: indices).with {
            $0.delay = 5; $0.style = .uncompressed
        }
        let bytes = GIFWriter.gif(
            width: 4, height: 4, palette: colors,
            images: [
                image,
                image.with {
                    $0.isInterlaced = true; $0.indices.reverse()
                },
            ])
        // The trailer, the terminator, the end code and the last of 16 codes of 9 bits.
        let (frames, error) = decode(Array(bytes.dropLast(5)))
        #expect(error?.reason == .truncated(block: "image data"))
        #expect(error?.frame == 2)
        #expect(error?.description.hasPrefix("test.gif: frame 2, byte ") == true)
        try #require(frames.count == 2)
        // Rows 0, 2, 1 and a part of 3, in this order.
        let rows = frames[1].pixels.indices.filter { $0 % 16 == 0 }.map { Array(frames[1].pixels[$0..<$0 + 3]) }
        #expect(rows.prefix(3) == [[9, 9, 9], [0, 0, 255], [0, 255, 0]])
    }

    @Test func truncationAtEveryByteKeepsTheFramesBefore() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<6 {
            let scene = GIFScene.random(&random)
            let bytes = scene.bytes
            let whole = decode(bytes).frames
            for count in 0..<bytes.count {
                let (frames, _) = decode(Array(bytes[..<count]))
                // The last frame may be incomplete or not composed with what follows.
                #expect(frames.count <= whole.count + 1)
                for (frame, wanted) in zip(frames.dropLast(), whole) {
                    #expect(frame.pixels == wanted.pixels && frame.duration == wanted.duration)
                }
                _ = try? GIFScanner.scan(ByteArraySource(Array(bytes[..<count])), name: "test.gif")
            }
        }
    }

    @Test func randomMutationsNeitherCrashNorHang() {
        var random = SplitMix64(seed: 42)
        let limits = DecodingLimits(maxCanvasPixels: 1 << 16, maxFrames: 200, maxMemory: 1 << 22)
        var ends: Set<String> = []
        for _ in 0..<3000 {
            var bytes = GIFScene.random(&random).bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = .random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: position)
                default: bytes.insert(.random(in: 0...255, using: &random), at: position)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let (frames, error) = decode(bytes, limits: limits)
            #expect(frames.allSatisfy { $0.size.area <= limits.maxCanvasPixels && $0.duration >= 2 })
            #expect(frames.enumerated().allSatisfy { $0 == $1.index })
            #expect(error != nil || !frames.isEmpty)
            ends.insert(error.map { "\($0.reason)" } ?? "clean")
            _ = try? GIFScanner.scan(ByteArraySource(bytes), name: "test.gif")
        }
        // The mutations reach many parts of the decoder.
        #expect(ends.count > 10)
    }

    @Test func failedReadsAreReported() throws {
        let gif = GIFWriter.gif(width: 4, height: 4, palette: colors, images: [GIFImage(width: 4, height: 4, index: 1)])
        let failing = FailingSource(Array(gif.dropLast()))
        let (frames, error) = decode(failing)
        #expect(frames.count == 1)
        #expect(error?.reason == .unreadable(code: 5, text: "Input/output error"))
        #expect(error?.description.hasSuffix("cannot read: Input/output error") == true)
        #expect(throws: GIFDecodingError.self) { try GIFDecoder(source: FailingSource([]), name: "test.gif") }
        let summary = try GIFScanner.scan(FailingSource(Array(gif.dropLast())), name: "test.gif")
        #expect(summary.defect?.reason == error?.reason)
    }

    /// Some bytes, then EIO.
    private final class FailingSource: ByteSource {
        private let bytes: ByteArraySource

        init(_ bytes: [UInt8]) {
            self.bytes = ByteArraySource(bytes)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
            let count = bytes.read(into: buffer)
            if count == 0 { throw ByteSourceError(code: 5) }
            return count
        }
    }
}
