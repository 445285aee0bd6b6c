import GIFDecoding
import Glibc

/// An open descriptor that several sources read from, each from a place of its own. Closed when nobody uses it.
final class OpenFile: Sendable {
    let descriptor: Int32

    /// - Parameter descriptor: closed with this object.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// A regular file's offset; nil if this is none.
    /// - Parameter name: what an error calls it.
    func placeIfRegular(name: String) throws -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw InputError(name: name, code: errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw InputError(name: name, code: EISDIR) }
        return status.st_mode & S_IFMT == S_IFREG ? max(lseek(descriptor, 0, SEEK_CUR), 0) : nil
    }

    /// A regular file's bytes. The descriptor stays open until the last source is gone: a stream that fails leaves its
    /// decoder's thread behind, which must not read from a descriptor that another file has got.
    /// - Throws: `InputError` where there are no more descriptors.
    func source(from start: Int) throws -> sending FileDescriptorSource {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw InputError(name: "input", code: errno) }
        return FileDescriptorSource(descriptor: own, closes: true, offset: start)
    }
}
