/// An error as it travels: a name with its interface, and parameters.
public struct VarlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    public let name: String
    public let parameters: [String: JSON]

    public init(_ name: String, _ parameters: [String: JSON] = [:]) {
        self.name = name
        self.parameters = parameters
    }

    /// "PathNotReadable (path: /a.gif, reason: ...)"
    public var description: String {
        let short = name.split(separator: ".").last.map(String.init) ?? name
        return parameters.isEmpty ? short : "\(short) (\(JSON.object(parameters)))"
    }

    static func invalidParameter(_ parameter: String) -> VarlinkError {
        VarlinkError("org.varlink.service.InvalidParameter", ["parameter": .string(parameter)])
    }

    static func interfaceNotFound(_ interface: String) -> VarlinkError {
        VarlinkError("org.varlink.service.InterfaceNotFound", ["interface": .string(interface)])
    }

    public static func methodNotFound(_ method: String) -> VarlinkError {
        VarlinkError("org.varlink.service.MethodNotFound", ["method": .string(method)])
    }

    static func methodNotImplemented(_ method: String) -> VarlinkError {
        VarlinkError("org.varlink.service.MethodNotImplemented", ["method": .string(method)])
    }

    static let expectedMore = VarlinkError("org.varlink.service.ExpectedMore")
}
