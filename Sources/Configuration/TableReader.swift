import Media

/// Takes the keys of one table, one by one, by type; what is wrong goes to the list of problems.
///
/// A key that is missing or wrong is nil, so that the default stays. `finish` reports the keys that were not read.
struct TableReader {
    let file: SourceFile
    /// Dotted path of the table; empty for the file's top.
    let path: String
    private let table: TOMLTable
    /// Keys that were not taken yet.
    private var rest: Set<String>
    private var known: [String] = []

    init(_ table: TOMLTable, path: String, file: SourceFile) {
        self.table = table
        rest = Set(table.fields.keys)
        self.path = path
        self.file = file
    }

    /// A file and what is wrong with it.
    final class SourceFile {
        private let name: String
        private(set) var problems: [ConfigurationProblem] = []

        init(name: String) {
            self.name = name
        }

        fileprivate func report(line: Int?, _ path: String, _ message: String) {
            problems.append(ConfigurationProblem(file: name, line: line, key: path, message: message))
        }
    }

    /// Adds to the problems, with the line of the key, or that of the table where the key is not there.
    func report(_ key: String, _ message: String) {
        file.report(line: table.fields[key]?.line ?? table.line, pathOf(key), message)
    }

    private func pathOf(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Whether the key is there and was not taken yet.
    func has(_ key: String) -> Bool { rest.contains(key) }

    private mutating func take<T>(_ key: String, _ expected: String, _ convert: (TOMLNode) -> T?) -> T? {
        known.append(key)
        guard rest.remove(key) != nil, let node = table.fields[key]?.value else { return nil }
        if let value = convert(node) { return value }
        report(key, "expected \(expected), found \(node.kind)")
        return nil
    }

    mutating func string(_ key: String) -> String? {
        let value = take(key, "a string") { if case .string(let value) = $0 { value } else { nil } }
        guard let value, value.utf8.contains(0) else { return value }
        report(key, "holds a NUL character")
        return nil
    }

    mutating func bool(_ key: String) -> Bool? {
        take(key, "true or false") { if case .bool(let value) = $0 { value } else { nil } }
    }

    mutating func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        let value = take(key, "a whole number") { if case .integer(let value) = $0 { value } else { nil } }
        return within(range, value, key)
    }

    mutating func seconds(_ key: String, _ range: ClosedRange<Double>) -> Double? {
        let value: Double? = take(key, "a number of seconds") {
            switch $0 {
            case .integer(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        }
        return within(range, value, key)
    }

    private func within<T>(_ range: ClosedRange<T>, _ value: T?, _ key: String) -> T? {
        guard let value, !range.contains(value) else { return value }
        report(key, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    mutating func strings(_ key: String) -> [String]? {
        take(key, "an array of strings") { node in
            guard case .array(let elements) = node else { return nil }
            var strings: [String] = []
            for element in elements {
                guard case .string(let value) = element, !value.utf8.contains(0) else { return nil }
                strings.append(value)
            }
            return strings
        }
    }

    /// One of an enumeration's words.
    mutating func choice<T: RawRepresentable & CaseIterable>(_ key: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        guard let word = string(key) else { return nil }
        if let value = T(rawValue: word) { return value }
        report(key, "\"\(word)\" is none of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    /// A string that means something.
    mutating func parsed<T>(_ key: String, _ expected: String, _ parse: (String) -> T?) -> T? {
        guard let text = string(key) else { return nil }
        if let value = parse(text) { return value }
        report(key, "\"\(text)\" is not \(expected)")
        return nil
    }

    /// Permission bits as octal digits.
    mutating func mode(_ key: String) -> UInt32? {
        parsed(key, "an octal mode such as 0660") { text in
            guard (3...4).contains(text.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else { return nil }
            return mode
        }
    }

    mutating func table(_ key: String) -> TableReader? {
        let table = take(key, "a table") { if case .table(let table) = $0 { table } else { nil } }
        return table.map { TableReader($0, path: pathOf(key), file: file) }
    }

    /// A table of tables, by their names, sorted.
    mutating func tables(_ key: String) -> [(name: String, table: TableReader)] {
        guard var table = table(key) else { return [] }
        return table.rest.sorted().compactMap { name in table.table(name).map { (name, $0) } }
    }

    /// An array of tables.
    mutating func tableArray(_ key: String) -> [TableReader] {
        let elements = take(key, "[[\(key)]] tables") { node -> [TOMLTable]? in
            guard case .array(let elements) = node else { return nil }
            var tables: [TOMLTable] = []
            for element in elements {
                guard case .table(let table) = element else { return nil }
                tables.append(table)
            }
            return tables
        }
        return (elements ?? []).enumerated().map { TableReader($1, path: "\(key)[\($0)]", file: file) }
    }

    /// Reports what is left: keys that do not exist.
    func finish() {
        for key in rest.sorted() {
            report(key, "there is no such key" + (known.nearest(to: key).map { "; did you mean \($0)?" } ?? ""))
        }
    }
}
