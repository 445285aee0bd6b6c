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
        case nothing, anotherGIF, otherBytes, endlessPadding
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        try bytes.withLock { bytes throws(ByteSourceError) in try bytes.read(into: buffer) }
    }

    /// Looks behind a GIF; padding, which is NUL bytes and white space, is nothing and is passed over.
    /// - Parameters:
    ///   - waits: until something else than padding or the end of the input came; otherwise what has not come yet is nothing.
    ///   - limit: bytes of padding at most.
    func rest(waits: Bool, maxPadding limit: Int) throws(ByteSourceError) -> Rest {
        let next = try bytes.withLock { bytes throws(ByteSourceError) in
            try bytes.skip(Self.padding, atMost: limit, waits: waits)
        }
        guard let next else { return .nothing }
        return next == UInt8(ascii: "G") ? .anotherGIF : Self.padding.contains(next) ? .endlessPadding : .otherBytes
    }

    private static let padding: Set<UInt8> = [0, 0x09, 0x0A, 0x0D, 0x20]
}
