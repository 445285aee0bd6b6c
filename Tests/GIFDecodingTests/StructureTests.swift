import GIFDecoding
import Media
import TestSupport
import Testing

/// Blocks between images, odd headers, and what stays in the source.
@Suite struct StructureTests {
    private let colors: [UInt8] = [255, 0, 0, 0, 255, 0]

    private func writer(width: Int = 2, height: Int = 2) -> GIFWriter {
        GIFWriter(width: width, height: height, palette: colors)
    }

    private func image(_ index: UInt8, delay: Int? = 5) -> GIFImage {
        GIFImage(width: 2, height: 2, index: index).with {
            $0.delay = delay
            $0.codeSize = 2
        }
    }

    @Test func extensionsAreSkipped() throws {
        var gif = writer()
        gif.extensionBlock(0xFE, [Array("hello".utf8), Array(repeating: 65, count: 255)])
        gif.extensionBlock(0xFE, [])
        gif.extensionBlock(0xFF, [])
        gif.extensionBlock(0xFF, [Array("XMP DataXMP".utf8), Array("<x:xmpmeta/>".utf8), [1, 255, 254]])
        gif.extensionBlock(0xFF, [Array("ICCRGBG1012".utf8), Array(repeating: 7, count: 200)])
        gif.extensionBlock(0xF9, [[0, 0]])
        gif.extensionBlock(0x42, [[1, 2, 3]])
        gif.image(image(1))
        gif.trailer()
        let (frames, error) = decode(gif.bytes)
        #expect(error == nil)
        #expect(frames.map(\.pixels) == [Array([0, 255, 0, 255].repeated(4))])
        #expect(frames.map(\.duration) == [5])
    }

    @Test func lastGraphicControlWins() {
        var gif = writer()
        gif.graphicControl(delay: 50, disposal: 2, transparentIndex: 0)
        gif.image(image(1, delay: 7))
        gif.trailer()
        #expect(decode(gif.bytes).frames.map(\.duration) == [7])
        #expect(decode(gif.bytes).frames[0].paletteMap.palettes[1]?.transparentIndex == nil)
    }

    @Test func plainTextConsumesGraphicControl() {
        var gif = writer()
        gif.graphicControl(delay: 50, transparentIndex: 1)
        gif.extensionBlock(0x01, [Array(repeating: 0, count: 12), Array("text".utf8)])
        gif.image(image(1, delay: nil))
        gif.trailer()
        let frames = decode(gif.bytes).frames
        #expect(frames.map(\.duration) == [10])
        #expect(frames[0].pixels == [0, 255, 0, 255].repeated(4))
    }

    @Test func graphicControlHoldsForOneImage() {
        var gif = writer()
        gif.image(image(1, delay: 7).with { $0.transparentIndex = 1 })
        gif.image(image(1, delay: nil))
        gif.trailer()
        let frames = decode(gif.bytes).frames
        #expect(frames.map(\.duration) == [7, 10])
        #expect(frames.map { $0.pixels[3] } == [0, 255])
    }

    @Test(arguments: ["NETSCAPE2.0", "ANIMEXTS1.0"])
    func loopCount(_ application: String) throws {
        var gif = writer()
        gif.loop(3, application: application)
        gif.loop(515, application: application)
        gif.extensionBlock(0xFF, [Array(application.utf8), [2, 0, 0, 0, 0]])
        gif.image(image(0))
        gif.trailer()
        let decoder = try GIFDecoder(source: ByteArraySource(gif.bytes), name: "test.gif")
        #expect(decoder.loopCount == nil)
        #expect(try decoder.next() != nil)
        #expect(decoder.loopCount == 515)
        #expect(try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif").loopCount == 515)
    }

    @Test func noLoopCount() throws {
        var gif = writer()
        gif.extensionBlock(0xFF, [Array("SOMETHING1.".utf8), [1, 5, 0]])
        gif.image(image(0))
        gif.trailer()
        let decoder = try GIFDecoder(source: ByteArraySource(gif.bytes), name: "test.gif")
        while try decoder.next() != nil {}
        #expect(decoder.loopCount == nil)
        #expect(decoder.globalPalette == Palette(rgb: colors))
    }

