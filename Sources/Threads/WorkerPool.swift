import CLinux
import Synchronization

/// A fixed number of threads that share out loops.
///
/// `forEach` splits a loop among the workers and the calling thread and returns when every index was done. Several threads
/// may call it at once (CCDNet and the flow network of one window do): each caller works on its own loop; if there are fewer
/// callers than threads, workers help, with the oldest loops first. Loops may nest: a thread that waits for its loop's last
/// indices meanwhile works on the loops within them, on no others. `begin` gives the workers a job for which no thread waits
/// yet.
///
/// A network's loops follow each other within microseconds and last fractions of a millisecond, less than a thread may take to
/// wake up. So an idle thread looks for more work for some microseconds before it sleeps.
public final class WorkerPool: Sendable {
    /// How many threads work on a loop, the caller included.
    public let concurrency: Int
    private let desk: Desk

    /// - Parameter concurrency: threads per loop, the caller included; the number of processors by default. Fewer where the system
    ///   has no threads left.
    public init(concurrency: Int = WorkerPool.processors) {
        precondition(concurrency > 0, "a pool has at least one thread: its caller")
        let desk = Desk(concurrency: concurrency)
        var threads = 1
        while threads < concurrency, (try? NamedThread("worker-\(threads)") { desk.serve() }) != nil { threads += 1 }
        self.desk = desk
        self.concurrency = threads
        desk.concurrency.store(self.concurrency, ordering: .relaxed)
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
            // A few rounds for every thread: indices that take next to nothing go many at once.
            let loop = desk.publish(count: count, step: max(1, count / (16 * concurrency)), body: body)
            loop.work()
            desk.finish(loop)
        }
    }

    /// Has a worker run `body` as soon as one is free; a thread that waits for the job may run it, too. `body` gets a function
    /// that wakes the threads which wait for a condition.
    public func begin(_ body: @escaping (_ tell: () -> Void) -> Void) -> Job { Job(desk, body) }

    /// Work that was begun. It may never run if no thread waits for it before the last reference is gone.
    public final class Job: @unchecked Sendable {
        private let desk: Desk
        private let loop: Loop

        fileprivate init(_ desk: Desk, _ body: @escaping (_ tell: () -> Void) -> Void) {
            self.desk = desk
            loop = Loop { _ in body(desk.tell) }
            desk.publish(loop)
        }

        deinit {
            // A job that has not begun never will; one that has is waited for.
            if loop.withdraw() { desk.remove(loop) } else { desk.finish(loop) }
        }

        /// Returns when the job is done: begins it, or helps a thread that has begun it.
        public func finish() {
            desk.work(on: loop)
            desk.finish(loop)
        }

        /// Returns when `isOver`, a condition that the job tells of; helps if threads are free. If there are workers, they
        /// begin the job.
        public func wait(until isOver: () -> Bool) {
            if desk.concurrency.load(ordering: .relaxed) == 1 { desk.work(on: loop) }
            desk.help(loop, until: isOver)
        }
    }
}

/// One loop: indices are handed out one at a time, or a few.
///
/// A worker may hold a loop a moment longer than its caller, but its closure only while the caller waits. Once nobody holds
/// it, the loop becomes another one.
private final class Loop: @unchecked Sendable {
    private var count = 0
    private var step = 1
    /// nil when the loop is over.
    private var body: ((Int) -> Void)?
    /// The loop in which the caller made this one; it exists as long as this one is published.
    private var outer: Unmanaged<Loop>?
    /// Whether its caller works on it.
    let isCalled: Bool
    private let next = Atomic(0)
    private let done = Atomic(0)
    /// Threads that hold it beside its caller, and whether the caller has let it go. Both need the desk's lock.
    var holders = 0
    var isOver = false

    /// For `become`.
    init() {
        isCalled = true
    }

    /// A loop of one index, for which no thread waits yet.
    init(job: @escaping (Int) -> Void) {
        isCalled = false
        body = job
        count = 1
    }

    /// Begins anew as the loop of the calling thread, which waits for it. No other thread may hold it.
    func become(count: Int, step: Int, body: @escaping (Int) -> Void) {
        (self.count, self.step, self.body, isOver) = (count, step, body, false)
        outer = Self.current
        next.store(0, ordering: .relaxed)
        done.store(0, ordering: .relaxed)
    }

    /// The loop that the calling thread works on.
    private static var current: Unmanaged<Loop>? {
        get { clinux_note().map { Unmanaged.fromOpaque($0) } }
        set { clinux_set_note(newValue?.toOpaque()) }
    }

    /// Whether there are indices left to hand out.
    var isOpen: Bool { next.load(ordering: .relaxed) < count }

    /// Whether all indices are done, and what they wrote can be read.
    var isDone: Bool { done.load(ordering: .sequentiallyConsistent) == count }

    /// Whether its caller is in no other loop, and works on this one.
    var isOutermost: Bool { outer == nil && isCalled }

    /// Releases the closure when no thread works on it any more. It may hold the last reference to any object, so the desk's
    /// lock must be free.
    func forget() {
        body = nil
    }

    /// Takes all indices that are left.
    /// - Returns: whether none had been taken before.
    func withdraw() -> Bool { next.add(count, ordering: .relaxed).oldValue == 0 }

    /// Whether it was made within another loop, directly or within a loop of that.
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
            let first = next.add(step, ordering: .relaxed).oldValue
            guard first < count else { break }
            let end = min(first + step, count)
            run(first..<end)
            runs += end - first
        }
        return runs > 0 && done.add(runs, ordering: .sequentiallyConsistent).newValue == count
    }

    /// Not inlined, so that no reference to the closure's context outlives the call.
    @inline(never)
    private func run(_ indices: Range<Int>) {
        guard let body else { preconditionFailure("a loop that is over") }
        for index in indices { body(index) }
    }
}

