import TestSupport

/// Changes of TOML documents that keep much of their grammar.
enum TOMLMutation {
    private static let pieces = [
        "[", "]", "{", "}", "[[", "]]", "=", ".", ",", "#", "\"", "'", "\"\"\"", "'''", "\\", "\n", "\r\n", "\r", "\t",
        " ", "_",
        "-", "+", "0", "1", "e", "0x", "0b1", "inf", "nan", "true", ":", "T", "Z", "1979-05-27", "07:32:00", ".5",
        "\\u00e9",
        "\\U0001F600", "\\n", "a", "b", "a.b", "a = 1\n", "[a]\n", "[[a]]\n", "{a = 1}", "[1, 2]", "\u{0}", "\u{7F}",
        "é", "\u{FEFF}",
    ]

    /// A text with one or two changes: pieces taken out, doubled, put in, or taken from another text.
    static func of(_ text: String, others: [String], _ random: inout SplitMix64) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let place = Int.random(in: 0...scalars.count, using: &random)
            let end = min(place + Int.random(in: 1...8, using: &random), scalars.count)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: scalars.removeSubrange(place..<end)
            case 1: scalars.insert(contentsOf: scalars[place..<end], at: place)
            case 2:
                let other = Array((others.randomElement(using: &random) ?? "").unicodeScalars)
                let cut = Int.random(in: 0...other.count, using: &random)
                scalars.insert(contentsOf: other[cut...].prefix(Int.random(in: 1...20, using: &random)), at: place)
            case 3: scalars.replaceSubrange(place..<end, with: piece(&random))
            default: scalars.insert(contentsOf: piece(&random), at: place)
            }
        }
        var changed = String.UnicodeScalarView()
        changed.append(contentsOf: scalars)
        return String(changed)
    }

    private static func piece(_ random: inout SplitMix64) -> String.UnicodeScalarView {
        (pieces.randomElement(using: &random) ?? "").unicodeScalars
    }
}
