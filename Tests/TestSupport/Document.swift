import Foundation

/// The commands of the documents, for tests that run them.
public enum Document {
    /// The commands of all shell blocks of a document, in order, without comments; a command that goes on in the next line, as
    /// a shell sees it, is one.
    /// - Parameter name: below the project's root.
    public static func commands(_ name: String) throws -> [String] {
        let text = try String(contentsOf: Tool.root.appendingPathComponent(name), encoding: .utf8)
        var commands: [String] = []
        var isShell = false
        var goesOn = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") {
                isShell = line == "```sh"
                goesOn = false
                continue
            }
            guard isShell, !line.hasPrefix("#") else { continue }
            if goesOn { commands[commands.count - 1] += "\n\(line)" } else { commands.append(String(line)) }
            goesOn = line.hasSuffix("\\") || line.hasSuffix("|")
        }
        return commands
    }

    /// The one command of a document that contains a text.
    /// - Throws: where there is none, or more than one.
    public static func command(_ name: String, with text: String) throws -> String {
        let found = try commands(name).filter { $0.contains(text) }
        guard found.count == 1 else { throw Unclear(description: "\(name) has \(found.count) commands with \(text)") }
        return found[0]
    }

    /// A document does not say what a test looks for.
    public struct Unclear: Error, CustomStringConvertible {
        public let description: String
    }
}
