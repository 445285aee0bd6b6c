import Control
import Filesystem
import Threads

/// The GIFs that wait to be played on one live sink, and the run that is shown. Any thread.
final class PlayQueue: Sendable {
    /// GIFs that may wait.
    static let capacity = 64

    /// A GIF that somebody wants to be shown.
    struct Play: Sendable {
        let path: Path
        let peer: Peer
        let loops: Bool
        /// Whether it is shown at once, in place of the GIF that is shown.
        let isUrgent: Bool
    }

    private struct State {
        var plays: [Play] = []
        var current: RunHandle?
    }

    private let state = Monitor(State())

    /// Adds a GIF; an urgent one takes the place of all others and of the run that is shown.
    /// - Returns: false when too many wait.
    func add(_ play: Play) -> Bool {
        state.withLock { state in
            if play.isUrgent {
                state.plays = [play]
                state.current?.end(.replaced)
                return true
            }
            guard state.plays.count < Self.capacity else { return false }
            state.plays.append(play)
            return true
        }
    }

    /// Takes the first one.
    func next() -> Play? {
        state.withLock { $0.plays.isEmpty ? nil : $0.plays.removeFirst() }
    }

    var isEmpty: Bool { state.withLock { $0.plays.isEmpty } }

    /// Runs `body` as the run that is shown.
    func showing<R>(_ handle: RunHandle, _ body: () throws -> R) rethrows -> R {
        state.withLock { $0.current = handle }
        defer { state.withLock { $0.current = nil } }
        return try body()
    }
}
