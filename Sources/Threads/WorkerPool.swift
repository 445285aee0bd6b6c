import CLinux
import Synchronization

/// A fixed number of threads that share out loops.
///
/// `forEach` splits a loop among the workers and the calling thread and returns when every index was done. Several threads
/// may call it at once (CCDNet and the flow network of one window do): their loops are served in the order in which they
/// came, and each caller works on its own loop. Loops may nest: a thread that waits for its loop's last indices meanwhile
/// works on the loops within them, on no others.
///
/// A network's loops follow each other within microseconds and last fractions of a millisecond, less than a thread may take to
/// wake up. So whoever has nothing to do looks out for more for some microseconds before it sleeps.
public final class WorkerPool: Sendable {
    /// How many threads work on a loop, the caller included.
    public let concurrency: Int
    private let desk = Desk()

    /// - Parameter concurrency: threads per loop, the caller included; the number of processors by default.
    public init(concurrency: Int = WorkerPool.processors) {
        precondition(concurrency > 0, "a pool has at least one thread: its caller")
        self.concurrency = concurrency
        for index in 1..<max(concurrency, 1) {
            _ = NamedThread("worker-\(index)") { [desk] in desk.serve() }
        }
    }

    deinit {
        desk.close()
    }

    /// Processors this process may run on.
    public static var processors: Int { Int(clinux_processors()) }

    /// Runs `body` for 0 ..< count, in any order, on several threads; returns when all are done.
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        if count <= 1 || concurrency == 1 {
            for index in 0..<max(count, 0) { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { body in
                let loop = Loop(count: count, body: body)
                desk.publish(loop)
                loop.work()
                desk.finish(loop)
            }
        }
    }
}

/// One loop: indices are handed out one at a time.
///
/// A worker may hold a loop a moment longer than its caller: it holds the caller's closure by address, and calls it only
/// while the caller waits.
private final class Loop: @unchecked Sendable {
    private let count: Int
    private let body: UnsafePointer<(Int) -> Void>
    /// In one of whose indices the caller is: there as long as this one is published.
    private let outer: Unmanaged<Loop>?
    private let next = Atomic(0)
    private let done = Atomic(0)

    /// By the thread that waits for it.
    init(count: Int, body: UnsafePointer<(Int) -> Void>) {
        self.count = count
        self.body = body
        outer = Self.current
    }

    /// In one of whose indices the calling thread is.
    private static var current: Unmanaged<Loop>? {
        get { clinux_note().map { Unmanaged.fromOpaque($0) } }
        set { clinux_set_note(newValue?.toOpaque()) }
    }

    /// Whether there are indices left to hand out.
    var isOpen: Bool { next.load(ordering: .relaxed) < count }

    /// Whether all indices are done, and what they wrote can be read.
    var isDone: Bool { done.load(ordering: .sequentiallyConsistent) == count }

    /// Whether it was begun within an index of another loop, or of one within that.
    func lies(within other: Loop) -> Bool {
        var ancestor = outer
        while let loop = ancestor?.takeUnretainedValue() {
            if loop === other { return true }
            ancestor = loop.outer
        }
        return false
    }

    /// Works on indices until none is left.
    /// - Returns: whether the last one was done here.
    @discardableResult func work() -> Bool {
        let before = Self.current
        Self.current = Unmanaged.passUnretained(self)
        defer { Self.current = before }
        var runs = 0
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count else { break }
            run(index)
            runs += 1
        }
        return runs > 0 && done.add(runs, ordering: .sequentiallyConsistent).newValue == count
    }

    /// Not inlined, so that no reference to the closure's context outlives the call.
    @inline(never)
    private func run(_ index: Int) {
        body.pointee(index)
    }
}

/// Where loops lie for whoever has time.
private final class Desk: Sendable {
    private struct State {
        /// All whose callers have not returned, in the order in which they came.
        var loops: [Loop] = []
        var isClosed = false
    }

    private let monitor = Monitor(State())
    /// Loops that ever came, to see without the lock that there are new ones.
    private let arrivals = Atomic(0)
    /// Threads that sleep, or are about to.
    private let sleepers = Atomic(0)
    /// Looks, with a pause between two, before a thread sleeps: 20 to 50 microseconds.
    private static let patience = 1000

    func publish(_ loop: Loop) {
        monitor.withLock { $0.loops.append(loop) }
        arrivals.add(1, ordering: .sequentiallyConsistent)
        wake()
    }

    /// Returns when all of the caller's loop is done.
    func finish(_ loop: Loop) {
        while !loop.isDone {
            _ = help(where: { $0.lies(within: loop) }, until: { loop.isDone })
        }
        monitor.withLock { state in state.loops.removeAll { $0 === loop } }
    }

    /// A worker's life.
    func serve() {
        while help(where: { _ in true }, until: { false }) {}
    }

    func close() {
        monitor.update { $0.isClosed = true }
    }

    /// Waits for a loop that is open, and works on it.
    /// - Returns: false when it ended otherwise.
    private func help(where isWanted: (Loop) -> Bool, until isOver: () -> Bool) -> Bool {
        func choose(_ state: State) -> Loop? { state.loops.first { $0.isOpen && isWanted($0) } }
        var seen = -1
        for _ in 0..<Self.patience {
            if isOver() { return false }
            let arrived = arrivals.load(ordering: .sequentiallyConsistent)
            if arrived != seen {
                seen = arrived
                if let loop = monitor.withLock({ choose($0) }) { return work(on: loop) }
            }
            clinux_pause()
        }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        let found = monitor.wait { (state: State) -> Loop?? in
            if isOver() || state.isClosed { return .some(nil) }
            return choose(state).map { .some($0) }
        }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        return found.map { work(on: $0) } ?? false
    }

    private func work(on loop: Loop) -> Bool {
        // Its caller may be asleep.
        if loop.work() { wake() }
        return true
    }

    private func wake() {
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { monitor.wake() }
    }
}
