import GIFDecoding
import TestSupport
import Testing

/// Files of other kinds are named by their first bytes.
@Suite struct ForeignFormatTests {
    private static let files: [(ForeignFormat, start: [UInt8], words: String)] = [
        (.webp, Array("RIFF".utf8) + [0x24, 9, 0, 0] + Array("WEBPVP8X".utf8), "a WebP image"),
        (.png, [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8), "a PNG image"),
        (.avif, [0, 0, 0, 0x20] + Array("ftypavif".utf8) + [0, 0, 0, 0], "an AVIF image"),
        (.avif, [0, 0, 0, 0x2C] + Array("ftypavis".utf8) + [0, 0, 0, 0], "an AVIF image"),
        (.heif, [0, 0, 0, 0x18] + Array("ftypheic".utf8) + [0, 0, 0, 0], "a HEIF image"),
        (.mp4, [0, 0, 0, 0x20] + Array("ftypisom".utf8) + [0, 0, 2, 0], "an MP4 video"),
        (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10] + Array("JFIF".utf8) + [0, 1], "a JPEG image"),
        (.matroska, [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86, 0x81, 1, 0x42], "a Matroska or WebM video"),
        (.html, Array("<!DOCTYPE html><html>".utf8), "a web page"),
        (.html, Array("\n<html lang=\"en\">".utf8), "a web page"),
    ]

    @Test(arguments: files.indices) func theDecoderAndTheScannerNameIt(index: Int) throws {
        let (format, start, words) = Self.files[index]
        let file = start + [UInt8](repeating: 7, count: 50)
        let error = try #require(decode(file).error)
        #expect(error.reason == .notAGIF(format))
        #expect("\(error)".hasPrefix("test.gif: ") && "\(error)".contains("not a GIF but \(words)"), "\(error)")
        #expect(throws: error) { try GIFScanner.scan(ByteArraySource(file), name: "test.gif") }
    }

    @Test func everyKindIsTested() {
        #expect(Set(Self.files.map(\.0)) == Set(ForeignFormat.allCases))
    }

    /// Sounds are RIFF files, too.
    @Test(arguments: ["RIFF\u{24}\u{9}\u{0}\u{0}WAVEfmt ", "hello, world", "<svg xmlns=", "RIFF", "RIFF12"])
    func othersAreNotNamed(text: String) {
        let bytes = Array(text.utf8)
        #expect(ForeignFormat(start: bytes) == nil)
        #expect(decode(bytes).error?.reason == (bytes.count < 6 ? .truncatedHeader : .notAGIF(nil)))
    }

    /// A pipe's next GIF is looked for behind rubbish, and may begin there.
    @Test func noByteIsTakenThatDoesNotHelp() {
        let source = ByteArraySource(Array("\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}GIF89a".utf8))
        #expect(throws: GIFDecodingError.self) { try GIFDecoder(source: source, name: "pipe") }
        #expect(source.remaining.elementsEqual("GIF89a".utf8))
    }
}
