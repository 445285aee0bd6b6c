import Foundation
import GIFDecoding
import Media
import TestSupport
import Testing

/// Frames leave as soon as their bytes are there.
@Suite struct StreamingTests {
    private static let colors: [UInt8] = [255, 0, 0, 0, 255, 0]

    private static func image(_ number: Int, delay: Int?) -> [UInt8] {
        var gif = GIFWriter(width: 0, height: 0)
        let skipped = gif.bytes.count
        gif.image(
            GIFImage(width: 32, height: 32, index: UInt8(number & 1)).with {
                $0.delay = delay
                $0.x = number
            })
        return Array(gif.bytes[skipped...])
    }

    private static let header: [UInt8] = GIFWriter(width: 64, height: 32, palette: colors).bytes

    /// The next part of the GIF goes into the pipe only after the decoder returned the frame of the part before; a
    /// decoder that wanted one byte more would wait for ever.
    @Test(.timeLimit(.minutes(1))) func framesLeaveThePipeBeforeTheNextBytesArrive() throws {
        let pipe = Pipe()
        let input = pipe.fileHandleForWriting
        input.write(Data(Self.header))
        let source = FileDescriptorSource(descriptor: pipe.fileHandleForReading.fileDescriptor)
        let decoder = try GIFDecoder(source: source, name: "pipe")
        for number in 0..<20 {
            input.write(Data(Self.image(number, delay: 5)))
            let frame = try #require(try decoder.next())
            #expect(frame.index == number)
            #expect(frame.pixels[number * 4 + 1] == (number & 1 == 1 ? 255 : 0))
        }
        input.write(Data([0x3B, 1, 2, 3]))
        #expect(try decoder.next() == nil)
        var rest = [UInt8](repeating: 0, count: 8)
        #expect(try rest.withUnsafeMutableBytes { try source.read(into: $0) } == 3)
        #expect(rest.prefix(3) == [1, 2, 3])
    }

    /// An untimed GIF: the first image waits for the second one's header, all others leave at once.
    @Test(.timeLimit(.minutes(1))) func untimedFramesWaitOnlyOnce() throws {
        let pipe = Pipe()
        let input = pipe.fileHandleForWriting
        let decoder = try {
            input.write(Data(Self.header))
            return try GIFDecoder(
                source: FileDescriptorSource(descriptor: pipe.fileHandleForReading.fileDescriptor), name: "pipe")
        }()
        let second = Self.image(1, delay: nil)
        input.write(Data(Self.image(0, delay: nil) + second.prefix(11)))
        #expect(try decoder.next()?.index == 0)
        input.write(Data(second.dropFirst(11)))
        #expect(try decoder.next()?.index == 1)
        input.write(Data(Self.image(2, delay: nil)))
        #expect(try decoder.next()?.index == 2)
        input.closeFile()
        #expect(try decoder.next() == nil)
    }

    /// A whole picture without a delay waits for nothing; a tile waits for the header that says whether it is overlapped.
    @Test(.timeLimit(.minutes(1))) func onlyTilesWaitForTheNextHeader() throws {
        let pipe = Pipe()
        let input = pipe.fileHandleForWriting
        input.write(Data(Self.header))
        let source = FileDescriptorSource(descriptor: pipe.fileHandleForReading.fileDescriptor)
        let decoder = try GIFDecoder(source: source, name: "pipe")
        input.write(Data(Self.image(0, delay: 5)))
        #expect(try decoder.next()?.duration == 5)
        var whole = GIFWriter(width: 0, height: 0)
        let skipped = whole.bytes.count
        whole.image(GIFImage(width: 64, height: 32, index: 1).with { $0.delay = 0 })
        input.write(Data(whole.bytes[skipped...]))
        #expect(try decoder.next()?.duration == 10)
        let next = Self.image(31, delay: 7)
        // A graphic control of 8 bytes, then the header of 11.
        input.write(Data(Self.image(0, delay: 0) + next.prefix(8 + 11)))
        #expect(try decoder.next()?.duration == 10)
        input.write(Data(next.dropFirst(8 + 11)))
        #expect(try decoder.next()?.duration == 7)
    }

    @Test(.timeLimit(.minutes(1))) func byteByByteGivesTheSameFrames() {
        var random = SplitMix64(seed: 5)
        for _ in 0..<20 {
            let bytes = GIFScene.random(&random).bytes
            let whole = decode(bytes).frames
            let single = decode(SingleByteSource(bytes)).frames
            #expect(single.map(\.pixels) == whole.map(\.pixels))
            #expect(single.map(\.start) == whole.map(\.start))
        }
    }

    @Test func fileGivesTheSameFramesAsMemory() throws {
        let folder = try TemporaryFolder()
        var random = SplitMix64(seed: 6)
        let bytes = GIFScene.random(&random).bytes
        let path = try folder.write(bytes, to: "test.gif")
        let file = try #require(FileHandle(forReadingAtPath: path))
        let frames = decode(FileDescriptorSource(descriptor: file.fileDescriptor, bufferSize: 7)).frames
        #expect(frames.map(\.pixels) == decode(bytes).frames.map(\.pixels))
    }

    @Test func unreadableDescriptorIsAnError() throws {
        let error = try #require(throws: GIFDecodingError.self) {
            try GIFDecoder(source: FileDescriptorSource(descriptor: -1), name: "nothing")
        }
        #expect(error.reason == .unreadable(code: 9, text: "Bad file descriptor"))
    }

    private final class SingleByteSource: ByteSource {
        private let bytes: ByteArraySource

        init(_ bytes: [UInt8]) {
            self.bytes = ByteArraySource(bytes)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            bytes.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1]))
        }
    }
}
