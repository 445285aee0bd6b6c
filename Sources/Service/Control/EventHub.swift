import Control
import Threads

/// Hands what happens to those who follow it. Any thread; never waits.
final class EventHub: Sendable {
    private struct Subscriber {
        let stream: VarlinkStream
        let wanted: String?
        let takesProgress: Bool
    }

    private struct State {
        var nextKey = 0
        var subscribers: [Int: Subscriber] = [:]
    }

    private let state = Monitor(State())

    /// - Parameters:
    ///   - wanted: the only stream of interest; nil: all.
    func subscribe(_ stream: VarlinkStream, wanted: String?, takesProgress: Bool) {
        let key = state.withLock { state in
            state.nextKey += 1
            state.subscribers[state.nextKey] = Subscriber(
                stream: stream, wanted: wanted, takesProgress: takesProgress)
            return state.nextKey
        }
        stream.send(EventReply(event: ControlEvent(time: Clock.wall, kind: .daemon, message: "following")))
        stream.whenClosed { [weak self] in self?.state.withLock { $0.subscribers[key] = nil } }
    }

    func job(_ info: JobInfo, kind: ControlEvent.Kind = .job) {
        publish(ControlEvent(time: Clock.wall, kind: kind, stream: info.stream, job: info))
    }

    func stream(_ name: String, _ message: String) {
        publish(ControlEvent(time: Clock.wall, kind: .stream, stream: name, message: message))
    }

    func daemon(_ message: String) {
        publish(ControlEvent(time: Clock.wall, kind: .daemon, message: message))
    }

    private func publish(_ event: ControlEvent) {
        // The lock gives all followers the same order. Sending does not wait.
        state.withLock { state in
            for subscriber in state.subscribers.values {
                if event.kind == .progress && !subscriber.takesProgress { continue }
                if let wanted = subscriber.wanted, let stream = event.stream, stream != wanted { continue }
                subscriber.stream.send(EventReply(event: event))
            }
        }
    }
}
