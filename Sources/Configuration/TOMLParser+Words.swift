/// Values without quotes and brackets: true and false, numbers, dates and times.
extension TOMLParser {
    mutating func word() throws(TOMLMistake) -> TOMLNode {
        let start = at
        skipWord()
        // A blank may stand between a date and a time.
        if at - start == TOMLTime.dateLength && next == UInt8(ascii: " ") && peek(1).map(Self.isDigit) ?? false
            && TOMLTime.begins(bytes[start..<at])
        {
            at += 1
            skipWord()
        }
        let word = bytes[start..<at]
        guard let first = word.first else { throw noValue }
        switch String(decoding: word.prefix(6), as: UTF8.self) {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "inf", "+inf": return .number(.infinity)
        case "-inf": return .number(-.infinity)
        case "nan", "+nan", "-nan": return .number(.nan)
        default: break
        }
        if TOMLTime.begins(word) {
            if TOMLTime.isTime(word) { return .time }
            let text = TOMLMistake.excerpt(word)
            throw mistake("\(text) is no date or time: write 1979-05-27T07:32:00Z, 1979-05-27 or 07:32:00")
        }
        if Self.isLetter(first) { throw mistake("\(TOMLMistake.excerpt(word)) is no value: write a string in quotes") }
        return try number(word)
    }

    private mutating func skipWord() {
        while let byte = next {
            switch byte {
            case "+", ".", ":": break
            default: guard Self.isBare(byte) else { return }
            }
            at += 1
        }
    }

    private var noValue: TOMLMistake {
        switch next {
        case nil, "\n", "\r", "#": mistake("a key has no value behind its =")
        case "]", "}", ",", "=": mistake("\(found) stands where a value has to stand")
        default: mistake("\(found) stands where a value has to stand: write a string in quotes")
        }
    }
}
