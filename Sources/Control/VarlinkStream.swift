/// An open call with `more`: replies that come when they come. Any thread.
public final class VarlinkStream: Sendable {
    private let connection: VarlinkConnection
    private let limit: Int
    private let wake: @Sendable () -> Void

    init(_ connection: VarlinkConnection, limit: Int, wake: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.limit = limit
        self.wake = wake
    }

    /// Sends one more reply. Never waits: a client that does not read is disconnected.
    /// - Returns: false when the client has gone.
    @discardableResult
    public func send(_ parameters: some Encodable) -> Bool {
        guard let bytes = try? VarlinkMessage.reply(parameters, continues: true) else { return false }
        defer { wake() }
        return connection.send(bytes, limit: limit)
    }

    /// Calls `body` once when the client has gone, on any thread.
    public func whenClosed(_ body: @escaping @Sendable () -> Void) {
        connection.whenClosed(body)
    }
}
