import Configuration
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
        reader = try PipeReader(PipeSource(path: folder.path("sub/pipe")))
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

    @Test func theNextGIFIsFound() throws {
        try write(Array("rubbish GIF88a GIFGIF89a and more".utf8))
        #expect(try reader.waitForBytes(stop, seconds: 5) == .bytes)
        reader.skipToNextGIF(stop)
        #expect(try rest() == Array("GIF89a and more".utf8))
    }

    @Test func stoppingEndsARead() throws {
        let writer = try #require(FileHandle(forUpdatingAtPath: folder.path("sub/pipe")))
        let thread = NamedThread("stopper") { [stop] in
            usleep(50_000)
            stop.raise()
        }
        #expect(try rest().isEmpty)
        #expect(try reader.waitForBytes(stop, seconds: 5) == .stopped)
        thread.join()
        try writer.close()
    }

    @Test func whatIsNoFIFOIsRefused() throws {
        let path = try folder.write([1], to: "file")
        #expect(throws: Files.Failure.self) { try PipeReader(PipeSource(path: path)) }
    }
}
