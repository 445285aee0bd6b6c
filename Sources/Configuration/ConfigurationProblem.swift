/// One mistake in a configuration file.
public struct ConfigurationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    /// From 1; nil where the mistake is in no line (an unreadable file).
    public let line: Int?
    /// Dotted, with the number of a `[[stream]]` from 0: `stream[1].rate`; nil where it is no key's.
    public let key: String?
    public let message: String

    public init(file: String, line: Int?, key: String?, message: String) {
        self.file = file
        self.line = line
        self.key = key
        self.message = message
    }

    /// `/etc/gif2video/gif2video.toml:12: stream[1].rate: ...`
    public var description: String {
        file + (line.map { ":\($0)" } ?? "") + (key.map { ": \($0)" } ?? "") + ": \(message)"
    }
}

/// The mistakes for which a configuration is not used, in the order of the files.
public struct ConfigurationError: Error, CustomStringConvertible {
    /// At least one.
    public let problems: [ConfigurationProblem]

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
