import Filesystem

/// The text byte by byte.
extension TOMLParser {
    var next: UInt8? { peek(0) }

    func peek(_ distance: Int) -> UInt8? {
        at + distance < bytes.count ? bytes[at + distance] : nil
    }

    func mistake(_ message: String) -> TOMLMistake { TOMLMistake(line: line, message: message) }

    var rest: ArraySlice<UInt8> { bytes.dropFirst(at) }

    /// The next word or character, as messages call it.
    var found: String {
        let word = rest.prefix { Self.isBare($0) }
        return word.isEmpty ? foundCharacter : TOMLMistake.excerpt(word)
    }

    var foundCharacter: String {
        switch next {
        case nil: return "the end of the file"
        case "\n", "\r": return "the end of the line"
        case let byte? where Self.isControl(byte): return Self.name(control: byte)
        default:
            // A character has at most four bytes.
            let scalar = String(decoding: rest.prefix(4), as: UTF8.self).unicodeScalars.first
            return scalar.map { String($0).printable } ?? ""
        }
    }

    mutating func skipBlanks() {
        while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { at += 1 }
    }

    /// Skips blanks, comments and ends of lines.
    mutating func skipLines() throws(TOMLMistake) {
        repeat {
            skipBlanks()
            try skipComment()
        } while try skipLineEnd()
    }

    /// Whether there was an end of a line, LF or CR LF.
    mutating func skipLineEnd() throws(TOMLMistake) -> Bool {
        if next == UInt8(ascii: "\r") {
            guard isLineEnd else { throw mistake("a carriage return has no line feed behind it") }
            at += 1
        }
        guard next == UInt8(ascii: "\n") else { return false }
        at += 1
        line += 1
        return true
    }

    var isLineEnd: Bool {
        next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n")
    }

    mutating func skipComment() throws(TOMLMistake) {
        guard next == UInt8(ascii: "#") else { return }
        while let byte = next, !isLineEnd {
            if Self.isControl(byte) {
                throw mistake("a comment holds the control character \(Self.name(control: byte)): take it out")
            }
            at += 1
        }
    }

    /// Characters that stand nowhere in a TOML file; a tab may.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }

    static func name(control byte: UInt8) -> String {
        "U+00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

    /// The characters of a key without quotes.
    static func isBare(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}

/// Lets `case "#"` match a byte.
func ~= (character: Unicode.Scalar, byte: UInt8?) -> Bool {
    byte.map(UInt32.init) == character.value
}
