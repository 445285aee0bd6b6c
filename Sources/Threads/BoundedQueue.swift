/// A first-in first-out queue of fixed capacity between threads.
///
/// One or more producers `push`, one or more consumers `pop`; elements leave in the order they came.
/// A full queue blocks its producers, so memory is bounded by the capacity and a slow consumer slows
/// the whole line. The capacity limits the elements and, on request, their bytes; one element fits whatever its size.
/// The queue owns an element from `push` to `pop`.
public final class BoundedQueue<Element: Sendable>: Sendable {
    public let capacity: Int
    /// The most bytes that may wait; a single element may have more.
    public let byteCapacity: Int
    private let bytes: @Sendable (Element) -> Int
    private let monitor: Monitor<State>

    private struct State {
        var elements: [Element] = []
        var bytes = 0
        var finished = false
        var failure: (any Error)?
        var cancelled = false
    }

    /// - Parameters:
    ///   - capacity: how many elements may wait, at least 1.
    ///   - byteCapacity: how many bytes they may have, all together; at least one element may wait.
    ///   - bytes: how many an element has; the same at every call.
    public init(
        capacity: Int, byteCapacity: Int = .max, bytes: @escaping @Sendable (Element) -> Int = { _ in 0 }
    ) {
        precondition(capacity > 0, "a queue holds at least one element")
        self.capacity = capacity
        self.byteCapacity = byteCapacity
        self.bytes = bytes
        monitor = Monitor(State())
    }

    /// Waits for room and appends. Returns false, dropping the element, when the queue was cancelled.
    public func push(_ element: Element) -> Bool {
        let size = bytes(element)
        func hasRoom(_ state: State) -> Bool {
            state.elements.isEmpty || (state.elements.count < capacity && state.bytes + size <= byteCapacity)
        }
        return monitor.whenever({ hasRoom($0) || $0.cancelled }) { state in
            precondition(!state.finished, "push after finish")
            guard !state.cancelled else { return false }
            state.elements.append(element)
            state.bytes += size
            return true
        }
    }

    /// Waits for an element and takes it; nil at the end or after a cancellation.
    /// - Throws: the error the producer finished with, after all elements before it were taken.
    public func pop() throws -> Element? {
        try monitor.whenever({ !$0.elements.isEmpty || $0.finished || $0.cancelled }) { state in
            if state.cancelled { return nil }
            if !state.elements.isEmpty {
                let element = state.elements.removeFirst()
                state.bytes -= bytes(element)
                return element
            }
            if let failure = state.failure { throw failure }
            return nil
        }
    }

    /// Says that nothing more will come; what is queued still arrives, then `failure` is thrown if there is one.
    public func finish(throwing failure: (any Error)? = nil) {
        monitor.update { state in
            state.finished = true
            state.failure = failure
        }
    }

    /// Drops what is queued and releases both sides: the consumer has gone, or the work is not wanted any more.
    public func cancel() {
        monitor.update { state in
            state.cancelled = true
            state.elements = []
            state.bytes = 0
        }
    }
}
