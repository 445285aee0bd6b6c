import CLinux
public import Glibc

/// An open folder. Every call on an entry is relative to the descriptor, so that it reaches the same folder even after that was
/// moved and something else has taken its name.
///
/// Immutable; any thread. The descriptor is closed with the last reference.
///
///     let root = try Folder("/srv/drop")                       // a configured path: its links are followed
///     let sub = try root.folder("by-day/monday")               // no link is followed, nothing leads out
///     try sub.move("cat.gif", to: try root.folder("done", creating: 0o777), "cat.gif")
public final class Folder: Sendable {
    /// Of the folder, for fstat(2) and for child processes.
    public let descriptor: Int32
    /// The folder's path when it was opened, for messages.
    public let path: Path

    private init(descriptor: Int32, path: Path) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// Opens a folder; symbolic links are followed.
    /// - Parameters:
    ///   - path: absolute, or relative to the working directory.
    ///   - mode: makes the folder, and those above it, with these permission bits where they are missing.
    /// - Throws: `SystemError`.
    public convenience init(_ path: Path, creating mode: UInt32? = nil) throws(SystemError) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        var descriptor = path.withCString { Glibc.open($0, flags) }
        if descriptor < 0, errno == ENOENT, let mode {
            try Self.make(path, mode)
            descriptor = path.withCString { Glibc.open($0, flags) }
        }
        // A folder that may be searched but not listed.
        if descriptor < 0, errno == EACCES {
            descriptor = path.withCString { Glibc.open($0, pathOnly | O_DIRECTORY | O_CLOEXEC) }
        }
        guard descriptor >= 0 else { throw SystemError(path: path, code: errno) }
        self.init(descriptor: descriptor, path: path)
    }

    private static func make(_ path: Path, _ mode: UInt32) throws(SystemError) {
        if path.withCString({ mkdir($0, mode) }) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/", path != "." else { throw SystemError(path: path, code: errno) }
        try make(path.folder, mode)
        guard path.withCString({ mkdir($0, mode) }) == 0 || errno == EEXIST else {
            throw SystemError(path: path, code: errno)
        }
    }

    /// Opens a folder below this one, without following any symbolic link and without leaving this folder.
    /// - Parameters:
    ///   - relative: "." is this folder.
    ///   - mode: makes the folders that are missing, with these permission bits.
    /// - Throws: `SystemError`; ELOOP where a part of the path is a link.
    public func folder(_ relative: Path, creating mode: UInt32? = nil) throws(SystemError) -> Folder {
        if relative == "." { return self }
        let flags = O_RDONLY | O_DIRECTORY
        do {
            return Folder(descriptor: try openBeneath(relative, flags), path: path.appending(relative))
        } catch let error where error.code == EACCES {
            // A folder that may be searched but not listed.
            let descriptor = try openBeneath(relative, pathOnly | O_DIRECTORY)
            return Folder(descriptor: descriptor, path: path.appending(relative))
        } catch {
            guard error.code == ENOENT, let mode else { throw error }
            return try makeFolders(relative, mode)
        }
    }

    private func makeFolders(_ relative: Path, _ mode: UInt32) throws(SystemError) -> Folder {
        var folder = self
        for component in relative.components {
            let made = component.withCString { mkdirat(folder.descriptor, $0, mode) } == 0
            guard made || errno == EEXIST else {
                throw SystemError(path: folder.path.appending(component), code: errno)
            }
            folder = try folder.folder(component)
        }
        return folder
    }

    /// Opens a file below this folder, without following any symbolic link and without leaving this folder.
    /// - Parameters:
    ///   - flags: as of open(2); O_CLOEXEC is added.
    ///   - mode: permission bits of a file that is created.
    /// - Returns: a descriptor that the caller closes.
    /// - Throws: `SystemError`; ELOOP where a part of the path is a link.
    public func open(_ relative: Path, _ flags: Int32, mode: UInt32 = 0o666) throws(SystemError) -> Int32 {
        try openBeneath(relative, flags, mode)
    }

    private func openBeneath(_ relative: Path, _ flags: Int32, _ mode: UInt32 = 0) throws(SystemError) -> Int32 {
        guard relative.leadsDown else { throw SystemError(path: path.appending(relative), code: EXDEV) }
        let opened = relative.withCString {
            clinux_open_beneath(descriptor, $0, flags | O_CLOEXEC, flags & O_CREAT != 0 ? mode : 0)
        }
        guard opened >= 0 else { throw SystemError(path: path.appending(relative), code: errno) }
        return opened
    }

    // MARK: Entries

    /// The status of an entry; a symbolic link's own.
    /// - Returns: nil where there is none.
    /// - Throws: `SystemError` where that cannot be told.
    public func status(_ name: Path) throws(SystemError) -> stat? {
        var status = stat()
        if name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 { return status }
        let error = SystemError(path: path.appending(name), code: errno)
        if error.isMissing { return nil }
        throw error
    }

    /// The names in it, without "." and "..", in no order.
    /// - Throws: `SystemError`.
    public func names() throws(SystemError) -> [Path] {
        // A descriptor of its own, as its position moves.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw SystemError(path: path, code: errno) }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw SystemError(path: path, code: code)
        }
        defer { closedir(stream) }
        var names: [Path] = []
        errno = 0
        while let entry = readdir(stream) {
            // Every name fits: it has at most 255 bytes.
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if let name = Path(bytes: bytes), name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError(path: path, code: errno) }
        return names
    }

    /// Gives an entry another folder and name.
    /// - Parameter replacing: whether an entry that has the name is replaced.
    /// - Throws: `SystemError`; EEXIST where the name is taken and not replaced.
    public func move(_ name: Path, to folder: Folder, _ newName: Path, replacing: Bool = false) throws(SystemError) {
        let status = name.withCString { old in
            newName.withCString { new in
                replacing
                    ? renameat(descriptor, old, folder.descriptor, new)
                    : clinux_rename_new(descriptor, old, folder.descriptor, new)
            }
        }
        guard status == 0 else { throw SystemError(path: folder.path.appending(newName), code: errno) }
    }

    /// Exchanges two entries' names, in one step.
    /// - Throws: `SystemError`; EINVAL where the file system cannot.
    public func exchange(_ name: Path, with other: Folder, _ otherName: Path) throws(SystemError) {
        let status = name.withCString { a in
            otherName.withCString { b in clinux_exchange(descriptor, a, other.descriptor, b) }
        }
        guard status == 0 else { throw SystemError(path: other.path.appending(otherName), code: errno) }
    }

    /// Removes a file, or a link.
    /// - Throws: `SystemError`.
    public func remove(_ name: Path) throws(SystemError) {
        guard name.withCString({ unlinkat(descriptor, $0, 0) }) == 0 else {
            throw SystemError(path: path.appending(name), code: errno)
        }
    }

    /// Removes a file, or a folder with all that is in it; links are removed, not followed. Leaves whatever cannot be removed.
    public func removeTree(_ name: Path) {
        if name.withCString({ unlinkat(descriptor, $0, 0) }) == 0 { return }
        // An empty folder goes without being opened.
        if name.withCString({ unlinkat(descriptor, $0, AT_REMOVEDIR) }) == 0 { return }
        guard let folder = try? folder(name) else { return }
        for entry in (try? folder.names()) ?? [] { folder.removeTree(entry) }
        _ = name.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) }
    }

    /// Waits until the entries' names are on disk, where the file system can do that.
    /// - Throws: `SystemError`.
    public func sync() throws(SystemError) {
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EBADF else {
            throw SystemError(path: path, code: errno)
        }
    }
}

/// O_PATH, which Glibc hides behind _GNU_SOURCE.
private let pathOnly: Int32 = clinux_o_path()
