import Foundation
import Media

/// A folder for one test's files, removed with this object.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("gif2video-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let url = URL(fileURLWithPath: path).appendingPathComponent(name)
        try Data(bytes).write(to: url)
        return url.path
    }
}

/// What another decoder makes of a GIF.
struct ReferenceFrames {
    /// R, G, B, A of each frame; R = G = B = 0 where A is 0.
    var pixels: [[UInt8]]
    /// Centiseconds.
    var durations: [Int]

    /// Decodes with ffmpeg; the durations are its demuxer's.
    static func ffmpeg(_ path: String, size: PixelSize) throws -> ReferenceFrames {
        let raw = try run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-fps_mode", "passthrough", "-"])
        let packets = try run(
            "/usr/bin/ffprobe",
            ["-v", "error", "-show_entries", "packet=duration", "-of", "default=nw=1:nk=1", path])
        let durations = String(decoding: packets, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
        return ReferenceFrames(pixels: split(raw, size: size), durations: durations)
    }

    /// Decodes with Pillow.
    static func pillow(_ path: String, size: PixelSize) throws -> ReferenceFrames {
        let script = """
            import sys
            from PIL import Image, ImageSequence
            image = Image.open(sys.argv[1])
            for frame in ImageSequence.Iterator(image):
                sys.stderr.write("%d\\n" % (frame.info.get("duration", 0) // 10))
                rgba = frame.convert("RGBA")
                sys.stdout.buffer.write(rgba.crop((0, 0, int(sys.argv[2]), int(sys.argv[3]))).tobytes())
            """
        let folder = try TemporaryFolder()
        let times = folder.path + "/times"
        let raw = try run(
            "/usr/bin/python3", ["-c", script, path, "\(size.width)", "\(size.height)"], errorsTo: times)
        let durations = try String(contentsOfFile: times, encoding: .utf8).split(separator: "\n").compactMap { Int($0) }
        return ReferenceFrames(pixels: split(raw, size: size), durations: durations)
    }

    private static func split(_ raw: [UInt8], size: PixelSize) -> [[UInt8]] {
        var raw = raw
        for alpha in stride(from: 3, to: raw.count, by: 4) where raw[alpha] == 0 {
            raw.replaceSubrange(alpha - 3..<alpha, with: [0, 0, 0])
        }
        return stride(from: 0, to: raw.count, by: size.area * 4).map {
            Array(raw[$0..<min($0 + size.area * 4, raw.count)])
        }
    }

    private static func run(_ tool: String, _ arguments: [String], errorsTo path: String? = nil) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        if let path {
            try Data().write(to: URL(fileURLWithPath: path))
            process.standardError = FileHandle(forWritingAtPath: path)
        }
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(data)
    }
}
