/// Hands an image's data sub-blocks to giflib, and knows whether their terminator was read.
///
/// giflib reads a length byte, then that many bytes at once, until the length is 0. If the input ends inside a
/// sub-block, giflib would drop all of it; here it gets a shorter one, so that every pixel that arrived is decoded.
struct ImageDataBlocks {
    /// The sub-block whose length giflib has, and whose bytes it will ask for next.
    private var block: [UInt8] = []
    private(set) var isInside = false

    /// The image's header is read: a length byte comes next.
    mutating func begin() {
        block = []
        isInside = true
    }

    /// Answers one of giflib's reads: one byte for a length, or the bytes of the sub-block.
    ///
    /// - Returns: the number of bytes; 0 at the end of the input.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer, from reader: ByteReader) -> Int {
        if block.isEmpty {
            guard let length = reader.byte() else { return 0 }
            block = reader.bytes(upTo: Int(length))
            if length > 0 && block.isEmpty { return 0 }
            isInside = length > 0
            buffer[0] = UInt8(block.count)
            return 1
        }
        buffer.copyBytes(from: block)
        defer { block = [] }
        return block.count
    }
}
