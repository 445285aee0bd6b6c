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

/// Another decoder at work on a GIF, as a child process that writes raw frames into a pipe.
final class ReferenceDecoder {
    private let process = Process()
    private let output = Pipe()
    private let frameBytes: Int

    static func ffmpeg(_ path: String, size: PixelSize) throws -> ReferenceDecoder {
        try ReferenceDecoder(
            "/usr/bin/ffmpeg",
            ["-v", "quiet", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-fps_mode", "passthrough", "-"], size)
    }

    static func pillow(_ path: String, size: PixelSize) throws -> ReferenceDecoder {
        let script = """
            import sys
            from PIL import Image, ImageSequence
            size = (0, 0, int(sys.argv[2]), int(sys.argv[3]))
            try:
                for frame in ImageSequence.Iterator(Image.open(sys.argv[1])):
                    sys.stdout.buffer.write(frame.convert("RGBA").crop(size).tobytes())
            except (OSError, SyntaxError, EOFError):
                pass
            """
        return try ReferenceDecoder(
            "/usr/bin/python3", ["-c", script, path, "\(size.width)", "\(size.height)"], size)
    }

    private init(_ tool: String, _ arguments: [String], _ size: PixelSize) throws {
        frameBytes = size.area * 4
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
    }

    deinit {
        output.fileHandleForReading.closeFile()
        process.waitUntilExit()
    }

    /// R, G, B, A of the next frame; R = G = B = 0 where A is 0. nil at the end.
    func next() throws -> [UInt8]? {
        try nextData().map(Self.cleared)
    }

    /// Whether the next frame has these pixels; nil at the end.
    func nextEquals(_ pixels: [UInt8]) throws -> Bool? {
        try nextData().map { $0 == Data(pixels) || Self.cleared($0) == pixels }
    }

    private func nextData() throws -> Data? {
        var data = Data()
        while data.count < frameBytes {
            guard let part = try output.fileHandleForReading.read(upToCount: frameBytes - data.count), !part.isEmpty
            else { return nil }
            data += part
        }
        return data
    }

    /// The pixels with their color cleared where they are transparent.
    private static func cleared(_ data: Data) -> [UInt8] {
        var frame = Array(data)
        frame.withUnsafeMutableBytes { bytes in
            let pixels = bytes.bindMemory(to: UInt32.self)
            for index in pixels.indices where pixels[index] & 0xFF00_0000 == 0 { pixels[index] = 0 }
        }
        return frame
    }

    /// The durations that ffmpeg's demuxer gives the images of a GIF, in centiseconds.
    static func durations(_ path: String) throws -> [Int] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/ffprobe")
        process.arguments = ["-v", "error", "-show_entries", "packet=duration", "-of", "default=nw=1:nk=1", path]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").compactMap { Int($0) }
    }
}
