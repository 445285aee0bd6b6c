import Threads

/// Lets those who are watched go first: files wait a moment between their pictures while a live GIF is being restored.
final class LivePriority: Sendable {
    /// Seconds that a file's picture waits at most, so that files go on however long a live stream lasts.
    static let patience = 0.25

    private let live = Monitor(0)

    /// A live GIF is being restored, until `leave`.
    func enter() {
        live.withLock { $0 += 1 }
    }

    func leave() {
        live.withLock { $0 -= 1 }
    }

    /// Called by files after each picture.
    /// - Parameter stop: ends the wait.
    func yield(_ stop: StopSignal) {
        var waited = 0.0
        while waited < Self.patience && live.withLock({ $0 > 0 }) && !stop.isRaised {
            stop.wait(seconds: 0.05)
            waited += 0.05
        }
    }
}
