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
        try GIFScanner.scan(open(), name: path)
    }

    /// A decoder at the first frame.
    func decoder(limits: DecodingLimits) throws -> sending GIFDecoder {
        try GIFDecoder(source: open(), name: path, limits: limits)
    }

    /// The file's bytes. Open until the last decoder of it is gone: a stream that fails leaves its decoder's thread
    /// behind, which must not read from a descriptor that another file has got.
    private func open() throws -> sending FileDescriptorSource {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(path: path, code: errno) }
        return FileDescriptorSource(descriptor: descriptor, closes: true)
    }
}

/// A file that cannot be opened.
struct InputError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "\(path): cannot open: \(String(cString: strerror(code)))" }
}
