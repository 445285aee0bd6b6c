import CLinux
import Control
import GIFDecoding
import Glibc
import Threads

/// The bytes of an open file. Open until the last decoder of it is gone: a run that fails leaves its decoder's thread
/// behind, which must not read from a descriptor that another file has got.
final class FileSource: ByteSource, Sendable {
    let descriptor: Int32
    private let bytes: Monitor<FileDescriptorSource>

    /// A file that cannot be opened.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        var isMissing: Bool { code == ENOENT || code == ENOTDIR }
        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// Opens a regular file; symbolic links are not followed.
    /// - Throws: `Failure`.
    convenience init(_ path: String) throws {
        try self.init(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), path)
    }

    /// Opens what a user could read, too.
    /// - Throws: `Failure`.
    convenience init(_ path: String, as peer: Peer) throws {
        if peer.user == 0 || peer.user == geteuid() {
            try self.init(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), path)
        } else {
            try self.init(clinux_open_as(path, peer.user, peer.groups, Int32(peer.groups.count)), path)
        }
    }

    /// - Parameter descriptor: just opened, or -1 with errno.
    private init(_ descriptor: Int32, _ path: String) throws {
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        self.descriptor = descriptor
        bytes = Monitor(FileDescriptorSource(descriptor: descriptor, closes: true))
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(path: path, code: EINVAL)
        }
    }

    /// Opens a job's GIF: what was submitted as the one who did.
    /// - Throws: `Failure`.
    convenience init(of job: JobRecord) throws {
        if let request = job.request {
            try self.init(job.source, as: request.peer)
        } else {
            try self.init(job.source)
        }
    }

    /// To the first byte, for another decoder.
    func rewind() {
        bytes.withLock { $0.rewind() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        try bytes.withLock { bytes throws(ByteSourceError) in try bytes.read(into: buffer) }
    }
}
