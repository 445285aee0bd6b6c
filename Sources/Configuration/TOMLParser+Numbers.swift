/// Whole numbers of four bases, and numbers with a point or an exponent.
extension TOMLParser {
    func number(_ word: ArraySlice<UInt8>) throws(TOMLMistake) -> TOMLNode {
        let plain = String(decoding: word.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        if let radix = Self.radix(word) {
            guard Self.areDigits(word.dropFirst(2), radix: radix) else { throw noNumber(word) }
            return try .integer(whole(plain.dropFirst(2), radix, word))
        }
        let hasSign = word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-")
        let digits = hasSign ? word.dropFirst() : word
        let before = digits.prefix { Self.isDigitOrLine($0) }
        let behind = digits.dropFirst(before.count)
        guard Self.areDigits(before), behind.isEmpty || Self.isFraction(behind) else { throw noNumber(word) }
        if before.first == UInt8(ascii: "0") && before.count > 1 {
            throw mistake("\(TOMLMistake.excerpt(word)) begins with 0: write the number without it")
        }
        if behind.isEmpty { return try .integer(whole(plain[...], 10, word)) }
        guard let value = Double(plain) else { throw noNumber(word) }
        return .number(value)
    }

    private func whole(_ text: Substring, _ radix: Int, _ word: ArraySlice<UInt8>) throws(TOMLMistake) -> Int {
        if let value = Int(text, radix: radix) { return value }
        throw mistake("\(TOMLMistake.excerpt(word)) is not between \(Int.min) and \(Int.max)")
    }

    private func noNumber(_ word: ArraySlice<UInt8>) -> TOMLMistake {
        mistake("\(TOMLMistake.excerpt(word)) is no number: write one such as 12, 0.5 or 1e-3, or a string in quotes")
    }

    private static func radix(_ word: ArraySlice<UInt8>) -> Int? {
        guard word.first == UInt8(ascii: "0") else { return nil }
        return switch word.dropFirst().first {
        case "x": 16
        case "o": 8
        case "b": 2
        default: nil
        }
    }

    /// Whether it is `.5`, `e10` or `.5e-10`: what makes a number of digits one that is not whole.
    private static func isFraction(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { isDigitOrLine($0) }
            guard areDigits(digits) else { return false }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let letter = rest.first else { return true }
        guard letter | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        let hasSign = rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-")
        return areDigits(hasSign ? rest.dropFirst() : rest)
    }

    private static func isDigitOrLine(_ byte: UInt8) -> Bool { isDigit(byte) || byte == UInt8(ascii: "_") }

    /// Whether these are digits with single underscores between them.
    private static func areDigits(_ text: ArraySlice<UInt8>, radix: Int = 10) -> Bool {
        var wasDigit = false
        for byte in text {
            let isLine = byte == UInt8(ascii: "_")
            guard isLine ? wasDigit : isDigit(byte, radix: radix) else { return false }
            wasDigit = !isLine
        }
        return wasDigit
    }

    static func isDigit(_ byte: UInt8, radix: Int) -> Bool {
        if isDigit(byte) { return byte - UInt8(ascii: "0") < radix }
        return radix == 16 && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
