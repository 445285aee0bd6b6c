import Foundation
import TestSupport
import Testing

/// Pipes in, pipes out, and what is played on them.
@Suite(.serialized) struct LiveTests {
    private static let size = 48 * 32 * 3

    private func write(_ bytes: [UInt8], to daemon: DaemonProcess) throws {
        let pipe = try daemon.openPipe()
        try pipe.write(contentsOf: bytes)
        try pipe.close()
    }

    /// Reads so many bytes from a file handle; waits for them.
    private func read(_ count: Int, _ handle: FileHandle) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = handle.readData(ofLength: count - bytes.count)
            try #require(!more.isEmpty, "the stream ended after \(bytes.count) of \(count) bytes")
            bytes += more
        }
        return bytes
    }

    private func names(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    @Test func everyGIFOfAPipeBecomesAFile() throws {
        let daemon = try DaemonProcess.started(PipeStream.configuration(encoder: "rgb24"))
        let out = "\(daemon.state)/out"
        // Two from one writer, then one from another.
        try write(ExampleGIF.drifting(frames: 2) + ExampleGIF.drifting(frames: 3), to: daemon)
        try write(ExampleGIF.drifting(frames: 4), to: daemon)
        try daemon.waitUntil("three files") { names(out).count == 3 }
        // A writer that stops half-way loses its own GIF only; rubbish is passed over.
        let pieces = ExampleGIF.pieces(delays: [4, 4, 4])
        try write(pieces[0] + pieces[1] + pieces[2].prefix(20), to: daemon)
        try daemon.waitUntil("its first frame") { names(out).count == 4 }
        try write(Array("rubbish".utf8) + ExampleGIF.drifting(frames: 5), to: daemon)
        try daemon.waitUntil("the last") { names(out).count == 5 && !names(out).contains { $0.hasPrefix(".") } }
        let sizes = try names(out).map { name -> Int in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(out)/\(name)"))
            return bytes.count / Self.size
        }
        #expect(sizes.sorted() == [2, 2, 3, 4, 5] || sizes.sorted() == [1, 2, 3, 4, 5], "\(sizes)")
        #expect(daemon.stop() == 0)
    }

    /// Every picture leaves before the next frame's bytes come; readers come and go.
    @Test func eachFrameFromAPipeLeavesBeforeTheNextComes() throws {
        let daemon = try DaemonProcess.started(
            PipeStream.configuration(sink: "sink = \"fifo\"\nfifo = \"video\"\nformat = \"rgb24\"\nsize = \"48x32\""))
        let output = "\(daemon.state)/video"
        try daemon.waitUntil("the FIFO") { FileManager.default.fileExists(atPath: output) }
        for _ in 0..<2 {
            let reader = try #require(FileHandle(forReadingAtPath: output))
            let writer = try daemon.openPipe()
            let pieces = ExampleGIF.pieces(delays: [Int](repeating: 4, count: 5))
            try writer.write(contentsOf: pieces[0])
            for piece in pieces[1...5] {
                try writer.write(contentsOf: piece)
                _ = try read(Self.size, reader)
            }
            try writer.write(contentsOf: pieces[6])
            // A GIF of another size, letterboxed into the canvas that stays.
            try writer.write(contentsOf: ExampleGIF.drifting(width: 20, height: 30, delays: [4]))
            _ = try read(Self.size, reader)
            try writer.close()
            try reader.close()
            try daemon.waitUntil("nobody reads") {
                String(decoding: try daemon.command("streams").output, as: UTF8.self).contains("nobody reads")
            }
        }
        #expect(daemon.stop() == 0)
    }

    @Test func playShowsAGIFOnceRepeatedlyOrAtOnce() throws {
        let daemon = try DaemonProcess.started(
            """
            [[stream]]
            name = "live"
            source = "submitted"
            sink = "fifo"
            fifo = "video"
            format = "rgb24"
            rate = "25"
            profile = "none"
            background = "black"
            """)
        let output = "\(daemon.state)/video"
        let first = try daemon.folder.write(ExampleGIF.drifting(frames: 3), to: "first.gif")
        let second = try daemon.folder.write(
            GIFWriter.gif(
                width: 48, height: 32, palette: [255, 0, 0, 0, 255, 0],
                images: [GIFImage(width: 48, height: 32, index: 1).with { $0.delay = 8 }]), to: "second.gif")
        try daemon.waitUntil("the FIFO") { FileManager.default.fileExists(atPath: output) }
        #expect(try daemon.command("play", "--stream", "live", first).status == 0)
        let reader = try #require(FileHandle(forReadingAtPath: output))
        _ = try read(3 * Self.size, reader)
        // Again and again, until something else is to be shown.
        #expect(try daemon.command("play", "--stream", "live", "--loop", first).status == 0)
        _ = try read(30 * Self.size, reader)
        #expect(try daemon.command("play", "--stream", "live", "--now", second).status == 0)
        var greens = 0
        for _ in 0..<500 where greens < 2 {
            if try read(Self.size, reader).prefix(3) == [0, 255, 0] { greens += 1 }
        }
        #expect(greens == 2)
        // A job of the stream is shown, too, and is done then.
        let reading = Thread { while let more = try? reader.read(upToCount: 65536), !more.isEmpty {} }
        reading.start()
        #expect(try daemon.command("submit", "--wait", "--stream", "live", first).status == 0)
        #expect(daemon.stop() == 0)
    }

    /// gif2videod --stdout | ffmpeg -i - ...
    @Test func standardOutputIsOneVideo() throws {
        let pipe = Pipe()
        let daemon = try DaemonProcess(
            """
            [[stream]]
            name = "show"
            source = "folder"
            folder = "in"
            settle = 0.2
            output = "unused"
            rate = "25"
            profile = "none"
            """, arguments: ["--stdout"])
        daemon.standardOutput = pipe.fileHandleForWriting
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/in", withIntermediateDirectories: true)
        for (name, frames) in [("a", 3), ("b", 4)] {
            try Data(ExampleGIF.drifting(frames: frames)).write(
                to: URL(fileURLWithPath: "\(daemon.state)/in/\(name).gif"))
        }
        try Data(ExampleGIF.drifting(width: 100, height: 10, delays: [4, 4])).write(
            to: URL(fileURLWithPath: "\(daemon.state)/in/c.gif"))
        let encoder = Process()
        encoder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        encoder.arguments = ["ffmpeg", "-v", "error", "-i", "-", "-f", "framehash", daemon.folder.path("hashes")]
        encoder.standardInput = pipe.fileHandleForReading
        try encoder.run()
        try daemon.start()
        try pipe.fileHandleForWriting.close()
        try daemon.waitUntilReady()
        try daemon.waitUntil("all are shown") {
            String(decoding: try daemon.command("stats").output, as: UTF8.self).contains(#/show +3 +0/#)
        }
        #expect(daemon.stop() == 0)
        encoder.waitUntilExit()
        #expect(encoder.terminationStatus == 0)
        let hashes = String(decoding: try daemon.folder.read("hashes"), as: UTF8.self)
        #expect(hashes.split(separator: "\n").count { $0.hasPrefix("0,") } == 9)
    }

    /// A reader that has enough ends the daemon, quietly.
    @Test func theDaemonEndsWithTheReaderOfItsOutput() throws {
        let pipe = Pipe()
        let daemon = try DaemonProcess(nil, arguments: ["--stdout"])
        daemon.standardOutput = pipe.fileHandleForWriting
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/drop", withIntermediateDirectories: true)
        try Data(ExampleGIF.drifting(frames: 50)).write(to: URL(fileURLWithPath: "\(daemon.state)/drop/a.gif"))
        try daemon.start()
        try pipe.fileHandleForWriting.close()
        _ = try read(100, pipe.fileHandleForReading)
        try pipe.fileHandleForReading.close()
        try daemon.waitUntil("it ends", seconds: 60) { !daemon.isRunning }
        #expect(!daemon.log.contains("error"), "\(daemon.log)")
    }
}
