import CLinux
import Glibc
import Threads

/// One client. The server's thread reads and writes the socket; the threads that answer calls only leave bytes here.
final class VarlinkConnection: Sendable {
    let descriptor: Int32
    let peer: Peer
    let state = Monitor(State())

    struct State {
        var input: [UInt8] = []
        var output: [UInt8] = []
        /// A call is being answered, or a stream of replies is open: nothing else is read from the input until then.
        var isBusy = false
        /// The client sends nothing more, but may still read.
        var inputEnded = false
        /// To be closed when the output has left.
        var isEnding = false
        /// To be closed now.
        var isBroken = false
        /// Called once when the connection closes.
        var closeHandlers: [@Sendable () -> Void] = []
        var isClosed = false
        /// When something was read or written last, in seconds of the monotonic clock.
        var lastActive = 0.0
    }

    init(_ descriptor: Int32, now: Double) {
        self.descriptor = descriptor
        var (process, user, group) = (pid_t(), uid_t(), gid_t())
        var groups = [gid_t](repeating: 0, count: 1024)
        let count = clinux_peer(descriptor, &process, &user, &group, &groups, Int32(groups.count))
        peer = count < 0 ? Peer(user: .max, groups: []) : Peer(user: user, groups: [group] + groups.prefix(Int(count)))
        state.withLock { $0.lastActive = now }
    }

    /// Leaves bytes for the client.
    /// - Parameter limit: bytes that may wait; a client that lets more come together is given up.
    /// - Returns: false when the client has gone or is given up.
    func send(_ bytes: [UInt8], limit: Int) -> Bool {
        state.withLock { state in
            guard !state.isClosed && !state.isBroken else { return false }
            guard state.output.count + bytes.count <= limit else {
                state.isBroken = true
                return false
            }
            state.output += bytes
            return true
        }
    }

    /// Reads what is there.
    /// - Parameter limit: bytes that may wait.
    func receive(limit: Int, now: Double) {
        state.withLock { state in
            var buffer = [UInt8](repeating: 0, count: 16384)
            while state.input.count < limit {
                let count = recv(descriptor, &buffer, min(buffer.count, limit - state.input.count), 0)
                if count > 0 {
                    state.input += buffer[0..<count]
                    state.lastActive = now
                } else if count == 0 {
                    state.inputEnded = true
                    return
                } else if errno != EINTR {
                    if errno != EAGAIN { state.isBroken = true }
                    return
                }
            }
        }
    }

    /// Writes what the client takes.
    func flush(now: Double) {
        state.withLock { state in
            while !state.output.isEmpty {
                let count = Glibc.send(descriptor, state.output, state.output.count, Int32(MSG_NOSIGNAL))
                if count > 0 {
                    state.output.removeFirst(count)
                    state.lastActive = now
                } else if errno != EINTR {
                    if errno != EAGAIN { state.isBroken = true }
                    return
                }
            }
        }
    }

    /// The next message, when the one before is answered and has left.
    /// - Parameter limit: bytes of a message; a longer one breaks the connection.
    func nextMessage(limit: Int) -> [UInt8]? {
        state.withLock { state in
            guard !state.isBusy, !state.isEnding, !state.isBroken, state.output.isEmpty else { return nil }
            guard let end = state.input.firstIndex(of: 0) else {
                if state.input.count >= limit { state.isBroken = true }
                return nil
            }
            let message = Array(state.input[..<end])
            state.input.removeSubrange(...end)
            state.isBusy = true
            return message
        }
    }

    /// Whether the server should close it.
    var isOver: Bool {
        state.withLock { state in
            if state.isBroken { return true }
            guard state.output.isEmpty else { return false }
            return state.isEnding || (state.inputEnded && !state.isBusy && !state.input.contains(0))
        }
    }

    /// Calls `body` when the connection closes; at once when it is closed.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.closeHandlers.append(body) }
            return state.isClosed
        }
        if isClosed { body() }
    }

    /// Closes the socket. Called by the server's thread, once.
    func close() {
        let handlers = state.withLock { state in
            defer { state.closeHandlers = [] }
            state.isClosed = true
            state.output = []
            state.input = []
            return state.closeHandlers
        }
        Glibc.close(descriptor)
        for handler in handlers { handler() }
    }
}
