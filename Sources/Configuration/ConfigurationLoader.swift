import FoundationEssentials
import Glibc

/// Reads the configuration: a file and what lies in `conf.d` beside it, later files over earlier ones.
///
/// A key replaces the same key of an earlier file, an encoder the one of the same name; streams add up. Nothing is kept
/// between loads; any thread.
public struct ConfigurationLoader: Sendable {
    /// The main file.
    public let file: String
    /// Whether it may be missing.
    private let isOptional: Bool
    private let paths: StandardPaths

    /// - Parameter file: nil: the standard one, which may be missing.
    public init(file: String? = nil, paths: StandardPaths = StandardPaths()) {
        self.file = file ?? paths.configuration
        isOptional = file == nil
        self.paths = paths
    }

    /// - Throws: every mistake of all files at once.
    public func load() throws(ConfigurationError) -> DaemonConfiguration {
        var problems: [ConfigurationProblem] = []
        var texts: [(file: String, text: String)] = []
        for name in files() {
            do throws(ConfigurationProblem) {
                texts.append((name, try text(of: name)))
            } catch {
                problems.append(error)
            }
        }
        return try Self.configuration(texts, paths: paths, problems)
    }

    /// - Parameters:
    ///   - texts: of the files, in order.
    ///   - unread: what is wrong with files that could not be read.
    /// - Throws: every mistake of all files at once.
    package static func configuration(
        _ texts: [(file: String, text: String)], paths: StandardPaths, _ unread: [ConfigurationProblem] = []
    ) throws(ConfigurationError) -> DaemonConfiguration {
        var problems = unread
        var documents: [(TableReader.SourceFile, TOMLTable)] = []
        for (name, text) in texts {
            do throws(ConfigurationProblem) {
                let document = try TOMLDocument(text, file: name)
                documents.append((TableReader.SourceFile(name: name), document.root))
            } catch {
                problems.append(error)
            }
        }
        var builder = ConfigurationBuilder(paths: paths)
        for (_, root) in documents {
            if case .string(let folder) = root.fields["state_folder"]?.value { builder.setStateFolder(folder) }
        }
        for (file, root) in documents { builder.apply(TableReader(root, path: "", file: file)) }
        builder.checkWhole()
        for (file, _) in documents {
            problems += file.problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return builder.configuration
    }

    /// The files that `load` reads, in order.
    public func files() -> [String] {
        let folder = (file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ".") + "/conf.d"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let dropIns = names.filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }
        return (isOptional && access(file, F_OK) != 0 ? [] : [file]) + dropIns
    }

    private func text(of name: String) throws(ConfigurationProblem) -> String {
        guard let bytes = FileManager.default.contents(atPath: name) else {
            let reason = access(name, R_OK) != 0 ? String(cString: strerror(errno)) : "cannot be read"
            throw ConfigurationProblem(file: name, line: nil, key: nil, message: reason)
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw ConfigurationProblem(file: name, line: nil, key: nil, message: "is not UTF-8")
        }
        return text
    }
}
