public import Filesystem
import Glibc
import Threads

/// A file that grows in a private folder beside its place, and appears under its name when it is complete.
///
/// The private folder (`staging`) belongs to this process's user, and nobody else may enter it: whoever may write into the folder
/// around it cannot exchange what grows there. It is the working directory of encoders, so that whatever else they write
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
    /// Whether the private folder is somebody else's to remove.
    private var isReleased = false

    private static let counter = Monitor(0)

    /// Makes the private folder; one of that name that an earlier attempt left is removed first.
    /// - Throws: `SystemError`.
    public init(in folder: Folder, name: Path, stagingName: Path) throws(SystemError) {
        self.folder = folder
        self.name = name
        self.stagingName = stagingName
        growingName = Self.growingName(name)
        folder.removeTree(stagingName)
        staging = try folder.makePrivateFolder(stagingName)
    }

    /// A file of this process, at a path whose links are followed.
    /// - Throws: `SystemError`.
    public convenience init(_ path: Path) throws(SystemError) {
        let number = Self.counter.update { count in
            count += 1
            return count
        }
        // Digits and letters are a path.
        let stagingName = Path(text: ".gif2video-\(getpid())-\(number).partial") ?? ".gif2video.partial"
        try self.init(in: try Folder(path.folder), name: path.name, stagingName: stagingName)
    }

    /// A file that an earlier run sealed; nil where there is none, or it is another than that of `inode`.
    public init?(sealedIn folder: Folder, name: Path, stagingName: Path, inode: UInt64) {
        let growingName = Self.growingName(name)
        guard let staging = try? folder.privateFolder(stagingName), let status = staging.status(growingName),
            status.st_ino == inode
        else { return nil }
        self.folder = folder
        self.name = name
        self.staging = staging
        self.stagingName = stagingName
        self.growingName = growingName
        isReleased = true
    }

    deinit {
        if !isReleased { folder.removeTree(stagingName) }
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

    /// Waits until the file's bytes are on disk.
    /// - Returns: its inode.
    /// - Throws: `SystemError`; ENOENT where nothing was written.
    @discardableResult
    public func seal() throws(SystemError) -> UInt64 {
        let descriptor = try staging.open(growingName, O_RDONLY)
        defer { close(descriptor) }
        var status = stat()
        guard fsync(descriptor) == 0 || errno == EINVAL, fstat(descriptor, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { throw SystemError(path: path, code: errno) }
        try staging.sync()
        try folder.sync()
        return UInt64(status.st_ino)
    }

    /// Leaves the private folder, with the sealed file, to whoever publishes it later.
    public func release() {
        isReleased = true
    }

    /// Gives the file its name and waits until that is on disk.
    /// - Parameter replacing: whether an older file of that name is replaced.
    /// - Throws: `SystemError`; EEXIST where the name is taken and not replaced.
    public func publish(replacing: Bool = true) throws(SystemError) {
        try staging.move(growingName, to: folder, name, replacing: replacing)
        isReleased = true
        folder.removeTree(stagingName)
        try folder.sync()
    }
}
