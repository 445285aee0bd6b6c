/// A value of a TOML file.
package enum TOMLNode: Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case array([TOMLNode])
    case table(TOMLTable)
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

/// A table of a TOML file.
package struct TOMLTable: Sendable {
    package struct Field: Sendable {
        /// The key's; of a table the one of its header. From 1.
        package let line: Int
        package let value: TOMLNode
    }

    /// The first; nil for the file's top.
    package let line: Int?
    package let fields: [String: Field]
}
