import Foundation
import FuzzTargets
import TestSupport
import Testing

@testable import Configuration

/// The parser beside Python's tomllib.
@Suite struct TOMLDifferenceTests {
    private static let python = "/usr/bin/python3"

    /// The word of tomllib of a document.
    private struct Answer: Decodable {
        /// The values as `TOMLWriter` writes them, numbers as their bits; nil: refused.
        let values: String?
        /// The difference to our parser that this document may show.
        let difference: Difference?
    }

    private enum Difference: String, Decodable {
        /// Python has whole numbers of any size.
        case bigNumber
        /// tomllib takes as many tables in one another as Python's stack.
        case deep
        /// tomllib knows no 61st second, and no year 0.
        case time
        /// Names that differ only in the encoding of their accents are one name to us.
        case accents
    }

    /// Reads a JSON array of documents, and prints one of answers.
    private static let script = #"""
        import json, re, struct, sys, tomllib, unicodedata

        def text(value):
            return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}" for c in value) + '"'

        def pairs(table):
            return [f"{text(key)} = {node(table[key])}" for key in sorted(table)]

        def node(value):
            match value:
                case str(): return text(value)
                case bool(): return "true" if value else "false"
                case int(): return str(value)
                case float() if value != value: return "nan"
                case float(): return f"{struct.unpack('>Q', struct.pack('>d', value))[0]:x}f"
                case list(): return "[" + ", ".join(map(node, value)) + "]"
                case dict(): return "{" + ", ".join(pairs(value)) + "}"
                case _: return "00:00:00"

        def parts(value):
            yield value
            for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
                yield from parts(part)

        def depth(value):
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
            return 0 if inside is None else 1 + max(map(depth, inside), default=0)

        def difference(root):
            if any(isinstance(part, int) and not -2**63 <= part < 2**63 for part in parts(root)): return "bigNumber"
            if depth(root) > 129: return "deep"
            tables = (part for part in parts(root) if isinstance(part, dict))
            if any(len({unicodedata.normalize("NFD", key) for key in table}) < len(table) for table in tables): return "accents"

        def answer(document):
            try:
                root = tomllib.loads(document.removeprefix("\ufeff"))
                return {"values": "\n".join(pairs(root)), "difference": difference(root)}
            except RecursionError:
                return {"difference": "deep"}
            except ValueError as error:
                # As Python says it of whole numbers of more than 4300 digits.
                if "integer string conversion" in str(error): return {"difference": "bigNumber"}
            other = re.sub(r"(:[0-5]\d:)60", r"\g<1>59", document.replace("0000-", "0004-"))
            if other != document and answer(other).get("values") is not None: return {"difference": "time"}
            return {}

        json.dump([answer(document) for document in json.load(sys.stdin)], sys.stdout)
        """#

    /// nil where there is no tomllib.
    private func answers(to documents: [String]) throws -> [Answer]? {
        guard (try? Tool.run(Self.python, ["-c", "import tomllib"]).status) == 0 else {
            print(
                "######## SKIPPED: there is no Python with tomllib (3.11) here, which the TOML parser is compared with ########"
            )
            return nil
        }
        let result = try Tool.run(
            Self.python, ["-c", Self.script], input: Array(try JSONEncoder().encode(documents)))
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([Answer].self, from: Data(result.output))
    }

    /// Compares, and counts the documents that both take.
    private func compare(_ documents: [String]) throws -> (accepted: Int, differences: [Difference: Int])? {
        guard let answers = try answers(to: documents) else { return nil }
        try #require(answers.count == documents.count)
        var (accepted, differences) = (0, [Difference: Int]())
        let writer = TOMLWriter { $0.isNaN ? "nan" : String($0.bitPattern, radix: 16) + "f" }
        for (document, answer) in zip(documents, answers) {
            let ours: Result<String, ConfigurationProblem>
            do {
                let text = writer.text(try TOMLDocument(document, file: "a.toml").root)
                ours = .success(text.split(separator: "\n").joined(separator: "\n"))
            } catch {
                ours = .failure(error)
            }
            if (try? ours.get()) == answer.values {
                accepted += answer.values == nil ? 0 : 1
            } else if let difference = answer.difference {
                differences[difference, default: 0] += 1
            } else {
                Issue.record("\(document.debugDescription): ours \(ours), tomllib's \(answer.values ?? "refused")")
            }
        }
        return (accepted, differences)
    }

    @Test func theTablesOfDocumentsAreRightByTomllib() throws {
        guard let valid = try compare(TOMLCase.valid.map(\.text)) else { return }
        #expect(valid.differences == [.time: 1] && valid.accepted == TOMLCase.valid.count - 1, "\(valid)")
        // Keys of 100,000 dots take more memory than there is.
        let invalid = try #require(try compare(TOMLCase.invalid.map(\.text).filter { $0.utf8.count < 10_000 }))
        #expect(invalid.accepted == 0)
        #expect(Set(invalid.differences.keys) == [.bigNumber, .deep], "\(invalid)")
    }

    @Test func theNamedDifferencesAreTheOnlyOnes() throws {
        let documents: [(String, Difference)] = [
            ("a = 9223372036854775808", .bigNumber),
            ("a = " + String(repeating: "[", count: 129) + String(repeating: "]", count: 129), .deep),
            (String(repeating: "a.", count: 200) + "a = 1", .deep), ("a = 23:59:60", .time), ("a = 0000-01-01", .time),
            ("'\u{E9}' = 1\n'e\u{301}' = 2", .accents), ("'\u{E9}'.a = 1\n'e\u{301}'.b = 2", .accents),
        ]
        for (document, difference) in documents {
            guard let found = try compare([document]) else { return }
            #expect(found.differences == [difference: 1], "\(document.prefix(100))")
        }
    }

    /// Changes of the shipped file, whole and in pieces, and of all documents of the tables.
    @Test func mutatedDocumentsAreReadAsByTomllib() throws {
        var random = SplitMix64(seed: 1979)
        let shipped = try String(contentsOf: Tool.root.appendingPathComponent("Config/gif2video.toml"), encoding: .utf8)
        let lines = shipped.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let valid = TOMLCase.valid.map(\.text) + FuzzTarget.toml.seeds.map { String(decoding: $0, as: UTF8.self) }
        let invalid = TOMLCase.invalid.map(\.text).filter { $0.utf8.count < 1000 }
        var documents = (0..<100).map { _ in TOMLMutation.of(shipped, others: valid, &random) }
        for _ in 0..<1500 {
            let start = Int.random(in: lines.indices, using: &random)
            let piece = lines[start...].prefix(Int.random(in: 1...30, using: &random)).joined(separator: "\n")
            documents.append(TOMLMutation.of(piece, others: valid, &random))
        }
        for (seeds, count) in [(valid, 30), (invalid, 5)] {
            for seed in seeds { documents += (0..<count).map { _ in TOMLMutation.of(seed, others: valid, &random) } }
        }
        guard let found = try compare(documents) else { return }
        let named = found.differences.map { "\($1) of \($0)" }.sorted().joined(separator: ", ")
        print("of \(documents.count) documents tomllib and our parser take \(found.accepted); \(named)")
        #expect(found.accepted > documents.count / 10 && found.accepted < documents.count * 9 / 10)
    }
}
