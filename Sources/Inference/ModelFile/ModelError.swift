/// A defect of a model file, and its place.
public struct ModelError: Error, Equatable, CustomStringConvertible {
    /// The file, as it was asked for.
    public let path: String
    /// For a person: the place in the file and what was expected there.
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
