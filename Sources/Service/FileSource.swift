import CLinux
import Control
import GIFDecoding
import Glibc
import Threads

/// The bytes of an open file. Open until the last decoder of it is gone: a run that fails leaves its decoder's thread
/// behind, which must not read from a descriptor that another file has got.
final class FileSource: ByteSource, Sendable {
    let descriptor: Int32

    /// A file that cannot be opened.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        var isMissing: Bool { code == ENOENT || code == ENOTDIR }
        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// Opens a regular file; symbolic links are not followed.
    /// - Throws: `Failure`.
    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
    }

    /// Opens what a user could read, too.
    /// - Throws: `Failure`.
    init(_ path: String, as peer: Peer) throws {
        if peer.user == 0 || peer.user == geteuid() {
            descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        } else {
            descriptor = clinux_open_as(path, peer.user, peer.groups, Int32(peer.groups.count))
        }
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
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

    deinit {
        close(descriptor)
    }

    /// To the first byte, for another decoder.
    func rewind() {
        lseek(descriptor, 0, SEEK_SET)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ByteSourceError(code: errno) }
        }
    }
}
