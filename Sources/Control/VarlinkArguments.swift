/// Takes a call's parameters by name and type; what is wrong or left over is an InvalidParameter.
public struct VarlinkArguments {
    private var fields: [String: JSON]

    public init(_ fields: [String: JSON]) {
        self.fields = fields
    }

    /// Removes a parameter; null counts as absent.
    private mutating func take<T>(_ name: String, _ convert: (JSON) -> T?) throws(VarlinkError) -> T? {
        guard let value = fields.removeValue(forKey: name), value != .null else { return nil }
        guard let converted = convert(value) else { throw .invalidParameter(name) }
        return converted
    }

    public mutating func optionalString(_ name: String) throws(VarlinkError) -> String? {
        try take(name) { if case .string(let value) = $0, !value.utf8.contains(0) { value } else { nil } }
    }

    public mutating func string(_ name: String) throws(VarlinkError) -> String {
        guard let value = try optionalString(name) else { throw .invalidParameter(name) }
        return value
    }

    public mutating func optionalInteger(_ name: String) throws(VarlinkError) -> Int? {
        try take(name) { if case .integer(let value) = $0 { value } else { nil } }
    }

    public mutating func integer(_ name: String) throws(VarlinkError) -> Int {
        guard let value = try optionalInteger(name) else { throw .invalidParameter(name) }
        return value
    }

    public mutating func optionalBool(_ name: String) throws(VarlinkError) -> Bool? {
        try take(name) { if case .bool(let value) = $0 { value } else { nil } }
    }

    public mutating func optionalObject(_ name: String) throws(VarlinkError) -> [String: JSON]? {
        try take(name) { if case .object(let value) = $0 { value } else { nil } }
    }

    /// A string that means something.
    public mutating func parsed<T>(_ name: String, _ parse: (String) -> T?) throws(VarlinkError) -> T? {
        guard let text = try optionalString(name) else { return nil }
        guard let value = parse(text) else { throw .invalidParameter(name) }
        return value
    }

    /// - Throws: InvalidParameter for a parameter that the method does not have.
    public func finish() throws(VarlinkError) {
        if let name = fields.keys.min() { throw .invalidParameter(name) }
    }
}
