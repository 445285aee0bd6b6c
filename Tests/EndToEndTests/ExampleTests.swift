import Foundation
import TestSupport
import Testing

/// Examples/ as its READMEs say.
@Suite(.serialized) struct ExampleTests {
    private static var environment: [String: String] {
        ["GIF2VIDEOD": Tool.gif2videod, "GIF2VIDEO": Tool.gif2video]
    }

    private func script(_ name: String) -> String {
        Tool.root.appendingPathComponent("Examples/\(name)/run").path
    }

    @Test func dropFolder() throws {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script("drop-folder"))
        process.arguments = [folder.path("place")]
        process.environment = ProcessInfo.processInfo.environment.merging(Self.environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.terminate() }
        try FileManager.default.createDirectory(
            atPath: folder.path("place/in/sub"), withIntermediateDirectories: true)
        _ = try folder.write(ExampleGIF.drifting(delays: [10, 10]), to: "place/in/sub/cat.gif")
        _ = try folder.write(Array("none".utf8), to: "place/in/bad.gif")
        let wanted = ["out/sub/cat.mp4", "in/done/sub/cat.gif", "in/failed/bad.gif", "in/failed/bad.gif.txt"]
        for _ in 0..<1200 {
            if wanted.allSatisfy({ FileManager.default.fileExists(atPath: folder.path("place/\($0)")) }) { return }
            usleep(100_000)
        }
        Issue.record("\(try FileManager.default.subpathsOfDirectory(atPath: folder.path("place")))")
    }

    @Test func ffmpegPipe() throws {
        let folder = try TemporaryFolder()
        let gifs = try ["a.gif", "b.gif"].map {
            try folder.write(ExampleGIF.drifting(delays: [20, 20]), to: $0)
        }
        let result = try Tool.run(
            script("ffmpeg-pipe"), [folder.path("out.mkv")] + gifs,
            environment: Self.environment)
        #expect(result.status == 0, "\(result.errors)")
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of",
                "default=nw=1:nk=1", folder.path("out.mkv"),
            ])
        #expect(String(decoding: probe.output, as: UTF8.self) == "640\n360\n20\n", "\(result.errors)")
    }

    /// On a fake device: first the card, then both frames of the GIF.
    @Test func webcam() throws {
        let device = try FakeCamera()
        try device.plug()
        let gif = try device.folder.write(ExampleGIF.drifting(delays: [10, 10]), to: "a.gif")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script("webcam"))
        process.arguments = [device.path, gif]
        process.environment = ProcessInfo.processInfo.environment.merging(Self.environment) { $1 }
            .merging(device.environment) { $1 }
        // 18 MB a second.
        process.environment?["FAKE_CAMERA_PICTURES"] = nil
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // The script, which inherits the blocked signals of this thread, ends with its daemon.
            _ = try? Tool.run("pkill", ["-P", "\(process.processIdentifier)"])
            process.waitUntilExit()
        }
        for _ in 0..<1200 {
            let shown = device.log.filter { $0.hasPrefix("picture") }.compactMap { $0.split(separator: " ").last }
            if Set(shown).count > 2 { break }
            usleep(100_000)
        }
        #expect(device.calls.contains("format 640x480 YUYV") && device.calls.contains("rate 30/1"))
        let shown = Set(device.log.filter { $0.hasPrefix("picture") }.compactMap { $0.split(separator: " ").last })
        #expect(shown.count > 2)
    }

    @Test func socketControl() throws {
        let folder = try TemporaryFolder()
        let gif = try folder.write(ExampleGIF.drifting(delays: [10, 10]), to: "a.gif")
        let result = try Tool.run(script("socket-control"), [gif], environment: Self.environment)
        let output = String(decoding: result.output, as: UTF8.self)
        #expect(result.status == 0, "\(result.errors)")
        #expect(output.contains("by-command.y4m") && output.contains("job done"), "\(output)")
    }
}
