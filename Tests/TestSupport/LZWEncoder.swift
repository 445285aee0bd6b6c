/// GIF's variant of LZW, for tests that make GIFs.
public enum LZWEncoder {
    /// The encoder's way with a full table.
    public enum Style: Sendable {
        /// Clear the table, as most encoders do.
        case clearWhenFull
        /// Go on with the full table ("deferred clear").
        case deferredClear
        /// Never use the table: a clear code before it grows.
        case uncompressed
    }

    /// The code stream for palette indices, without sub-blocks.
    ///
    /// - Parameters:
    ///   - indices: all below `1 << codeSize`.
    ///   - codeSize: bits of an index, 1 to 8; the stream's codes are one bit longer at first.
    ///   - endCode: whether the stream ends with the end-of-information code.
    public static func encode(
        _ indices: some Sequence<UInt8>, codeSize: Int, style: Style = .clearWhenFull, endCode: Bool = true
    ) -> [UInt8] {
        let clear = 1 << codeSize
        let limit = style == .uncompressed ? clear * 2 - 2 : 4096
        var output = BitWriter()
        var table: [Int: Int] = [:]
        var next = clear + 2
        var bits = codeSize + 1
        var prefix: Int?
        func reset() {
            output.write(clear, bits: bits)
            table = [:]
            next = clear + 2
            bits = codeSize + 1
        }
        func grow() {
            if next == 1 << bits && bits < 12 { bits += 1 }
            next += 1
        }
        reset()
        for index in indices {
            guard let current = prefix else {
                prefix = Int(index)
                continue
            }
            let key = current << 8 | Int(index)
            if let code = table[key], style != .uncompressed {
                prefix = code
                continue
            }
            output.write(current, bits: bits)
            if next < 4096 {
                table[key] = next
                grow()
            }
            if style != .deferredClear && next >= limit { reset() }
            prefix = Int(index)
        }
        if let prefix {
            output.write(prefix, bits: bits)
            if next < 4096 { grow() }
        }
        if endCode { output.write(clear + 1, bits: bits) }
        return output.finish()
    }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var pending = 0
        private var count = 0

        mutating func write(_ code: Int, bits: Int) {
            pending |= code << count
            count += bits
            while count >= 8 {
                bytes.append(UInt8(pending & 255))
                pending >>= 8
                count -= 8
            }
        }

        func finish() -> [UInt8] {
            count > 0 ? bytes + [UInt8(pending)] : bytes
        }
    }
}
