/// The tensors of a model file, by name, until a network has taken them.
///
/// Not for several threads: one thread loads a file and builds the network from it.
public final class ModelWeights {
    /// One tensor as the file holds it, the last dimension the closest together.
    package struct Entry {
        package let shape: [Int]
        package let values: [Float]
    }

    /// For errors: the file that the tensors came from.
    public let path: String
    package private(set) var entries: [String: Entry]

    init(path: String, entries: [String: Entry]) {
        self.path = path
        self.entries = entries
    }

    /// Hands out a tensor's values, once.
    /// - Throws: `ModelError` where there is none of this name, or one of another shape, or one that holds an infinity
    ///   or a NaN.
    public func take(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        guard let entry = entries.removeValue(forKey: name) else {
            throw ModelError(path: path, reason: "tensor \(name) is missing")
        }
        guard entry.shape == shape else {
            throw ModelError(path: path, reason: "tensor \(name): expected shape \(shape), found \(entry.shape)")
        }
        guard entry.values.allSatisfy({ $0.isFinite }) else {
            throw ModelError(path: path, reason: "tensor \(name): holds values that are not finite")
        }
        return entry.values
    }

    /// Called when the network is complete.
    /// - Throws: `ModelError` where tensors are left over: the file holds more than its configuration says.
    public func requireAllTaken() throws(ModelError) {
        guard !entries.isEmpty else { return }
        let names = entries.keys.sorted()
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        let list = names.prefix(3).joined(separator: ", ")
        throw ModelError(path: path, reason: "tensors that its configuration has no use for: \(list)\(more)")
    }
}
