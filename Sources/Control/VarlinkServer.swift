import CLinux
import Glibc
import Threads

/// Serves Varlink interfaces on a listening Unix socket.
///
/// One thread ("control") reads and writes all sockets and never waits for a client; two ("control-call") answer the
/// calls, a call a connection at a time, so replies leave in order. Everything a client can make grow has a limit.
public final class VarlinkServer: Sendable {
    /// Limits on clients.
    public struct Limits: Sendable {
        /// Clients at a time. When there are more, the one that was silent longest, among those of the user with the
        /// most connections, is closed.
        public var connections = 64
        /// Bytes of a call.
        public var message = 1 << 17
        /// Bytes of replies that wait for a client to read them.
        public var output = 4 << 20

        public init() {}
    }

    private let listener: Int32
    private let limits: Limits
    private let interfaces: [String: any VarlinkInterface]
    private let isAllowed: @Sendable (Peer) -> Bool
    private let calls: BoundedQueue<(VarlinkConnection, [UInt8])>
    private let wakeDescriptor: Int32
    private let stop = StopSignal()
    private let threads = Monitor<[NamedThread]>([])
    private let connectionCount = Monitor(0)

    /// - Parameters:
    ///   - listener: a listening, nonblocking socket; closed when the server has stopped.
    ///   - product: what GetInfo says.
    ///   - isAllowed: whether a user's calls are answered; others get PermissionDenied. Any thread.
    public init(
        listener: Int32, limits: Limits, product: VarlinkProduct, interfaces: [any VarlinkInterface],
        isAllowed: @escaping @Sendable (Peer) -> Bool
    ) {
        self.listener = listener
        self.limits = limits
        self.isAllowed = isAllowed
        let service = ServiceInterface(product: product, described: interfaces)
        self.interfaces = Dictionary(
            uniqueKeysWithValues: ([service] as [any VarlinkInterface] + interfaces).map { ($0.name, $0) })
        // A connection has one call in the queue at most, and one more may be open while another takes its place.
        calls = BoundedQueue(capacity: 2 * limits.connections + 2)
        wakeDescriptor = clinux_event()
    }

    /// Clients connected now.
    public var connections: Int { connectionCount.withLock { $0 } }

    /// Starts the threads. Once.
    /// - Throws: `NamedThread.Failure`.
    public func start() throws {
        try threads.withLock { threads in
            threads.append(try NamedThread("control") { [self] in serve() })
            for _ in 0..<2 { threads.append(try NamedThread("control-call") { [self] in answerCalls() }) }
        }
    }

    /// Closes all connections; returns when the threads have ended. Replies that were made before leave, as far as their
    /// clients read them at once.
    public func end() {
        stop.raise()
        let threads = threads.withLock { $0 }
        // The thread of the sockets, which leaves calls to the others.
        threads.first?.join()
        calls.finish()
        for thread in threads { thread.join() }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    // MARK: The thread of the sockets

    private func serve() {
        var connections: [VarlinkConnection] = []
        var acceptsAgain = 0.0
        while !stop.isRaised {
            let now = Clock.steady
            var entries = [
                pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: now >= acceptsAgain ? listener : -1, events: Int16(POLLIN), revents: 0),
            ]
            entries += connections.map { entry(for: $0) }
            poll(&entries, nfds_t(entries.count), now >= acceptsAgain ? -1 : 100)
            if entries[1].revents != 0 {
                var count: UInt64 = 0
                _ = read(wakeDescriptor, &count, 8)
            }
            let later = Clock.steady
            for (connection, entry) in zip(connections, entries.dropFirst(3)) {
                serve(connection, Int32(entry.revents), later)
            }
            if entries[2].revents != 0, !accept(into: &connections, later) {
                // No descriptors left: give the clients a moment to go.
                acceptsAgain = later + 0.1
            }
            for connection in connections where connection.isOver { connection.close() }
            connections.removeAll { $0.state.withLock { $0.isClosed } }
            connectionCount.withLock { $0 = connections.count }
        }
        for connection in connections {
            connection.flush(now: 0)
            connection.close()
        }
        close(listener)
    }

