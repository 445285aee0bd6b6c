/// Keys: names without quotes or in them, with dots between.
extension TOMLParser {
    var beginsName: Bool {
        switch next {
        case "\"", "'": true
        case let byte?: Self.isBare(byte)
        case nil: false
        }
    }

    /// A key and the blanks behind it.
    mutating func key() throws(TOMLMistake) -> TOMLKey {
        var key = TOMLKey(line: line, name: try name())
        skipBlanks()
        while next == UInt8(ascii: ".") {
            at += 1
            skipBlanks()
            guard beginsName else { throw mistake("\(found) stands where a name has to follow \(key.text).") }
            key.append(try name())
            try checkDepth(key.holders.count)
            skipBlanks()
        }
        return key
    }

    private mutating func name() throws(TOMLMistake) -> String {
        if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") { return try lineString() }
        let word = rest.prefix { Self.isBare($0) }
        at += word.count
        return String(decoding: word, as: UTF8.self)
    }
}
