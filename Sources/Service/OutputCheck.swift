import Configuration
import Control
import Glibc
import Output

/// Where explicit outputs may go, and what makes them.
struct OutputCheck {
    private let configuration: DaemonConfiguration

    init(_ configuration: DaemonConfiguration) {
        self.configuration = configuration
    }

    /// The output with its folder's links resolved.
    /// - Throws: OutputNotAllowed unless its folder exists and lies in a configured root.
    func place(_ output: String) throws(VarlinkError) -> String {
        let name = Files.name(of: output)
        guard output.hasPrefix("/"), !name.isEmpty, !name.hasPrefix(".") else {
            throw .outputNotAllowed(output, "not an absolute path of a visible file")
        }
        guard let folder = Self.resolved(Files.folder(of: output)) else {
            throw .outputNotAllowed(output, "its folder: \(String(cString: strerror(errno)))")
        }
        let isInside = configuration.control.outputRoots.contains { root in
            guard let root = Self.resolved(root) else { return false }
            return folder == root || folder.hasPrefix(root == "/" ? "/" : "\(root)/")
        }
        guard isInside else { throw .outputNotAllowed(output, "it lies in none of control.output_roots") }
        return "\(folder)/\(name)"
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// The encoder's name, or y4m, rgb24, rgba.
    /// - Parameter asked: nil: by the output's extension.
    func encoder(_ output: String, asked: String?) throws(VarlinkError) -> String {
        func isKnown(_ name: String) -> Bool {
            configuration.encoders[name] != nil || StreamFormat(rawValue: name) != nil
        }
        if let asked {
            guard isKnown(asked) else { throw .parameter("encoder") }
            return asked
        }
        let ending = String(Files.split(Files.name(of: output)).ending.dropFirst())
        if isKnown(ending) { return ending }
        let named = configuration.encoders.sorted { $0.key < $1.key }.first { $0.value.fileExtension == ending }
        guard let named else { throw .outputNotAllowed(output, "no encoder makes .\(ending)") }
        return named.key
    }
}
