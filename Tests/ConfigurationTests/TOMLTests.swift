import FuzzTargets
import Glibc
import Testing

@testable import Configuration

@Suite struct TOMLTests {
    @Test(arguments: TOMLCase.valid) func aValidDocumentHasItsValues(_ document: TOMLCase) throws {
        let root = try TOMLDocument(document.text, file: "a.toml").root
        #expect(TOMLWriter().text(root).split(separator: "\n").joined(separator: "; ") == document.expected)
    }

    @Test(arguments: TOMLCase.invalid) func anInvalidDocumentIsRefusedWithLineAndReason(_ document: TOMLCase) {
        do {
            let root = try TOMLDocument(document.text, file: "a.toml").root
            Issue.record("taken: \(TOMLWriter().text(root))")
        } catch {
            #expect(error.description.hasPrefix("a.toml:\(document.expected)"))
        }
    }

    /// Every valid document, cut off behind each of its characters and begun there.
    @Test func piecesOfDocumentsAreReadOrRefused() {
        for text in TOMLCase.valid.map(\.text) where text.utf8.count < 200 {
            for place in text.unicodeScalars.indices {
                FuzzTarget.toml.run(Array(text.utf8[..<place]))
                FuzzTarget.toml.run(Array(text.utf8[place...]))
            }
        }
    }

    @Test(arguments: [
        ("a = 1\n\n[b]\nc = 2 # d\n'd e'.f = 3", ["a 1", "b 3", "b.c 4", "b.d e 5", "b.d e.f 5"]),
        ("[[a]]\nb = 1\n[[a]]\n[a.b]\nc = 1", ["a 1", "a[0] 1", "a[0].b 2", "a[1] 3", "a[1].b 4", "a[1].b.c 5"]),
        ("a = [{b = 1},\n{c = [\n1],\td = 2}]", ["a 1", "a[0] 1", "a[0].b 1", "a[1] 2", "a[1].c 2", "a[1].d 3"]),
        ("[a.b]\n[a]\nc = '''\n\n\\'''\nd = 1", ["a 2", "a.b 1", "a.c 3", "a.d 6"]),
        ("a.b = 1\na.c = 2", ["a 1", "a.b 1", "a.c 2"]),
        ("a = \"\"\"\\\n\r\n\n b\\n\"\"\"\r\nb = 1", ["a 1", "b 5"]),
    ])
    func everyKeyAndTableHasItsLine(text: String, expected: [String]) throws {
        #expect(Self.lines(of: try TOMLDocument(text, file: "a.toml").root, path: "") == expected)
    }

    private static func lines(of table: TOMLTable, path: String) -> [String] {
        table.fields.sorted { $0.key < $1.key }.flatMap { name, field in
            ["\(path)\(name) \(field.line)"] + lines(of: field.value, path: path + name)
        }
    }

    private static func lines(of node: TOMLNode, path: String) -> [String] {
        switch node {
        case .table(let table): lines(of: table, path: path + ".")
        case .array(let nodes):
            nodes.enumerated().flatMap { index, node in
                guard case .table(let table) = node else { return [String]() }
                return ["\(path)[\(index)] \(table.line ?? 0)"] + lines(of: node, path: "\(path)[\(index)]")
            }
        default: []
        }
    }

    /// Shapes that a parser could go through once for each of their parts: a unit many times, before it, behind it.
    private static let shapes: [[String]] = [
        ["[[a]]\n"], ["[[a]]\nb.c = 1\n"], ["[[a.b.c]]\n", "[a]\n"], ["[x]\n"], ["\r\n"], ["#\n", "a = [", "]"],
        ["1,", "a = [", "]"], ["[],{},", "a = [", "]"], ["\n", "a = ["], ["[", "a = "], ["{a=", "a = "],
        ["x", "a = '", "'"], ["\\n", "a = \"", "\""], ["é", "a = \"", "\""], ["\\u00e9", "a = \"", "\""],
        ["''x", "a = '''", "'''"], ["\"\"x", "a = \"\"\""], ["\\\n  ", "a = \"\"\"", "\"\"\""],
        ["\n", "a = \"\"\"\\", "\"\"\""], ["x", "", " = 1"], ["x", "[", "]"], ["a.", "", "b = 1"], [" ", "a = 1"],
        ["9", "a = "], ["9", "a = 0."], ["1_", "a = ", "1.5"], ["-", "a = "], ["1979-05-27 ", "a = "],
    ]

    @Test(arguments: shapes) func theTimeGrowsWithTheLengthOfAText(shape: [String]) {
        checkTime { count in
            let body = String(repeating: shape[0], count: count / shape[0].utf8.count)
            return shape.dropFirst().prefix(1).joined() + body + shape.dropFirst(2).joined()
        }
    }

    @Test func theTimeGrowsWithTheNumberOfKeysAndTables() {
        checkTime { count in (0..<count / 12).map { "key\($0) = \($0)\n" }.joined() }
        checkTime { count in (0..<count / 30).map { "[table.of\($0)]\na.b = 1\na.c = 2\n" }.joined() }
        checkTime { count in
            "[" + String(repeating: "x", count: count / 2) + "]\n" + (0..<count / 20).map { "k\($0) = 1\n" }.joined()
        }
    }

    /// Sixteen times the length takes 16 times as long; if it were its square, 256 times.
    private func checkTime(_ text: (Int) -> String) {
        let times = [text(30_000), text(480_000)].map { text in
            let start = Self.threadSeconds()
            _ = try? TOMLDocument(text, file: "a.toml")
            return max(Self.threadSeconds() - start, 0.001)
        }
        #expect(times[1] < 64 * times[0], "\(times)")
    }

    /// The processor's time for this thread, as tests run beside each other.
    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
