/// An interface that a server offers.
public protocol VarlinkInterface: Sendable {
    /// As in `io.gif2video.Control`.
    var name: String { get }
    /// The interface in Varlink's own language.
    var description: String { get }
    /// Answers one call. Several threads may call it at once, one call a connection.
    /// - Throws: `VarlinkError`; anything else ends the connection.
    func answer(_ call: VarlinkCall) throws -> VarlinkAnswer
}

/// One call of a method of an interface.
public struct VarlinkCall: Sendable {
    /// Without its interface.
    public let method: String
    public let parameters: [String: JSON]
    /// Whether the client takes several replies.
    public let wantsMore: Bool
    public let peer: Peer

    /// The method with its interface is in the way of no reply that continues.
    public static let expectedMore = VarlinkError.expectedMore
}

/// The answer to a call.
public enum VarlinkAnswer {
    case reply(any Encodable & Sendable)
    /// Replies that come when they come, until the client goes; the closure is called once, on the thread of the call.
    case stream((VarlinkStream) -> Void)
}

/// The process at the other end of a connection.
public struct Peer: Codable, Hashable, Sendable {
    public let user: UInt32
    /// Its primary and supplementary groups.
    public let groups: [UInt32]

    public init(user: UInt32, groups: [UInt32]) {
        self.user = user
        self.groups = groups
    }
}
