import CLinux

/// A fixed number of threads that share out loops.
///
/// `forEach` splits a loop among the workers and the calling thread and returns when every index was
/// done. Several threads may call it at once (CCDNet and the flow network of one window do): their
/// loops are served in the order in which they came, and each caller works on its own loop. Loops may
/// nest: a thread only ever waits for indices that other threads are working on.
public final class WorkerPool: Sendable {
    /// How many threads work on a loop, the caller included.
    public let concurrency: Int
    private let monitor = Monitor(State())

    private struct State {
        var loops: [Loop] = []
        var stopped = false
    }

    /// One loop: indices are handed out one at a time from `next`.
    ///
    /// A worker may hold a loop a moment longer than its caller: it holds the caller's closure by address, and calls it
    /// only while the caller waits.
    private final class Loop: @unchecked Sendable {
        let count: Int
        private let body: UnsafePointer<(Int) -> Void>
        var next = 0
        var running = 0

        init(count: Int, body: UnsafePointer<(Int) -> Void>) {
            self.count = count
            self.body = body
        }

        /// Not inlined, so that no reference to the closure's context outlives the call.
        @inline(never)
        func run(_ index: Int) {
            body.pointee(index)
        }
    }

    /// - Parameter concurrency: threads per loop, the caller included; the number of processors by default.
    public init(concurrency: Int = WorkerPool.processors) {
        precondition(concurrency > 0, "a pool has at least one thread: its caller")
        self.concurrency = concurrency
        for index in 1..<max(concurrency, 1) {
            _ = NamedThread("worker-\(index)") { [monitor] in WorkerPool.serve(monitor) }
        }
    }

    deinit {
        monitor.update { $0.stopped = true }
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
                monitor.update { $0.loops.append(loop) }
                while let index = monitor.withLock({ WorkerPool.take(from: loop, &$0) }) {
                    loop.run(index)
                    monitor.update { _ in loop.running -= 1 }
                }
                monitor.whenever({ _ in loop.running == 0 }) { _ in }
            }
        }
    }

    private static func take(from loop: Loop, _ state: inout State) -> Int? {
        guard loop.next < loop.count else { return nil }
        defer {
            loop.next += 1
            loop.running += 1
            if loop.next == loop.count { state.loops.removeAll { $0 === loop } }
        }
        return loop.next
    }

    private static func serve(_ monitor: Monitor<State>) {
        while true {
            let work: (Loop, Int)? = monitor.whenever({ !$0.loops.isEmpty || $0.stopped }) { state in
                guard !state.stopped, let loop = state.loops.first, let index = take(from: loop, &state) else {
                    return nil
                }
                return (loop, index)
            }
            guard let (loop, index) = work else { return }
            loop.run(index)
            monitor.update { _ in loop.running -= 1 }
        }
    }
}
