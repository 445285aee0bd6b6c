/// A key as it is written before a value or in a header: `name`, or `holder.holder.name`.
struct TOMLKey {
    let line: Int
    /// The tables on the way to the name.
    private(set) var holders: [String] = []
    private(set) var name: String

    init(line: Int, name: String) {
        self.line = line
        self.name = name
    }

    mutating func append(_ next: String) {
        holders.append(name)
        name = next
    }

    /// As messages call it.
    var text: String { Self.text(holders + [name]) }

    /// As messages call the first of its tables.
    func text(holders count: Int) -> String { Self.text(Array(holders.prefix(count))) }

    func mistake(_ message: String) -> TOMLMistake { TOMLMistake(line: line, message: message) }

    private static func text(_ names: [String]) -> String {
        let words = names.map { name in
            let isBare = !name.isEmpty && name.utf8.allSatisfy(TOMLParser.isBare)
            return isBare ? name : "\"\(name)\""
        }
        return TOMLMistake.excerpt(words.joined(separator: ".").utf8)
    }
}
