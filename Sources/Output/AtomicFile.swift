import Glibc

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a hidden file beside it (`.NAME.PID.partial`); `commit` syncs and renames it. A dropped,
/// uncommitted one removes its partial file; a crash leaves only that.
public final class AtomicFile {
    public let path: String
    /// Where the bytes go until then.
    public let partialPath: String
    private var committed = false

    public init(path: String) {
        self.path = path
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? ""
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        partialPath = "\(folder).\(name).\(getpid()).partial"
    }

    deinit {
        if !committed { unlink(partialPath) }
    }

    /// Gives the file its name, replacing an older one.
    /// - Throws: `OutputError.system`.
    public func commit() throws {
        let descriptor = open(partialPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputError.system(output: path, call: "open", errno: errno) }
        let synced = fsync(descriptor)
        let failure = errno
        close(descriptor)
        guard synced == 0 || failure == EINVAL else {
            throw OutputError.system(output: path, call: "fsync", errno: failure)
        }
        guard rename(partialPath, path) == 0 else {
            throw OutputError.system(output: path, call: "rename", errno: errno)
        }
        committed = true
    }
}
