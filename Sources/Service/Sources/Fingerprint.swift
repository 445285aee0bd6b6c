import Filesystem
import Glibc

/// Tells one version of a file from another without reading it.
struct Fingerprint: Hashable, Sendable {
    let inode: UInt64
    let size: Int
    /// Nanoseconds since 1970: of the content, and of content, name and rights.
    let modified: Int
    let changed: Int

    init(_ status: stat) {
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
    }

    /// Reads the form in the journal: four numbers with colons.
    init?(_ text: String) {
        let numbers = text.split(separator: ":").map { Int($0) }
        guard numbers.count == 4, let inode = numbers[0], let size = numbers[1], let modified = numbers[2],
            let changed = numbers[3]
        else { return nil }
        self.inode = UInt64(bitPattern: Int64(inode))
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    var text: String { "\(Int(bitPattern: UInt(inode))):\(size):\(modified):\(changed)" }

    /// Tells one content from another, as far as that is possible without reading it; the same for a copy that keeps its time.
    /// This is the value of the attribute `OriginalMark`.
    var contentText: String { "\(size):\(modified)" }

    /// Whether the content is the same; the file may have been renamed since.
    func hasSameContent(as other: Fingerprint) -> Bool {
        inode == other.inode && size == other.size && modified == other.modified
    }

    /// The version of a regular file in a folder; symbolic links are not followed.
    /// - Returns: nil where there is none.
    /// - Throws: `SystemError` where that cannot be told.
    static func of(_ name: Path, in folder: Folder) throws(SystemError) -> Fingerprint? {
        guard let status = try folder.status(name), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Fingerprint(status)
    }

    /// The version of the regular file at a path; symbolic links are not followed.
    /// - Returns: nil where there is none.
    /// - Throws: `SystemError` where that cannot be told.
    static func of(_ path: Path) throws(SystemError) -> Fingerprint? {
        var status = stat()
        guard path.withCString({ lstat($0, &status) }) == 0 else {
            let error = SystemError(path: path, code: errno)
            if error.leadsNowhere { return nil }
            throw error
        }
        return status.st_mode & S_IFMT == S_IFREG ? Fingerprint(status) : nil
    }

    static func of(descriptor: Int32) -> Fingerprint? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Fingerprint(status) : nil
    }
}