    @Test func emptyScreenTakesTheFirstImagesSize() throws {
        var gif = writer(width: 0, height: 0)
        gif.image(GIFImage(width: 3, height: 4, index: 1))
        gif.image(GIFImage(width: 9, height: 9, index: 0))
        gif.trailer()
        let (frames, error) = decode(gif.bytes)
        #expect(error == nil)
        #expect(frames.map(\.size) == Array(repeating: PixelSize(width: 3, height: 4), count: 2))
        let summary = try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif")
        #expect(summary.canvas == PixelSize(width: 3, height: 4))
    }

    @Test func imagesWithoutPixelsAreFrames() {
        var gif = writer()
        gif.image(image(1))
        gif.image(GIFImage(width: 0, height: 2, indices: []).with { $0.delay = 4 })
        gif.image(GIFImage(width: 2, height: 0, indices: []).with { $0.delay = 3 })
        gif.trailer()
        let (frames, error) = decode(gif.bytes)
        #expect(error == nil)
        #expect(frames.map(\.duration) == [5, 4, 3])
        #expect(frames.map(\.changed) == [PixelRect(x: 0, y: 0, width: 2, height: 2), .empty, .empty])
        #expect(frames[2].pixels == frames[0].pixels)
    }

    @Test func surplusPixelDataIsIgnored() {
        var gif = writer()
        gif.graphicControl(delay: 5)
        gif.imageHeader(image(1))
        gif.imageData(LZWEncoder.encode([1, 1, 1, 1, 0, 0, 0, 1, 0, 1], codeSize: 2), blockSize: 2)
        gif.image(image(0))
        gif.trailer()
        let (frames, error) = decode(gif.bytes)
        #expect(error == nil)
        #expect(frames.map { $0.pixels[0] } == [0, 255])
    }

    @Test(arguments: [[], [0], [0, 0, 0, 0, 0]] as [[UInt8]])
    func missingTrailerIsACleanEnd(_ padding: [UInt8]) throws {
        var gif = writer()
        gif.image(image(1))
        gif.raw(padding)
        gif.image(image(0))
        gif.raw(padding)
        let (frames, error) = decode(gif.bytes)
        #expect(error == nil)
        #expect(frames.count == 2)
        #expect(try GIFScanner.scan(ByteArraySource(gif.bytes), name: "test.gif").defect == nil)
    }

    @Test func bytesAfterTheTrailerStayInTheSource() throws {
        var gif = writer()
        gif.image(image(1))
        gif.trailer()
        let source = ByteArraySource(gif.bytes + gif.bytes + [1, 2, 3])
        #expect(decode(source).frames.count == 1)
        #expect(Array(source.remaining) == gif.bytes + [1, 2, 3])
        #expect(try GIFScanner.scan(source, name: "test.gif").frameCount == 1)
        #expect(Array(source.remaining) == [1, 2, 3])
    }

    @Test func zeroDelaysAmongOthersAreComposed() {
        let delays = [0, 5, 0, 0, 6, 0]
        let images = delays.enumerated().map { x, delay in
            GIFImage(width: 1, height: 1, index: 1).with {
                $0.x = x
                $0.delay = delay
            }
        }
        let (frames, error) = decode(GIFWriter.gif(width: 6, height: 1, palette: colors, images: images))
        #expect(error == nil)
        #expect(frames.map(\.duration) == [5, 6, 10])
        #expect(frames.map(\.start) == [0, 5, 11])
        #expect(
            frames.map { frame in (0..<6).filter { frame.pixels[$0 * 4 + 3] == 255 } } == [
                [0, 1], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5],
            ])
    }
}

extension Array {
    func repeated(_ count: Int) -> [Element] {
        (0..<count).flatMap { _ in self }
    }
}
