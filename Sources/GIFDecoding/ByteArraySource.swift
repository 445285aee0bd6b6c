/// Bytes that are in memory already.
public final class ByteArraySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The bytes that nobody has read yet.
    public var remaining: ArraySlice<UInt8> { bytes[position...] }

    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = remaining.prefix(buffer.count)
        buffer.copyBytes(from: part)
        position += part.count
        return part.count
    }
}
