/// Reads TOML 1.0: the exact values, and the line of every key. Takes time in proportion to the text, and ends at the first mistake.
///
/// Beside TOML 1.0 it takes a byte order mark at the beginning. It refuses whole numbers beyond 64 bits, tables and arrays that
/// lie more than `deepest` deep, and two keys of a table that look the same (`TOMLBranch`).
struct TOMLParser {
    /// Tables and arrays within one another. Bounds the stack of the parser and of what goes through its result.
    static let deepest = 128

    let bytes: [UInt8]
    /// The next byte.
    var at = 0
    /// Its line, from 1.
    var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: "\u{FEFF}".utf8) { at = 3 }
    }

    /// - Throws: the first mistake.
    mutating func document() throws(TOMLMistake) -> TOMLTable {
        let root = TOMLBranch(depth: 0, line: nil)
        var table = root
        while true {
            skipBlanks()
            switch next {
            case nil: return root.finished
            case "#", "\n", "\r": break
            case "[": table = try header(root)
            default: try pair(in: table)
            }
            try endLine()
        }
    }

    /// `[key]` or `[[key]]`: the table that it opens.
    private mutating func header(_ root: TOMLBranch) throws(TOMLMistake) -> TOMLBranch {
        let isArray = peek(1) == UInt8(ascii: "[")
        let end = isArray ? "]]" : "]"
        at += end.utf8.count
        skipBlanks()
        guard beginsName else { throw mistake("a table's header has no name: write [name] or [[name]]") }
        let key = try key()
        guard rest.starts(with: end.utf8) else {
            throw mistake("the header of \(key.text) goes on with \(found): it has to end with \(end)")
        }
        at += end.utf8.count
        let table = isArray ? try root.append(key) : try root.open(key)
        try checkDepth(table.depth)
        return table
    }

    /// `key = value`
    mutating func pair(in table: TOMLBranch) throws(TOMLMistake) {
        guard beginsName else {
            let reason = next == UInt8(ascii: "=") ? "= has no key before it" : "\(found) begins no key"
            throw mistake("\(reason): write key = value, the key of letters, digits, - and _, or in quotes")
        }
        let key = try key()
        let depth = table.depth + key.holders.count
        try checkDepth(depth)
        guard next == UInt8(ascii: "=") else {
            throw mistake("no = after the key \(key.text): write \(key.text) = and its value")
        }
        at += 1
        skipBlanks()
        try table.set(key, value(depth: depth))
    }

    /// Takes what may stand behind a value or a header: a comment, and the end of the line or of the file.
    private mutating func endLine() throws(TOMLMistake) {
        skipBlanks()
        try skipComment()
        if next == nil { return }
        guard try skipLineEnd() else {
            throw mistake("\(found) stands where the line has to end: begin a new line")
        }
    }
}
