import Filesystem

/// The command line's words as text from which their bytes can be had again.
///
/// The argument parser takes text, and `CommandLine.arguments` replaces bytes that are no UTF-8. Here such a byte becomes a
/// private character, U+10FE80 for 0x80 up to U+10FEFF for 0xFF; so do the bytes of these characters themselves, so that
/// no two words become the same text.
enum CommandLineBytes {
    private static let escapes: ClosedRange<UInt32> = 0x10FE80...0x10FEFF
    private static let base: UInt32 = 0x10FE00

    /// The words behind the program's name.
    static var arguments: [String] {
        (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
            CommandLine.unsafeArgv[index].map { word in
                text(UnsafeBufferPointer(start: word, count: length(of: word)).map { UInt8(bitPattern: $0) })
            }
        }
    }

    private static func length(of word: UnsafePointer<CChar>) -> Int {
        var length = 0
        while word[length] != 0 { length += 1 }
        return length
    }

    /// Text for bytes.
    static func text(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            var decoder = UTF8()
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator), !escapes.contains(scalar.value) {
                text.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                // ASCII is a character always.
                if let escape = Unicode.Scalar(base + UInt32(first)) { text.append(escape) }
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    /// The bytes that text was made of.
    static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            escapes.contains(scalar.value) ? [UInt8(scalar.value - base)] : Array(UTF8.encode(scalar) ?? .init())
        }
    }
}
