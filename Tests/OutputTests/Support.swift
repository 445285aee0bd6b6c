import Filesystem
import Foundation
import Glibc
import Media
import TestSupport
import Testing

@testable import Output

extension TemporaryFolder {
    /// A file of this name that grows beside its place.
    func staged(_ name: String) throws -> StagedFile {
        try StagedFile(#require(Path(text: path(name))))
    }

    /// A sink that creates a file of this name.
    func sink(_ name: String) throws -> ByteSink {
        let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(descriptor >= 0)
        return ByteSink(descriptor: descriptor, name: name, closes: true)
    }
}

extension EncoderTemplate {
    /// An encoder of Bash: `$0` is the output, `$1` and so on are further words. Most leave notes for the test outside their folder.
    static func bash(
        _ script: String, _ words: String..., verification: VideoVerification = .pictures, isConfined: Bool = false
    ) -> EncoderTemplate {
        EncoderTemplate(
            command: ["bash", "-c", script, "{output}"] + words, keepsAlpha: false, verification: verification,
            isConfined: isConfined)
    }

    /// The beginning of a script in which ffmpeg encodes pictures of 64 x 48.
    static let ffmpeg =
        "ffmpeg -v error -nostdin -f rawvideo -pixel_format rgb24 -video_size 64x48 -framerate 25 -i pipe:0"
}

extension VideoFileWriter {
    /// Writes random pictures of 64 x 48.
    func write(pictures: Int) throws {
        for index in 0..<pictures { try write(.random(width: 64, height: 48, seed: UInt64(index))) }
    }
}

/// Waits until a process has ended, whether or not somebody has waited for it.
func waitUntilEnded(_ process: Int32) throws {
    while let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        status.split(separator: ")").last?.hasPrefix(" Z") == false
    {
        usleep(10_000)
    }
}
