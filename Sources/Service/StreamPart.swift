import Threads

/// A part of a stream that works on a thread of its own: it watches a folder, records a pipe or shows GIFs. Any thread may call
/// it.
protocol StreamPart: AnyObject, Sendable {
    var thread: StreamThread { get }
    /// Runs on the thread, until `thread.isStopped`.
    func work()
}

extension StreamPart {
    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        try thread.start { [self] in work() }
    }

    /// Stops at once: a GIF that is shown, or comes through a pipe, is cut off there. Returns when the thread has ended.
    func end() {
        thread.stop.raise()
        thread.join()
    }
}

/// The thread of a part of a stream. Any thread may call it.
final class StreamThread: Sendable {
    /// Raised when the stream ends.
    let stop = StopSignal()
    private let name: String
    private let scheduler: Scheduler
    private let thread = Monitor<NamedThread?>(nil)
    private let state: Monitor<String?>

    /// - Parameter detail: at first.
    init(_ name: String, _ scheduler: Scheduler, detail: String? = nil) {
        self.name = name
        self.scheduler = scheduler
        state = Monitor(detail)
    }

    var isStopped: Bool { stop.isRaised || scheduler.isDraining }

    /// Says why the part waits, or what is wrong; nil when all is well.
    var detail: String? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    /// - Throws: `NamedThread.Failure`.
    func start(_ body: @escaping @Sendable () -> Void) throws {
        try thread.withLock { $0 = try NamedThread(name, body) }
    }

    /// Returns when the thread has ended. When the scheduler drains, that is after the GIF that is shown or comes in.
    func join() {
        thread.withLock { $0 }?.join()
    }
}
