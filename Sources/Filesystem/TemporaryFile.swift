import CLinux
import Glibc

/// A file without a name in `$TMPDIR`, or `/tmp`: it goes when it is closed, whatever happens to the process.
///
/// One thread at a time.
public final class TemporaryFile {
    /// The folder in which such files lie.
    public static var folder: String {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return folder.isEmpty ? "/tmp" : folder
    }

    private let descriptor: Int32
    /// Bytes written so far.
    public private(set) var count = 0

    /// - Throws: `Failure`.
    public init() throws(Failure) {
        descriptor = clinux_unnamed_file(Self.folder)
        guard descriptor >= 0 else { throw Failure(code: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// A system call on the file failed: mostly the disk is full.
    public struct Failure: Error, CustomStringConvertible {
        public let folder = TemporaryFile.folder
        public let code: Int32

        public var description: String {
            "a temporary file in \(folder): \(String(cString: strerror(code))) (TMPDIR names another folder)"
        }
    }

    /// A second descriptor of the file, which the caller closes.
    public func duplicate() throws(Failure) -> Int32 {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw Failure(code: errno) }
        return own
    }

    /// Writes behind what is there.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let step = pwrite(descriptor, rest.baseAddress, rest.count, off_t(count))
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw Failure(code: step < 0 ? errno : ENOSPC) }
            count += step
            rest = UnsafeRawBufferPointer(rebasing: rest[step...])
        }
    }

    /// Reads as many bytes as fit from a place on, all of which were written.
    public func read(from place: Int, into bytes: UnsafeMutableRawBufferPointer) throws(Failure) {
        precondition(place >= 0 && place + bytes.count <= count, "reads what was written")
        var rest = bytes
        var place = place
        while !rest.isEmpty {
            let step = pread(descriptor, rest.baseAddress, rest.count, off_t(place))
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw Failure(code: step < 0 ? errno : EIO) }
            place += step
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[step...])
        }
    }
}
