import CLinux
import Filesystem
import Glibc
import Output

/// The extended attribute of a finished video that says which GIF it was made of: size and time of change of the GIF, as
/// `Fingerprint.contentText` has them, and of the video itself. It lets a daemon that lost its journal recognize its videos.
///
/// It counts only on a file of the daemon's own user that has not changed since: nobody else can have made it.
enum OriginalMark {
    private static let name = "user.gif2video.original"

    /// Marks a complete video before it is sealed. A file system without extended attributes takes no mark: such videos are not
    /// recognized.
    static func set(_ original: Fingerprint, onComplete file: StagedFile) {
        guard let descriptor = try? file.staging.open(file.growingName, O_RDONLY | O_NONBLOCK) else { return }
        defer { close(descriptor) }
        set(original, descriptor)
    }

    /// Marks a video that has its name, and stays as it is while its original changed its time.
    /// - Parameter video: the file that is marked; another one of that name is left alone.
    static func set(_ original: Fingerprint, on path: Path, _ video: Fingerprint) {
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if Fingerprint.of(descriptor: descriptor)?.hasSameContent(as: video) == true { set(original, descriptor) }
    }

    private static func set(_ original: Fingerprint, _ descriptor: Int32) {
        guard let video = Fingerprint.of(descriptor: descriptor) else { return }
        _ = clinux_set_attribute(descriptor, name, "\(original.contentText) \(video.contentText)")
    }

    /// The GIF that the regular file at a path was made of, as `Fingerprint.contentText`; nil where that is not known.
    static func of(_ path: Path) -> String? {
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            return nil
        }
        var buffer = [CChar](repeating: 0, count: 128)
        let count = clinux_attribute(descriptor, name, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let words = String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count == 2, words[1] == Fingerprint(status).contentText else { return nil }
        return String(words[0])
    }
}
