/// Strings of the four kinds: basic and literal, in one line and in several.
extension TOMLParser {
    mutating func string() throws(TOMLMistake) -> String {
        next == peek(1) && next == peek(2) ? try longString() : try lineString()
    }

    /// `"..."` or `'...'`
    mutating func lineString() throws(TOMLMistake) -> String {
        let quote = next
        var text: [UInt8] = []
        at += 1
        while let byte = next, !isLineEnd {
            at += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") {
                try appendEscape(to: &text)
            } else {
                try append(byte, to: &text)
            }
        }
        throw mistake("the string has no closing quote")
    }

    /// `"""..."""` or `'''...'''`
    private mutating func longString() throws(TOMLMistake) -> String {
        let (quote, start) = (next, line)
        var text: [UInt8] = []
        at += 3
        _ = try skipLineEnd()
        while let byte = next {
            if byte == quote {
                if endsLongString(byte, &text) { return String(decoding: text, as: UTF8.self) }
            } else if isLineEnd {
                _ = try skipLineEnd()
                text.append(UInt8(ascii: "\n"))
            } else {
                at += 1
                if byte != UInt8(ascii: "\\") || quote != UInt8(ascii: "\"") {
                    try append(byte, to: &text)
                } else if try !skipLineEndAndBlanks() {
                    try appendEscape(to: &text)
                }
            }
        }
        let quotes = quote == UInt8(ascii: "'") ? "'''" : "\"\"\""
        throw TOMLMistake(line: start, message: "the string has no closing \(quotes)")
    }

    /// Takes a run of quotes: fewer than three belong to the string, three end it, and one or two more before them belong to it.
    private mutating func endsLongString(_ quote: UInt8, _ text: inout [UInt8]) -> Bool {
        let run = rest.prefix(5).prefix { $0 == quote }.count
        at += run
        text += repeatElement(quote, count: run < 3 ? run : run - 3)
        return run >= 3
    }

    /// Whether the backslash before is the last in its line; then all blanks and ends of lines behind it are skipped.
    private mutating func skipLineEndAndBlanks() throws(TOMLMistake) -> Bool {
        let start = at
        skipBlanks()
        guard isLineEnd else {
            at = start
            return false
        }
        repeat { skipBlanks() } while try skipLineEnd()
        return true
    }

    private func append(_ byte: UInt8, to text: inout [UInt8]) throws(TOMLMistake) {
        if Self.isControl(byte) {
            let name = Self.name(control: byte)
            throw mistake("a string holds the control character \(name): write it as an escape, in double quotes")
        }
        text.append(byte)
    }

    /// Takes what follows a backslash.
    private mutating func appendEscape(to text: inout [UInt8]) throws(TOMLMistake) {
        let (letter, character) = (next, foundCharacter)
        at += 1
        switch letter {
        case "b": text.append(0x08)
        case "t": text.append(0x09)
        case "n": text.append(0x0A)
        case "f": text.append(0x0C)
        case "r": text.append(0x0D)
        case "\"": text.append(UInt8(ascii: "\""))
        case "\\": text.append(UInt8(ascii: "\\"))
        case "u": text += try escapedCharacter("u", digits: 4)
        case "U": text += try escapedCharacter("U", digits: 8)
        default:
            throw mistake("\\ before \(character) means nothing: write \\\\, or the string in single quotes")
        }
    }

    private mutating func escapedCharacter(_ letter: String, digits count: Int) throws(TOMLMistake) -> String.UTF8View {
        let digits = rest.prefix(count).prefix { Self.isDigit($0, radix: 16) }
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == count, let code = UInt32(text, radix: 16) else {
            throw mistake("\\\(letter) has \(digits.count) hexadecimal digits behind it: write \(count)")
        }
        guard let scalar = Unicode.Scalar(code) else { throw mistake("\\\(letter)\(text) is no character of Unicode") }
        at += count
        return String(scalar).utf8
    }
}
