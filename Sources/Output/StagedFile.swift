public import Filesystem
public import Glibc
import Threads

/// A file that grows in a private folder beside its place, and appears under its name when it is complete.
///
/// The private folder (`staging`) belongs to this process's user, and only this user may enter it: others who may write into the
/// folder around it cannot exchange the growing file. It is the working directory of encoders, so that all else that they write
/// vanishes with it. A crash leaves the private folder and nothing else. One thread at a time.
///
///     let file = try StagedFile(in: folder, name: "cat.mp4", stagingName: ".gif2videod-12-1.partial")
///     let descriptor = try file.create()
///     ...                                    // write and close
///     try file.seal()                        // the bytes are on disk
///     try file.publish()                     // and have their name
public final class StagedFile {
    /// The folder of the finished file, and its name there.
    public let folder: Folder
    public let name: Path
    /// The private folder, and its name in `folder`.
    public let staging: Folder
    public let stagingName: Path
    /// The name of the growing file in `staging`: letters and digits, with the finished file's extension where that has no
    /// others.
    public let growingName: Path
    /// The key of the private folder among the unfinished outputs; nil where somebody else removes it.
    private var key: Int?
    private var isSealed = false

    private static let counter = Monitor(0)

    /// Makes the private folder; one of that name that an earlier attempt left is removed first.
    /// - Parameter stagingName: its name, which gets a number where something else has it.
    /// - Throws: `SystemError`.
    public init(in folder: Folder, name: Path, stagingName: Path) throws(SystemError) {
        self.folder = folder
        self.name = name
        growingName = Self.growingName(name)
        (staging, self.stagingName, key) = try UnfinishedOutputs.makeFolder(in: folder, stagingName)
    }

    /// A file of this process, at a path whose links are followed, but for the last part: a link there is replaced, as an
    /// older file is.
    /// - Throws: `SystemError`; `OutputError.unsupported` where the path leads to something that is no regular file, such as
    ///   a device or a FIFO, which a file would replace.
    public convenience init(_ path: Path) throws {
        try Self.requireReplaceable(path)
        let number = Self.counter.update { count in
            count += 1
            return count
        }
        // Digits and letters are a path.
        let stagingName = Path(text: ".gif2video-\(getpid())-\(number).partial") ?? ".gif2video.partial"
        try self.init(in: try Folder(path.folder), name: path.name, stagingName: stagingName)
    }

    /// A file that an earlier run sealed; nil where there is none, or it is another than that of `inode`.
    /// - Throws: `SystemError` where that cannot be told.
    public init?(sealedIn folder: Folder, name: Path, stagingName: Path, inode: UInt64) throws(SystemError) {
        let growingName = Self.growingName(name)
        for candidate in PrivateFolder.names(stagingName) {
            guard let staging = try PrivateFolder.open(candidate, in: folder),
                let status = try staging.status(growingName), status.st_ino == inode
            else { continue }
            self.folder = folder
            self.name = name
            self.staging = staging
            self.stagingName = candidate
            self.growingName = growingName
            isSealed = true
            return
        }
        return nil
    }

    deinit {
        guard key != nil else { return }
        // The name is enough, even if no descriptor is left to list the folder with.
        try? staging.remove(growingName)
        PrivateFolder.remove(staging, stagingName, in: folder)
        release()
    }

