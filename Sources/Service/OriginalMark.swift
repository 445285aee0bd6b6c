import CLinux
import Filesystem
import Glibc
import Output

/// The extended attribute of a finished video that says which GIF it was made of: size and time of change, as
/// `Fingerprint.contentText` has them. It lets a daemon that lost its journal recognize its videos.
enum OriginalMark {
    private static let name = "user.gif2video.original"

    /// Marks a video. File systems without extended attributes take none, which costs nothing but the recognition.
    static func set(_ original: Fingerprint, onSealed file: StagedFile) {
        guard let descriptor = try? file.staging.open(file.growingName, O_RDONLY | O_NONBLOCK) else { return }
        defer { close(descriptor) }
        _ = clinux_set_attribute(descriptor, name, original.contentText)
    }

    /// The mark of the regular file at a path; nil where it has none.
    static func of(_ path: Path) -> String? {
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = clinux_attribute(descriptor, name, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
