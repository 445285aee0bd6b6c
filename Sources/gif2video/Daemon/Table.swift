import Filesystem

/// Rows for people: columns as wide as their widest cell. File names cannot control the terminal or begin a row.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []
    /// Columns whose cells stand right.
    private let numbers: Set<Int>

    init(_ header: [String], numbers: Set<Int> = []) {
        self.header = header
        self.numbers = numbers
    }

    mutating func add(_ row: [String]) {
        precondition(row.count == header.count, "a cell a column")
        rows.append(row.map(\.printable))
    }

    var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { TextWidth.of($0[column]) }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - TextWidth.of(cell))
                return numbers.contains(column) ? space + cell : cell + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

/// Figures as people read them.
enum Figure {
    /// "12.3"
    static func decimal(_ value: Double?, _ decimals: Int = 1) -> String {
        value.map { Progress.fixed($0, decimals) } ?? "-"
    }

    /// "45 s", "12 min", "3 h", "8 d"
    static func duration(_ seconds: Double) -> String {
        let seconds = Int(max(0, seconds))
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86400) d"
        }
    }

    /// "12 MiB"
    static func memory(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}
