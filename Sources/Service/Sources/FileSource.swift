import CLinux
import Control
import Filesystem
import GIFDecoding
import Glibc
import Threads

/// The bytes of an open file. Open until the last decoder of it is gone: a run that fails leaves its decoder's thread
/// behind, which must not read from a descriptor that another file has got.
final class FileSource: ByteSource, Sendable {
    let descriptor: Int32
    private let bytes: Monitor<FileDescriptorSource>

    /// Opens a regular file by a path of the configuration; a link at its end is not followed.
    /// - Throws: `SystemError`.
    convenience init(_ path: Path) throws(SystemError) {
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        try self.init(descriptor, path)
    }

    /// Opens a regular file of a watched folder; no link below the folder is followed.
    /// - Throws: `SystemError`.
    convenience init(_ file: DroppedFile) throws(SystemError) {
        let path = file.root.appending(file.relative)
        do {
            try self.init(try Folder(file.root).open(file.relative, O_RDONLY | O_NONBLOCK), path)
        } catch {
            // Any part of the path may have failed; callers hear of this file.
            throw SystemError(path: path, code: error.code)
        }
    }

    /// Opens a regular file that a user could read, too.
    /// - Throws: `SystemError`.
    convenience init(_ path: Path, as peer: Peer) throws(SystemError) {
        let isTrusted = peer.user == 0 || peer.user == geteuid()
        let descriptor = path.withCString { path in
            isTrusted
                ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                : clinux_open_as(path, peer.user, peer.groups, Int32(peer.groups.count))
        }
        try self.init(descriptor, path)
    }

    /// - Parameter descriptor: just opened, or -1 with errno.
    private init(_ descriptor: Int32, _ path: Path) throws(SystemError) {
        guard descriptor >= 0 else { throw SystemError(path: path, code: errno) }
        self.descriptor = descriptor
        bytes = Monitor(FileDescriptorSource(descriptor: descriptor, closes: true))
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(path: path, code: EINVAL)
        }
    }

    /// Opens a job's GIF: a submitted one as the user who submitted it.
    /// - Throws: `SystemError`.
    convenience init(of job: JobRecord) throws(SystemError) {
        if let request = job.request {
            try self.init(job.source, as: request.peer)
        } else if let file = job.droppedFile {
            try self.init(file)
        } else {
            try self.init(job.source)
        }
    }

    /// Goes back to the first byte, for another decoder.
    func rewind() {
        bytes.withLock { $0.rewind() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        try bytes.withLock { bytes throws(ByteSourceError) in try bytes.read(into: buffer) }
    }
}
