/// A table while its file is read.
///
/// Names that differ only in how their accents are encoded are one name, as they look the same; TOML would take both.
final class TOMLBranch {
    /// How a table came to be, which decides who may add to it.
    enum Origin {
        /// By the header of a table in it: its own header may follow, and dotted keys may add to it.
        case implied
        /// By its own header: dotted keys in other tables may not add to it.
        case header
        /// By dotted keys: no header may open it.
        case dottedKeys
    }

    enum Item {
        case value(TOMLNode)
        case table(TOMLBranch)
        case tables(Row)
    }

    /// An array of tables; a reference, so that it grows in place. Never empty.
    final class Row {
        private(set) var last: TOMLBranch
        private var earlier: [TOMLBranch] = []

        init(_ first: TOMLBranch) { last = first }

        func append(_ table: TOMLBranch) {
            earlier.append(last)
            last = table
        }

        var node: TOMLNode { .array((earlier + [last]).map { .table($0.finished) }) }
    }

    /// How many tables and arrays it lies in.
    let depth: Int
    var origin: Origin
    /// Of its header, or else of the first key that leads to it; nil for the file's top.
    var line: Int?
    var items: [String: (line: Int, item: Item)] = [:]

    init(_ origin: Origin = .header, depth: Int, line: Int?) {
        self.depth = depth
        self.origin = origin
        self.line = line
    }

    /// The values that were read.
    var finished: TOMLTable {
        TOMLTable(
            line: line,
            fields: items.mapValues { line, item in
                switch item {
                case .value(let node): .init(line: line, value: node)
                case .table(let table): .init(line: table.line ?? line, value: .table(table.finished))
                case .tables(let row): .init(line: line, value: row.node)
                }
            })
    }
}
