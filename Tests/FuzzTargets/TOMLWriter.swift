package import Configuration

/// Writes values as TOML, in one way each: keys sorted and in quotes, tables inside others in braces.
package struct TOMLWriter {
    private let number: (Double) -> String

    /// - Parameter number: writes a number that is not whole; the default as TOML, in the fewest digits that are exact.
    package init(number: @escaping (Double) -> String = { $0.isNaN ? "nan" : "\($0)" }) {
        self.number = number
    }

    /// A document: a line for each key.
    package func text(_ table: TOMLTable) -> String {
        pairs(table).map { $0 + "\n" }.joined()
    }

    private func pairs(_ table: TOMLTable) -> [String] {
        let sorted = table.fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return sorted.map { "\(text($0.key)) = \(text($0.value.value))" }
    }

    private func text(_ node: TOMLNode) -> String {
        switch node {
        case .string(let value): text(value)
        case .integer(let value): "\(value)"
        case .number(let value): number(value)
        case .bool(let value): "\(value)"
        case .array(let values): "[\(values.map { text($0) }.joined(separator: ", "))]"
        case .table(let table): "{\(pairs(table).joined(separator: ", "))}"
        case .time: "00:00:00"
        }
    }

    /// In quotes, with escapes for all that is not ASCII.
    private func text(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            if (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\" {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                text += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
            }
        }
        return text + "\""
    }
}
