import Configuration
import Filesystem
import Foundation
import TestSupport
import Testing
import Threads

@testable import Service

@Suite struct PipeReaderTests {
    private let folder: TemporaryFolder
    private let reader: PipeReader
    private let stop = StopSignal()

    init() throws {
        folder = try TemporaryFolder()
        reader = try PipeReader(PipeSource(path: #require(Path(text: folder.path("sub/pipe")))))
    }

    private func write(_ bytes: [UInt8]) throws {
        let file = try #require(FileHandle(forWritingAtPath: folder.path("sub/pipe")))
        try file.write(contentsOf: bytes)
        try file.close()
    }

    /// Everything up to the end of this writer.
    private func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 3)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0, stop) }
            if count == 0 { return all }
            all += buffer[0..<count]
        }
    }

    @Test func writersComeAndGo() throws {
        #expect(try reader.waitForBytes(stop, seconds: 0.01) == .woken)
        for text in ["one", "and another"] {
            try write(Array(text.utf8))
            #expect(try reader.waitForBytes(stop, seconds: 5) == .bytes)
            #expect(try rest() == Array(text.utf8))
            #expect(reader.isAtEnd)
            #expect(try reader.waitForBytes(stop, seconds: 0.01) == .woken)
        }
    }

    @Test func theNextGIFIsFoundBehindRubbish() throws {
        try write(Array("rubbish GIF88a GIFGIF89a and more".utf8))
        #expect(try reader.waitForBytes(stop, seconds: 5) == .bytes)
        reader.skipToNextGIF(stop)
        #expect(try rest() == Array("GIF89a and more".utf8))
    }

    @Test func stoppingEndsARead() throws {
        let writer = try #require(FileHandle(forUpdatingAtPath: folder.path("sub/pipe")))
        let thread = try NamedThread("stopper") { [stop] in
            usleep(50_000)
            stop.raise()
        }
        #expect(try rest().isEmpty)
        #expect(try reader.waitForBytes(stop, seconds: 5) == .stopped)
        thread.join()
        try writer.close()
    }

    @Test func onlyFIFOsAreOpened() throws {
        let file = try #require(Path(text: folder.write([1], to: "file")))
        #expect(throws: SystemError(path: file, code: ENOTSUP)) { try PipeReader(PipeSource(path: file)) }
    }

    /// A link could lead to anything, be it to another's FIFO.
    @Test(arguments: [O_RDONLY, O_WRONLY]) func aFIFOIsNotOpenedThroughALink(access: Int32) throws {
        for target in ["sub/pipe", "file"] {
            _ = try folder.write([1], to: "file")
            symlink(folder.path(target), folder.path("link"))
            let link = try #require(Path(text: folder.path("link")))
            #expect(throws: SystemError(path: link, code: ENOTSUP)) { try FIFO.open(link, access, mode: 0o600) }
            unlink(folder.path("link"))
        }
        #expect(try folder.read("file") == [1])
    }
}
