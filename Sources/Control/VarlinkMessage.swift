import FoundationEssentials

/// The bytes between client and server: one JSON object and a NUL.
package enum VarlinkMessage {
    /// A call as it stands on the wire.
    package struct Call {
        package let method: String
        package let parameters: [String: JSON]
        package internal(set) var oneway = false
        package internal(set) var more = false
        package internal(set) var upgrade = false
    }

    /// A mistake for which the specification ends a connection.
    package struct Violation: Error {
        let reason: String
    }

    /// - Parameter bytes: a message without its NUL.
    package static func call(_ bytes: [UInt8]) throws(Violation) -> Call {
        guard case .object(var fields)? = try? JSONDecoder().decode(JSON.self, from: Data(bytes)) else {
            throw Violation(reason: "not a JSON object")
        }
        guard case .string(let method)? = fields.removeValue(forKey: "method") else {
            throw Violation(reason: "no method")
        }
        var parameters: [String: JSON] = [:]
        switch fields.removeValue(forKey: "parameters") {
        case nil, .null: break
        case .object(let given): parameters = given
        default: throw Violation(reason: "parameters are no object")
        }
        var call = Call(method: method, parameters: parameters)
        call.oneway = try flag("oneway", &fields)
        call.more = try flag("more", &fields)
        call.upgrade = try flag("upgrade", &fields)
        guard [call.oneway, call.more, call.upgrade].count(where: \.self) <= 1 else {
            throw Violation(reason: "more than one flag")
        }
        if let unknown = fields.keys.first { throw Violation(reason: "unknown field \(unknown)") }
        return call
    }

    private static func flag(_ name: String, _ fields: inout [String: JSON]) throws(Violation) -> Bool {
        switch fields.removeValue(forKey: name) {
        case nil: return false
        case .bool(let value): return value
        default: throw Violation(reason: "\(name) is neither true nor false")
        }
    }

    private struct Reply<Parameters: Encodable>: Encodable {
        let parameters: Parameters
        var continues: Bool?
        var error: String?
    }

    static func reply(_ parameters: some Encodable, continues: Bool = false) throws -> [UInt8] {
        try encoded(Reply(parameters: parameters, continues: continues ? true : nil))
    }

    package static func reply(_ error: VarlinkError) throws -> [UInt8] {
        try encoded(Reply(parameters: error.parameters, error: error.name))
    }

    private struct OutgoingCall<Parameters: Encodable>: Encodable {
        let method: String
        let parameters: Parameters
        let more: Bool?
    }

    package static func call(_ method: String, _ parameters: some Encodable, more: Bool) throws -> [UInt8] {
        try encoded(OutgoingCall(method: method, parameters: parameters, more: more ? true : nil))
    }

    private static func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return [UInt8](try encoder.encode(value)) + [0]
    }
}

/// Parameters of a method without any, and of its reply.
public struct NoParameters: Codable, Sendable {
    public init() {}
}