/// The queue from which idle threads take loops.
private final class Desk: Sendable {
    private struct State {
        /// The loops whose callers have not returned, in the order in which they came.
        var loops: [Loop] = []
        /// A few loops that no thread holds, to be used again.
        var spare: [Loop] = []
        /// Workers at work.
        var busy = 0
        var isClosed = false

        /// Threads at work; callers between two loops do not count.
        var threads: Int {
            var threads = busy
            for index in loops.indices where loops[index].isOutermost { threads += 1 }
            return threads
        }

        init() {
            loops.reserveCapacity(Desk.mostSpare)
            spare.reserveCapacity(Desk.mostSpare)
        }

        /// The first loop that has indices left and fits. The caller holds it until it calls `leave`.
        func take(where fits: (Loop) -> Bool) -> Loop? {
            for index in loops.indices where loops[index].isOpen && fits(loops[index]) {
                loops[index].holders += 1
                return loops[index]
            }
            return nil
        }

        /// Notes that a thread that took a loop is done with it.
        mutating func leave(_ loop: Loop) {
            loop.holders -= 1
            keep(loop)
        }

        mutating func remove(_ loop: Loop) {
            for index in loops.indices where loops[index] === loop {
                loops.remove(at: index)
                return
            }
        }

        /// Keeps a loop for another caller, once nobody holds it.
        mutating func keep(_ loop: Loop) {
            if loop.isCalled, loop.isOver, loop.holders == 0, spare.count < Desk.mostSpare { spare.append(loop) }
        }
    }

    /// Loops at once that need no memory: the networks of a stream have one each, and one within it.
    private static let mostSpare = 16

    /// Threads per loop; set before the first loop.
    let concurrency: Atomic<Int>
    private let monitor = Monitor(State())
    /// Counts events that may give a thread something to do, so that threads see them without the lock.
    private let news = Atomic(0)
    /// Threads that sleep, or are about to.
    private let sleepers = Atomic(0)
    /// Looks, with a pause between two, before a thread sleeps: 20 to 50 microseconds.
    private static let patience = 1000

    init(concurrency: Int) {
        self.concurrency = Atomic(concurrency)
    }

    func publish(_ loop: Loop) {
        monitor.withLock { $0.loops.append(loop) }
        tell()
    }

    /// Publishes a loop of the calling thread, which waits for it.
    func publish(count: Int, step: Int, body: @escaping (Int) -> Void) -> Loop {
        let loop = monitor.withLock { state in
            let loop = state.spare.popLast() ?? Loop()
            loop.become(count: count, step: step, body: body)
            state.loops.append(loop)
            return loop
        }
        tell()
        return loop
    }

    /// Returns when all of the caller's loop is done.
    func finish(_ loop: Loop) {
        while !loop.isDone {
            let inner = wait(until: { loop.isDone }) { state in state.take(where: { $0.lies(within: loop) }) }
            guard let inner else { continue }
            work(on: inner)
            monitor.withLock { $0.leave(inner) }
        }
        remove(loop)
    }

    /// Works on loops within another one, if threads are free, until a condition holds.
    func help(_ loop: Loop, until isOver: () -> Bool) {
        work(where: { $0.lies(within: loop) }, until: isOver)
    }

    /// Works on loops that fit, if threads are free, until a condition holds.
    private func work(where fits: (Loop) -> Bool, until isOver: () -> Bool) {
        func choose(_ state: inout State) -> Loop? {
            guard state.threads < concurrency.load(ordering: .relaxed), let loop = state.take(where: fits) else {
                return nil
            }
            state.busy += 1
            return loop
        }
        while let loop = wait(until: isOver, for: choose) {
            work(on: loop)
            monitor.withLock { state in
                state.busy -= 1
                state.leave(loop)
            }
        }
    }

    func remove(_ loop: Loop) {
        loop.forget()
        let tells = monitor.withLock { state in
            state.remove(loop)
            // Its caller's thread is free: another one may work now.
            let tells = !state.loops.isEmpty && loop.isOutermost
            loop.isOver = true
            state.keep(loop)
            return tells
        }
        if tells { tell() }
    }

    /// Runs a worker until the pool is closed.
    func serve() {
        work(where: { _ in true }, until: { false })
    }

    func close() {
        monitor.update { $0.isClosed = true }
    }

    /// - Parameter choose: called with the lock held, whenever there is news.
    /// - Returns: what was chosen; nil when it ended otherwise.
    private func wait(until isOver: () -> Bool, for choose: (inout State) -> Loop?) -> Loop? {
        var seen = -1
        for _ in 0..<Self.patience {
            if isOver() { return nil }
            let latest = news.load(ordering: .sequentiallyConsistent)
            if latest != seen {
                seen = latest
                if let loop = monitor.withLock({ choose(&$0) }) { return loop }
            }
            clinux_pause()
        }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        return monitor.wait { (state: inout State) -> Loop?? in
            if isOver() || state.isClosed { return .some(nil) }
            return choose(&state).map { .some($0) }
        }
    }

    func work(on loop: Loop) {
        // Its caller may be asleep.
        if loop.work() { wake() }
    }

    func tell() {
        news.add(1, ordering: .sequentiallyConsistent)
        wake()
    }

    private func wake() {
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { monitor.wake() }
    }
}
