import GIFDecoding
import Glibc

/// A GIF on disk, opened for reading from its start as often as needed.
struct GIFFile {
    let path: String

    /// Last part of the path, without its extension.
    var stem: String {
        let name = path.split(separator: "/").last ?? "gif"
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return String(name) }
        return String(name[..<dot])
    }

    /// Frame times, palettes and the like, without decoding pixels.
    func scan() throws -> GIFSummary {
        try withDescriptor { try GIFScanner.scan(FileDescriptorSource(descriptor: $0), name: path) }
    }

    /// Runs `body` with a decoder at the first frame. The file is open while `body` runs.
    func decode<R>(limits: DecodingLimits, _ body: (sending GIFDecoder) throws -> R) throws -> R {
        try withDescriptor {
            try body(GIFDecoder(source: FileDescriptorSource(descriptor: $0), name: path, limits: limits))
        }
    }

    private func withDescriptor<R>(_ body: (Int32) throws -> R) throws -> R {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(path: path, code: errno) }
        defer { close(descriptor) }
        return try body(descriptor)
    }
}

/// A file that cannot be opened.
struct InputError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "\(path): cannot open: \(String(cString: strerror(code)))" }
}
