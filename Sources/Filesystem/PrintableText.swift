/// Text that may be shown on a terminal or written as one line of a log, whoever chose its characters.
public enum PrintableText {
    /// Decodes UTF-8. Characters that control a terminal, break a line or change the direction of writing become escapes such
    /// as `\x1B` and `\u{202E}`; bytes that are no UTF-8 become `\xE9`. Everything else stays, also what joins two emoji to one.
    public static func of(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var decoder = UTF8()
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                rest = rest.dropFirst(UTF8.width(scalar))
                if scalar == joiner && joinsEmoji(text.last, rest) {
                    text.append(scalar)
                } else {
                    append(scalar, to: &text)
                }
            case .emptyInput, .error:
                text.append(contentsOf: "\\x\(hexadecimal(UInt32(rest[rest.startIndex])))".unicodeScalars)
                rest = rest.dropFirst()
            }
            decoder = UTF8()
        }
        return String(text)
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String.UnicodeScalarView) {
        guard isUnsafe(scalar) else { return text.append(scalar) }
        let digits = hexadecimal(scalar.value)
        text.append(contentsOf: (scalar.value < 0x80 ? "\\x\(digits)" : "\\u{\(digits)}").unicodeScalars)
    }

    /// U+200D, of which "🐈‍⬛" is made.
    private static let joiner: Unicode.Scalar = "\u{200D}"
    /// U+FE0F, which may stand between an emoji and a joiner.
    private static let emojiStyle: Unicode.Scalar = "\u{FE0F}"

    /// Whether a joiner stands between two emoji: behind `before`, in front of `rest`.
    private static func joinsEmoji(_ before: Unicode.Scalar?, _ rest: ArraySlice<UInt8>) -> Bool {
        var (decoder, iterator) = (UTF8(), rest.makeIterator())
        guard let before, case .scalarValue(let after) = decoder.decode(&iterator) else { return false }
        return (isEmoji(before) || before == emojiStyle) && isEmoji(after)
    }

    /// Digits count as emoji, too.
    private static func isEmoji(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isEmoji && !scalar.isASCII }

    /// Whether a character does something else than being seen.
    public static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return digits.count < 2 ? "0\(digits)" : digits
    }
}

extension String {
    /// This text with escapes in place of characters that control a terminal: see `PrintableText`.
    public var printable: String {
        unicodeScalars.contains(where: PrintableText.isUnsafe) ? PrintableText.of(utf8) : self
    }
}
