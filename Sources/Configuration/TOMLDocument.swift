import TOMLKit

/// A value of a TOML file.
enum TOMLNode {
    case string(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case array([TOMLNode])
    case table([String: TOMLNode])
    /// A date or a time, which no key of ours takes.
    case time

    /// As messages call it.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "a whole number"
        case .number: "a number"
        case .bool: "true or false"
        case .array: "an array"
        case .table: "a table"
        case .time: "a time"
        }
    }
}

/// A parsed TOML file with the lines of its keys. The only place that knows TOMLKit.
struct TOMLDocument {
    let root: [String: TOMLNode]
    let lines: TOMLLines

    /// - Throws: `ConfigurationProblem` with the line of the mistake.
    init(_ text: String, file: String) throws(ConfigurationProblem) {
        do {
            let table = try TOMLTable(string: text)
            // Values are views into the table.
            root = withExtendedLifetime(table) { Self.fields(of: table) }
        } catch let error as TOMLParseError {
            throw ConfigurationProblem(
                file: file, line: error.source.begin.line, key: nil, message: error.description)
        } catch {
            throw ConfigurationProblem(file: file, line: nil, key: nil, message: "\(error)")
        }
        lines = TOMLLines(text)
    }

    private static func fields(of table: TOMLTable) -> [String: TOMLNode] {
        var fields: [String: TOMLNode] = [:]
        for key in table.keys {
            if let value = table[key] { fields[key] = node(value) }
        }
        return fields
    }

    private static func node(_ value: any TOMLValueConvertible) -> TOMLNode {
        switch value.type {
        case .string: value.string.map { .string($0) } ?? .time
        case .int: value.int.map { .integer($0) } ?? .time
        case .double: value.double.map { .number($0) } ?? .time
        case .bool: value.bool.map { .bool($0) } ?? .time
        case .array: .array(value.array.map { $0.map { node($0) } } ?? [])
        case .table: .table(value.table.map { fields(of: $0) } ?? [:])
        default: .time
        }
    }
}
