import Glibc

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a hidden file beside it; `commit` syncs and renames it. A dropped, uncommitted one removes its partial
/// file; a crash leaves only that.
public final class AtomicFile {
    public let path: String
    /// Where the bytes go until then.
    public let partialPath: String
    private let beforeRename: (_ partialPath: String) throws -> Void
    private var committed = false

    /// - Parameters:
    ///   - partialPath: in the same folder; nil: `.NAME.PID.partial`.
    ///   - beforeRename: called when the bytes are on disk and the file has not got its name yet, on the thread that
    ///     commits; what it throws keeps the file from getting its name.
    public init(
        path: String, partialPath: String? = nil,
        beforeRename: @escaping (_ partialPath: String) throws -> Void = { _ in }
    ) {
        self.path = path
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? ""
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        self.partialPath = partialPath ?? "\(folder).\(name).\(getpid()).partial"
        self.beforeRename = beforeRename
    }

    deinit {
        if !committed { unlink(partialPath) }
    }

    /// Gives the file its name, replacing an older one.
    /// - Throws: `OutputError.system`, and what `beforeRename` throws.
    public func commit() throws {
        try Self.sync(partialPath, output: path)
        try beforeRename(partialPath)
        guard rename(partialPath, path) == 0 else {
            throw OutputError.system(output: path, call: "rename", errno: errno)
        }
        committed = true
        // The name is on disk when the folder is.
        try Self.sync(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", output: path)
    }

    /// Waits until a file or folder is on disk, where the file system can do that.
    /// - Throws: `OutputError.system`.
    public static func sync(_ path: String, output: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputError.system(output: output, call: "open", errno: errno) }
        let synced = fsync(descriptor)
        let failure = errno
        close(descriptor)
        guard synced == 0 || failure == EINVAL else {
            throw OutputError.system(output: output, call: "fsync", errno: failure)
        }
    }
}
