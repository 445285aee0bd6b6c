import CLinux
import Glibc

/// Tells threads that wait for something outside (a pipe, a socket, a child) to give up.
///
/// Raised once and for ever; any thread may raise it and look at it. Those who wait in poll(2) poll its descriptor, too;
/// those who wait elsewhere leave a closure that gets them out.
public final class StopSignal: Sendable {
    /// Readable from the moment the signal is raised; -1 where the system has no descriptor left. Not to be read.
    public let descriptor: Int32
    private let state = Monitor(State())

    private struct State {
        var isRaised = false
        var nextKey = 0
        var releases: [Int: @Sendable () -> Void] = [:]
    }

    public init() {
        descriptor = clinux_event()
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    public var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Raises it; a second time does nothing. Runs the closures of `whileReleasing` on the calling thread.
    public func raise() {
        let releases = state.update { state -> [@Sendable () -> Void] in
            guard !state.isRaised else { return [] }
            state.isRaised = true
            return Array(state.releases.values)
        }
        var one: UInt64 = 1
        if descriptor >= 0 { _ = write(descriptor, &one, 8) }
        for release in releases { release() }
    }

    /// Runs `body`; when the signal is raised meanwhile, or was before, `release` is called once to get it out.
    public func whileReleasing<R>(_ release: @escaping @Sendable () -> Void, _ body: () throws -> R) rethrows -> R {
        let key = state.withLock { state -> Int? in
            guard !state.isRaised else { return nil }
            state.nextKey += 1
            state.releases[state.nextKey] = release
            return state.nextKey
        }
        if key == nil { release() }
        defer {
            if let key { state.withLock { $0.releases[key] = nil } }
        }
        return try body()
    }

    /// Sleeps until the signal is raised.
    /// - Parameter seconds: at most that long.
    /// - Returns: whether it is raised.
    @discardableResult
    public func wait(seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(max(0, min(seconds * 1000, 1e9)).rounded(.up)))
        return isRaised
    }

    /// Waits until `other` can be read or written, or the signal is raised.
    /// - Parameters:
    ///   - events: as of poll(2).
    ///   - seconds: at most that long; nil: for ever.
    /// - Returns: the events of `other`; 0 when the time is over or the signal is raised.
    public func wait(for other: Int32, events: Int32, seconds: Double? = nil) -> Int32 {
        var entries = [
            pollfd(fd: other, events: Int16(events), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let limit = seconds.map { Int32(max(0, min($0 * 1000, 1e9)).rounded(.up)) } ?? -1
        while poll(&entries, 2, limit) < 0 && errno == EINTR {}
        return isRaised ? 0 : Int32(entries[0].revents)
    }
}
