import Filesystem
import GIFDecoding
import Glibc

/// A GIF that the command line names: a file, something that can be read once only (a FIFO, a process substitution), or "-"
/// for standard input.
struct GIFFile {
    let path: Path

    var isStandardInput: Bool { path == "-" }

    /// The input's name in messages.
    var name: String { isStandardInput ? "standard input" : "\(path)" }

    /// The input's name in JSON, of which a script finds the file again.
    var exactName: Path { isStandardInput ? "standard input" : path }

    /// Last part of the path, without its extension; nil for a descriptor of this process, which has no name of its own.
    var stem: Path? {
        let isDescriptor = path == "/dev/stdin" || path.folder == "/dev/fd" || path.folder == "/proc/self/fd"
        return isStandardInput || isDescriptor ? nil : path.name.stem
    }

    /// Tells this version of the file from others.
    var version: String {
        get throws {
            var status = stat()
            guard path.withCString({ stat($0, &status) }) == 0 else { throw InputError(name: name, code: errno) }
            return
                "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        }
    }

    /// A decoder at the first frame, for those who read it once.
    func decoder(limits: DecodingLimits) throws -> sending GIFDecoder {
        let source = FileDescriptorSource(descriptor: try open(), closes: true)
        return try GIFDecoder(source: source, name: name, limits: limits)
    }

    /// Opens the file; waits for a writer where it is a FIFO.
    /// - Returns: a descriptor that the caller closes.
    func open() throws -> Int32 {
        while true {
            let descriptor =
                isStandardInput
                ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : path.withCString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw InputError(name: name, code: errno) }
        }
    }
}
