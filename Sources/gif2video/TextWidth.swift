/// The columns that text takes on a terminal.
enum TextWidth {
    /// Columns of printable text: two for a character of East Asia or an emoji, none for marks that stand over others.
    static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + columns($1) } }

    /// The end of a text that takes at most so many columns.
    static func suffix(_ text: String, columns limit: Int) -> Substring {
        var (start, left) = (text.endIndex, limit)
        while start > text.startIndex {
            let before = text.index(before: start)
            left -= columns(text[before])
            guard left >= 0 else { break }
            start = before
        }
        return text[start...]
    }

    private static func columns(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        if isWide(first) || scalars.contains("\u{FE0F}") { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return 1
        }
    }

    /// The blocks that Unicode's EastAsianWidth.txt has as wide (W) or fullwidth (F), and emoji that are shown as pictures.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
