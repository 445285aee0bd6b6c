import Threads

/// Controls one running GIF: says how far it is, and ends it. Any thread.
final class RunHandle: Sendable {
    /// The reason for which a run ends before its GIF does.
    enum Reason: Sendable {
        /// Somebody does not want it any more.
        case cancelled
        /// Something else is to be shown at once.
        case replaced
        /// The daemon ends.
        case draining
        /// Nothing happened for too long.
        case stalled
    }

    /// Thrown by a run that was ended.
    struct Ended: Error {
        let reason: Reason
    }

    private struct State {
        var reason: Reason?
        var lastProgress = Clock.steady
        /// Threads of the run that wait for somebody outside.
        var waits = 0
        var pictures = 0
        var position = 0.0
        /// Length of the GIF in seconds; nil where it is not known.
        var total: Double?
        var lastShown = 0.0
    }

    /// Raised when the run shall end.
    let stop = StopSignal()
    private let state = Monitor(State())

    /// Ends the run; the first reason counts.
    func end(_ reason: Reason) {
        state.withLock { if $0.reason == nil { $0.reason = reason } }
        stop.raise()
    }

    var reason: Reason? { state.withLock { $0.reason } }

    /// - Throws: `Ended`.
    func check() throws {
        if let reason { throw Ended(reason: reason) }
    }

    /// Runs `body`. Ending the run makes its calls fail, so an error that comes afterwards is that end.
    /// - Throws: `Ended`; the errors of `body`.
    func running<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch {
            try check()
            throw error
        }
    }

    /// Something was done.
    func tick() {
        state.withLock { $0.lastProgress = Clock.steady }
    }

    /// A picture was written that ends at `position` seconds.
    /// - Returns: whether it is time to tell somebody, which is at most four times a second.
    func wrote(upTo position: Double) -> Bool {
        state.withLock { state in
            let now = Clock.steady
            state.lastProgress = now
            state.pictures += 1
            state.position = position
            guard now - state.lastShown >= 0.25 else { return false }
            state.lastShown = now
            return true
        }
    }

    /// Runs `body`, which waits for somebody outside: no progress is expected meanwhile.
    func waiting<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        state.withLock { $0.waits += 1 }
        defer {
            state.withLock { state in
                state.waits -= 1
                state.lastProgress = Clock.steady
            }
        }
        return try body()
    }

    /// Seconds since something was done; 0 while it waits for somebody outside.
    var stalled: Double {
        state.withLock { $0.waits > 0 ? 0 : Clock.steady - $0.lastProgress }
    }

    var pictures: Int { state.withLock { $0.pictures } }

    /// Says how long the GIF is, in seconds.
    func expect(total: Double) {
        state.withLock { $0.total = total }
    }

    /// 0 to 1; nil where the length is not known.
    var share: Double? {
        state.withLock { state in
            state.total.flatMap { $0 > 0 ? min(1, state.position / $0) : nil }
        }
    }
}