    private func entry(for connection: VarlinkConnection) -> pollfd {
        connection.state.withLock { state in
            var events: Int32 = 0
            if !state.inputEnded && state.input.count < limits.message { events |= POLLIN }
            if !state.output.isEmpty { events |= POLLOUT }
            return pollfd(fd: connection.descriptor, events: Int16(events), revents: 0)
        }
    }

    private func serve(_ connection: VarlinkConnection, _ events: Int32, _ now: Double) {
        if events & POLLIN != 0 { connection.receive(limit: limits.message, now: now) }
        if events & POLLIN == 0 && events & (POLLHUP | POLLERR) != 0 {
            connection.state.withLock { $0.isBroken = true }
            return
        }
        connection.flush(now: now)
        if let message = connection.nextMessage(limit: limits.message) { _ = calls.push((connection, message)) }
    }

    /// - Returns: false when the system has no room for another connection.
    private func accept(into connections: inout [VarlinkConnection], _ now: Double) -> Bool {
        // Not all at once: those who are connected have their turn, too.
        for _ in 0..<16 {
            let descriptor = clinux_accept(listener)
            guard descriptor >= 0 else {
                return errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS
            }
            connections.append(VarlinkConnection(descriptor, now: now))
            if connections.count > limits.connections { makeRoom(&connections) }
        }
        return true
    }

    /// Closes one connection: of the user who has most, one without an open call, silent longest.
    private func makeRoom(_ connections: inout [VarlinkConnection]) {
        let byUser = Dictionary(grouping: connections, by: \.peer.user)
        guard let crowd = byUser.values.max(by: { $0.count < $1.count }) else { return }
        let states = crowd.map { connection in
            (connection, connection.state.withLock { (isBusy: $0.isBusy, lastActive: $0.lastActive) })
        }
        let silent = states.filter { !$0.1.isBusy }.min { $0.1.lastActive < $1.1.lastActive }
        guard let victim = silent?.0 ?? crowd.last else { return }
        victim.close()
        connections.removeAll { $0 === victim }
    }

    // MARK: The threads of the calls

    private func answerCalls() {
        while let (connection, message) = try? calls.pop() {
            let keepsBusy = answer(message, on: connection)
            connection.state.withLock { if !keepsBusy { $0.isBusy = false } }
            wake()
        }
    }

    /// - Returns: whether more replies follow.
    private func answer(_ message: [UInt8], on connection: VarlinkConnection) -> Bool {
        func fail() {
            connection.state.withLock { $0.isBroken = true }
        }
        guard let call = try? VarlinkMessage.call(message) else {
            fail()
            return false
        }
        func send(_ bytes: [UInt8]) {
            if !call.oneway { _ = connection.send(bytes, limit: limits.output) }
        }
        do {
            switch try answer(call, connection.peer) {
            case .reply(let parameters):
                send(try VarlinkMessage.reply(parameters))
                return false
            case .stream(let open):
                guard call.more else { throw VarlinkError.expectedMore }
                open(VarlinkStream(connection, limit: limits.output) { [weak self] in self?.wake() })
                return true
            }
        } catch let error as VarlinkError {
            guard let bytes = try? VarlinkMessage.reply(error) else { preconditionFailure("an error that is no JSON") }
            send(bytes)
        } catch {
            fail()
        }
        return false
    }

    private func answer(_ call: VarlinkMessage.Call, _ peer: Peer) throws -> VarlinkAnswer {
        guard isAllowed(peer) else {
            throw VarlinkError("\(ControlInterface.name).PermissionDenied", ["user": .integer(Int(peer.user))])
        }
        guard let dot = call.method.lastIndex(of: ".") else { throw VarlinkError.interfaceNotFound(call.method) }
        let name = String(call.method[..<dot])
        guard let interface = interfaces[name] else { throw VarlinkError.interfaceNotFound(name) }
        if call.upgrade { throw VarlinkError.methodNotImplemented(call.method) }
        return try interface.answer(
            VarlinkCall(
                method: String(call.method[call.method.index(after: dot)...]), parameters: call.parameters,
                wantsMore: call.more, peer: peer))
    }
}
