/// The forms of dates and times (RFC 3339): `1979-05-27`, `07:32:00.5`, and both with a T or a blank between them, then with an
/// offset or without.
enum TOMLTime {
    static let dateLength = 10

    /// Whether a word can only be meant as a date or a time.
    static func begins(_ word: ArraySlice<UInt8>) -> Bool {
        let digits = word.prefix { TOMLParser.isDigit($0) }.count
        let sign = word.dropFirst(digits).first
        return digits == 4 && sign == UInt8(ascii: "-") || digits == 2 && sign == UInt8(ascii: ":")
    }

    static func isTime(_ word: ArraySlice<UInt8>) -> Bool {
        var rest = word
        if takeClock(&rest) { return rest.isEmpty }
        rest = word
        guard takeDate(&rest) else { return false }
        if rest.isEmpty { return true }
        switch rest.popFirst() {
        case "T", "t", " ": return takeClock(&rest) && (rest.isEmpty || isOffset(rest))
        default: return false
        }
    }

    private static func takeDate(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let year = number(4, &rest), take("-", &rest), let month = number(2, &rest), take("-", &rest),
            let day = number(2, &rest)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: Int? =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            case 1...12: 31
            default: nil
            }
        return days.map { (1...$0).contains(day) } ?? false
    }

    /// A minute may have a 61st second: a leap second.
    private static func takeClock(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard takeMinutes(&rest), take(":", &rest), let second = number(2, &rest), second <= 60 else { return false }
        guard take(".", &rest) else { return true }
        let digits = rest.prefix { TOMLParser.isDigit($0) }
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private static func takeMinutes(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let hour = number(2, &rest), take(":", &rest), let minute = number(2, &rest) else { return false }
        return hour <= 23 && minute <= 59
    }

    private static func isOffset(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        switch rest.popFirst() {
        case "Z", "z": return rest.isEmpty
        case "+", "-": return takeMinutes(&rest) && rest.isEmpty
        default: return false
        }
    }

    private static func number(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix(count).prefix { TOMLParser.isDigit($0) }
        guard digits.count == count else { return nil }
        rest = rest.dropFirst(count)
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard character ~= rest.first else { return false }
        rest = rest.dropFirst()
        return true
    }
}
