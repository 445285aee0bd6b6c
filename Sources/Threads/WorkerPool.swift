import CLinux
import Synchronization

/// A fixed number of threads that share out loops.
///
/// `forEach` splits a loop among the workers and the calling thread and returns when every index was done. Several threads
/// may call it at once (CCDNet and the flow network of one window do): each caller works on its own loop, and where these are
/// fewer than the pool has threads, workers help, the loops that came first first. Loops may nest: a thread that waits for
/// its loop's last indices meanwhile works on the loops within them, on no others. `begin` leaves something to the workers
/// that nobody waits for yet.
///
/// A network's loops follow each other within microseconds and last fractions of a millisecond, less than a thread may take to
/// wake up. So whoever has nothing to do looks out for more for some microseconds before it sleeps.
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

    /// Has a worker run `body`, as soon as one has time, or whoever waits for it. `body` gets a function that says that something
    /// has come true that others may wait for.
    public func begin(_ body: @escaping (_ tell: () -> Void) -> Void) -> Job { Job(desk, body) }

    /// Something that was begun. It may never run where nobody waits for it and all have let it go.
    public final class Job: @unchecked Sendable {
        private let desk: Desk
        private let loop: Loop

        fileprivate init(_ desk: Desk, _ body: @escaping (_ tell: () -> Void) -> Void) {
            self.desk = desk
            loop = Loop { _ in body(desk.tell) }
            desk.publish(loop)
        }

        deinit {
            // Unless it is done already, nobody shall begin it, and whoever has is to come to its end.
            if loop.withdraw() { desk.remove(loop) } else { desk.finish(loop) }
        }

        /// Returns when the job is done: begins it where nobody has, helps where somebody has.
        public func finish() {
            desk.work(on: loop)
            desk.finish(loop)
        }

        /// Returns when `isOver`, which the job tells of; helps where threads are free. Leaves its beginning to the workers
        /// where there are any.
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
    /// Nil: it is over.
    private var body: ((Int) -> Void)?
    /// In one of whose indices the caller is: there as long as this one is published.
    private var outer: Unmanaged<Loop>?
    /// Whether its caller works on it.
    let isCalled: Bool
    private let next = Atomic(0)
    private let done = Atomic(0)
    /// Threads that hold it beside its caller, and whether that has let it go. With the desk's lock held.
    var holders = 0
    var isOver = false

    /// For `become`.
    init() {
        isCalled = true
    }

    /// Of one index, that nobody waits for yet.
    init(job: @escaping (Int) -> Void) {
        isCalled = false
        body = job
        count = 1
    }

    /// Begins anew as the loop of the calling thread, which waits for it. Nobody else has it.
    func become(count: Int, step: Int, body: @escaping (Int) -> Void) {
        (self.count, self.step, self.body, isOver) = (count, step, body, false)
        outer = Self.current
        next.store(0, ordering: .relaxed)
        done.store(0, ordering: .relaxed)
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

    /// Whether its caller is in no other loop, and works on this one.
    var isOutermost: Bool { outer == nil && isCalled }

    /// Lets its closure go, which may be the last to keep anything at all: not with the desk's lock held. Nobody works on it
    /// any more.
    func forget() {
        body = nil
    }

    /// Takes all indices that nobody has.
    /// - Returns: whether nobody had any.
    func withdraw() -> Bool { next.add(count, ordering: .relaxed).oldValue == 0 }

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
        /// All whose callers have not returned, in the order in which they came.
        var loops: [Loop] = []
        /// That nobody holds: a few, for callers to come.
        var spare: [Loop] = []
        /// Workers at work.
        var busy = 0
        var isClosed = false

        /// Threads at work, but for callers between two loops.
        var threads: Int {
            var threads = busy
            for index in loops.indices where loops[index].isOutermost { threads += 1 }
            return threads
        }

        init() {
            loops.reserveCapacity(Desk.mostSpare)
            spare.reserveCapacity(Desk.mostSpare)
        }

        /// The first that has indices left and fits, which the caller holds from now on, until it leaves it.
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
    /// Counts what may give somebody something to do, to see without the lock whether there is any.
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

    /// Works on loops within another one, where threads are free, until something else has come true.
    func help(_ loop: Loop, until isOver: () -> Bool) {
        work(where: { $0.lies(within: loop) }, until: isOver)
    }

    /// Works on loops that fit, where threads are free, until something else has come true.
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

    /// A worker's life.
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
