import GIFDecoding
import Glibc
import Threads

/// Standard input as a row of GIFs, each of which takes its bytes and no more. Any thread; a read that waits keeps the others
/// waiting.
final class StandardInput: ByteSource, Sendable {
    static let name = "standard input"
    private let bytes = Monitor(FileDescriptorSource(descriptor: STDIN_FILENO))

    /// The input that follows a GIF.
    enum Rest {
        case nothing, anotherGIF, otherBytes
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        try bytes.withLock { bytes throws(ByteSourceError) in try bytes.read(into: buffer) }
    }

    /// Looks behind a GIF; padding, which is NUL bytes and white space, is nothing and is passed over.
    /// - Parameter waits: until something else than padding or the end of the input came; otherwise what has not come yet is
    ///   nothing.
    func rest(waits: Bool) throws(ByteSourceError) -> Rest {
        let next = try bytes.withLock { bytes throws(ByteSourceError) in
            try bytes.skip([0, 0x09, 0x0A, 0x0D, 0x20], waits: waits)
        }
        return next == nil ? .nothing : next == UInt8(ascii: "G") ? .anotherGIF : .otherBytes
    }
}