    private static func requireReplaceable(_ path: Path) throws {
        func refuse(_ reason: String) -> OutputError {
            .unsupported(output: "\(path)", reason: "\(reason); a finished file would replace it: choose another name")
        }
        for look in [lstat, stat] {
            var status = Glibc.stat()
            guard path.withCString({ look($0, &status) }) == 0 else { continue }
            guard [S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) else { throw refuse("no regular file") }
        }
        let target = path.withCString { name in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> [UInt8] in
                guard let start = buffer.baseAddress else { return [] }
                let length = readlink(name, start, buffer.count)
                return buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }
            }
        }
        // /dev/stdout and its like, whatever is behind them.
        if target.starts(with: "/proc/".utf8) { throw refuse("a link to an open file of a process") }
    }

    private static func growingName(_ name: Path) -> Path {
        let isPlain = name.ending.bytes.dropFirst().allSatisfy { byte in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        }
        return isPlain && name.ending.bytes.count <= 16 ? "video" + name.ending : "video"
    }

    /// The finished file's path, for messages.
    public var path: Path { folder.path.appending(name) }

    /// Creates the growing file.
    /// - Returns: a descriptor for writing that the caller closes.
    /// - Throws: `SystemError`.
    public func create() throws(SystemError) -> Int32 {
        try staging.open(growingName, O_WRONLY | O_CREAT | O_EXCL)
    }

    /// Checks that the growing file is a regular file of a size.
    /// - Parameter size: in bytes; nil: not empty.
    /// - Throws: `OutputError.incomplete`.
    func requireSize(_ size: Int? = nil) throws {
        func incomplete(_ reason: String) -> OutputError { .incomplete(output: "\(path)", reason: reason) }
        guard let status = try staging.status(growingName) else {
            let others = ((try? staging.names()) ?? []).filter { !$0.isHidden }.sorted().map { "\($0)" }
            throw incomplete(
                "\(growingName), which was to be written, is missing"
                    + (others.isEmpty ? "" : "; there is \(others.prefix(4).joined(separator: ", "))"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw incomplete("\(growingName) is no regular file") }
        guard status.st_size > 0 else { throw incomplete("the file is empty") }
        if let size, status.st_size != size { throw incomplete("\(status.st_size) bytes of \(size)") }
    }

    /// Waits until the complete file's bytes are on disk. Linux reports here every error of writing them that it has not
    /// reported yet, whichever descriptor wrote.
    /// - Returns: its inode.
    /// - Throws: `SystemError`; ENOENT where nothing was written.
    @discardableResult
    public func seal() throws(SystemError) -> UInt64 {
        // O_NONBLOCK: an encoder may have left a FIFO.
        let descriptor = try staging.open(growingName, O_RDONLY | O_NONBLOCK)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(path: path, code: EINVAL) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemError(path: path, code: errno) }
        try staging.sync()
        try folder.sync()
        isSealed = true
        return UInt64(status.st_ino)
    }

    /// Leaves the private folder, with the sealed file, to a later publisher.
    public func release() {
        if let key { UnfinishedOutputs.forgetFolder(key) }
        key = nil
    }

    /// The file that a published one may replace.
    public enum Replaceable {
        case none
        /// The one that a function knows by its status.
        case only((stat) -> Bool)
        case any
    }

    /// Gives the sealed file its name and waits until that is on disk.
    /// - Throws: `SystemError`; EEXIST where a file has the name that may not be replaced.
    public func publish(replacing replaceable: Replaceable = .any) throws(SystemError) {
        precondition(isSealed, "a file is sealed before it gets its name")
        switch replaceable {
        case .any: try staging.move(growingName, to: folder, name, replacing: true)
        case .none: try staging.move(growingName, to: folder, name)
        case .only(let isOurs): try replace(isOurs)
        }
        PrivateFolder.remove(staging, stagingName, in: folder)
        release()
        try folder.sync()
    }

    /// Between a look at a file and its replacement others may exchange it: so the names are exchanged first, and back where it
    /// was another file.
    private func replace(_ isOurs: (stat) -> Bool) throws(SystemError) {
        let taken = SystemError(path: path, code: EEXIST)
        guard let status = try folder.status(name) else { return try staging.move(growingName, to: folder, name) }
        guard isOurs(status) else { throw taken }
        do {
            try staging.exchange(growingName, with: folder, name)
        } catch {
            guard error.code == EINVAL else { throw error }
            // A file system that cannot.
            return try staging.move(growingName, to: folder, name, replacing: true)
        }
        if let old = try staging.status(growingName), isOurs(old) { return }
        try staging.exchange(growingName, with: folder, name)
        throw taken
    }
}
