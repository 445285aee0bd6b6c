import Configuration
import Control
import Filesystem
import Glibc
import Output

/// Checks explicit outputs: their places, and the encoders that make them.
struct OutputCheck {
    private let configuration: DaemonConfiguration

    init(_ configuration: DaemonConfiguration) {
        self.configuration = configuration
    }

    /// An output that is allowed.
    struct Place {
        /// The configured root, without links.
        let root: Path
        let output: Path
    }

    /// Finds the root that an output lies in. No link is followed below a root, and nothing is said about places outside.
    /// - Throws: OutputNotAllowed unless the output's folder exists in a configured root.
    func place(_ output: Path) throws(VarlinkError) -> Place {
        guard output.isAbsolute, output.name.isEntryName, !output.isHidden else {
            throw .outputNotAllowed("\(output)", "not an absolute path of a visible file")
        }
        guard output.name.bytes.count <= OutputNames.mostBytes else {
            throw .outputNotAllowed("\(output)", "its name is longer than \(OutputNames.mostBytes) bytes")
        }
        for configured in configuration.control.outputRoots {
            guard let root = Self.resolved(configured),
                let relative = output.relative(to: configured) ?? output.relative(to: root), relative.leadsDown
            else { continue }
            do {
                _ = try Folder(root).folder(relative.folder)
            } catch {
                throw .outputNotAllowed("\(output)", "its folder: \(error.reason)")
            }
            return Place(root: root, output: root.appending(relative))
        }
        throw .outputNotAllowed("\(output)", "it lies in none of control.output_roots")
    }

    /// Whether a folder, without links, is a configured root.
    func isRoot(_ folder: Path) -> Bool {
        configuration.control.outputRoots.contains { Self.resolved($0) == folder }
    }

    private static func resolved(_ path: Path) -> Path? {
        guard let real = path.withCString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return Path(bytes: UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) })
    }

    /// The encoder's name, or y4m, rgb24, rgba.
    /// - Parameter asked: nil: by the output's extension.
    func encoder(_ output: Path, asked: String?) throws(VarlinkError) -> String {
        func isKnown(_ name: String) -> Bool {
            configuration.encoders[name] != nil || StreamFormat(rawValue: name) != nil
        }
        if let asked {
            guard isKnown(asked) else { throw .parameter("encoder") }
            return asked
        }
        let ending = "\(output.ending)".dropFirst().description
        if isKnown(ending) { return ending }
        // The configuration's own first; of those that come with the program what `convert` would take.
        let own = configuration.encoders.filter { $0.value.fileExtension == ending && !$0.value.template.isBuiltIn }
        if let name = own.keys.min() { return name }
        let usual = VideoContainer.allCases.first { $0.fileExtension == ending }?.rawValue
        guard let usual, isKnown(usual) else {
            throw .outputNotAllowed("\(output)", "no encoder makes .\(ending) unless it is named")
        }
        return usual
    }
}
