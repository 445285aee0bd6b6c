import Filesystem
import Glibc

/// Names of files from a file or from standard input.
enum FileList {
    /// All names; empty ones are left out.
    /// - Parameters:
    ///   - path: the list; "-" is standard input.
    ///   - isSeparatedByNUL: names end with NUL instead of a line break.
    /// - Throws: `InputError`, also for a name with a NUL in it.
    static func read(_ path: Path, isSeparatedByNUL: Bool) throws -> [Path] {
        let file = GIFFile(path: path)
        let descriptor = try file.open()
        defer { close(descriptor) }
        let separator = isSeparatedByNUL ? 0 : UInt8(ascii: "\n")
        return try bytes(descriptor, name: file.name).split(separator: separator).map { name in
            guard let path = Path(bytes: name) else { throw InputError(list: file.name) }
            return path
        }
    }

    private static func bytes(_ descriptor: Int32, name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw InputError(reading: name, code: errno)
            }
        }
    }
}
