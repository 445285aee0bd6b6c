import Configuration

/// Reads a configuration file, and as TOML alone: what was read and written again is the same, and lines move with the text.
enum TOMLTarget {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        do throws(ConfigurationError) {
            let paths = StandardPaths(environment: { _ in nil }, isRoot: true, exists: { _ in false })
            let configuration = try ConfigurationLoader.configuration([("fuzz.toml", text)], paths: paths)
            precondition(configuration.jobs.workers >= 1 && configuration.stateFolder.hasPrefix("/"), "a wrong value")
        } catch {
            precondition(!error.problems.isEmpty && !error.description.isEmpty, "an error without a problem")
        }
        checkDocument(text)
    }

    private static func checkDocument(_ text: String) {
        let count = 1 + text.utf8.count { $0 == UInt8(ascii: "\n") }
        do throws(ConfigurationProblem) {
            let root = try TOMLDocument(text, file: "fuzz.toml").root
            let lines = lines(of: root)
            precondition(lines.allSatisfy { (1...count).contains($0) }, "a line that the text does not have")
            do throws(ConfigurationProblem) {
                let written = TOMLWriter().text(root)
                let again = try TOMLDocument(written, file: "again.toml").root
                precondition(TOMLWriter().text(again) == written, "other values when written and read again")
                guard !text.utf8.starts(with: "\u{FEFF}".utf8) else { return }
                let moved = try TOMLDocument("\n" + text, file: "moved.toml").root
                precondition(Self.lines(of: moved) == lines.map { $0 + 1 }, "lines that do not move with the text")
            } catch {
                preconditionFailure("not read again: \(error)")
            }
        } catch {
            precondition((1...count).contains(error.line ?? 0), "a mistake in a line that the text does not have")
            precondition((1..<1000).contains(error.message.utf8.count), "a message that says nothing, or all")
        }
    }

    /// Of all keys and tables.
    private static func lines(of table: TOMLTable) -> [Int] {
        let fields = table.fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return (table.line.map { [$0] } ?? []) + fields.flatMap { [$0.value.line] + lines(of: $0.value.value) }
    }

    private static func lines(of node: TOMLNode) -> [Int] {
        switch node {
        case .table(let table): lines(of: table)
        case .array(let nodes): nodes.flatMap { lines(of: $0) }
        default: []
        }
    }

    static var seeds: [[UInt8]] {
        [
            """
            state_folder = "/s"
            [control]
            mode = "0660"
            max_connections = 8
            [jobs]
            workers = 2
            retry_delay = 0.5
            [limits]
            memory = 1
            [encoder.x]
            extension = "mkv"
            verify = "none"
            command = ["a", "{output}", "{rate}"]
            [[stream]]
            name = "s"
            source = "folder"
            folder = "in"
            output = "out"
            encoder = "x"
            size = "2x"
            """,
            """
            [[stream]]
            name = "p"
            source = "pipe"
            pipe = "/p"
            sink = "camera"
            device = "/dev/video7"
            rate = "30000/1001"
            a = [1, 2.5, true, 1979-05-27, {b = "\\u00e9"}, '''x''']
            """,
            """
            a.b = 0x1_F # c
            'c' . "d" = [-inf, +1_0.5e-1, 0o7, 0b1, 1979-05-27T07:32:00.5-07:00, 07:32:00, ]
            [e . f]
            g = \"""
            h\\
              \\U0001F600\"\\\"""\"
            [e]
            i = {j.k = {}, j.l = [ # m
            [], ]}
            [[n]]
            [[n.o]]
            [n.p]
            """,
        ].map { Array($0.utf8) }
    }
}
