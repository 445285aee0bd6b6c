import Glibc
import Synchronization
import Testing
import Threads

@Suite struct WorkerPoolTests {
    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    @Test(arguments: [1, 2, 3])
    func everyIndexRunsOnce(concurrency: Int) {
        let pool = WorkerPool(concurrency: concurrency)
        for count in [0, 1, 2, 7, 100] {
            let runs = Monitor([Int](repeating: 0, count: count))
            pool.forEach(count) { index in runs.withLock { $0[index] += 1 } }
            #expect(runs.withLock { $0 } == [Int](repeating: 1, count: count))
        }
    }

    /// Loops so short that a worker may still be leaving one when its caller has returned.
    @Test func shortLoopsOfTwoCallers() throws {
        let pool = WorkerPool(concurrency: 3)
        let total = Counter()
        let callers = try (0..<2).map { caller in
            try NamedThread("caller-\(caller)") { [pool] in
                for _ in 0..<5000 {
                    var seen = (0, 0, 0)
                    withUnsafeMutableBytes(of: &seen) { bytes in
                        let values = bytes.assumingMemoryBound(to: Int.self)
                        pool.forEach(3) { values[$0] = $0 + 1 }
                    }
                    total.value.add(seen.0 + seen.1 + seen.2, ordering: .relaxed)
                }
            }
        }
        for caller in callers { caller.join() }
        #expect(total.value.load(ordering: .relaxed) == 2 * 5000 * 6)
    }

    /// A thread that waits for its loop works on the loops within it; otherwise it would wait for a worker that is busy elsewhere.
    @Test func nestedLoopsRunOnce() throws {
        let pool = WorkerPool(concurrency: 2)
        let total = Counter()
        let callers = try (0..<2).map { caller in
            try NamedThread("caller-\(caller)") { [pool] in
                for _ in 0..<500 {
                    pool.forEach(2) { half in
                        for _ in 0..<3 {
                            pool.forEach(4 + half) { index in
                                pool.forEach(2) { total.value.add(index + $0, ordering: .relaxed) }
                            }
                        }
                    }
                }
            }
        }
        for caller in callers { caller.join() }
        // Of 4 and of 5 indices, each twice, once plus 0 and once plus 1.
        let once = (2 * (0 + 1 + 2 + 3) + 4) + (2 * (0 + 1 + 2 + 3 + 4) + 5)
        #expect(total.value.load(ordering: .relaxed) == 2 * 500 * 3 * once)
    }

    /// A worker that sleeps wakes up for a loop; a caller that sleeps when its last index is done elsewhere.
    @Test func sleepersWakeUp() {
        let pool = WorkerPool(concurrency: 2)
        for _ in 0..<20 {
            usleep(2000)
            let arrived = Monitor(0)
            pool.forEach(2) { index in
                // Each index waits for the other: both run at once.
                arrived.update { $0 += 1 }
                arrived.whenever({ $0 == 2 }) { _ in }
                if index == 1 { usleep(2000) }
            }
            #expect(arrived.withLock { $0 } == 2)
        }
    }

    /// A thread that waits for a job begins it if no worker has. One that waits for a condition that the job tells of does not,
    /// unless there is no worker.
    @Test(arguments: [1, 2, 3])
    func jobsRunOnce(concurrency: Int) throws {
        let pool = WorkerPool(concurrency: concurrency)
        for _ in 0..<200 {
            let steps = Monitor(0)
            let job = pool.begin { tell in
                for _ in 0..<3 {
                    pool.forEach(2) { _ in }
                    steps.update { $0 += 1 }
                    tell()
                }
            }
            let waiter = try NamedThread("waiter") {
                for step in 1...3 { job.wait { steps.withLock { $0 >= step } } }
            }
            pool.forEach(4) { _ in }
            job.finish()
            #expect(steps.withLock { $0 } == 3)
            job.finish()
            waiter.join()
        }
    }

    /// A job that nobody wants any more has run or never will, and is not there any more.
    @Test(arguments: [1, 2])
    func jobsMayBeLetGo(concurrency: Int) {
        let pool = WorkerPool(concurrency: concurrency)
        let (begun, ended) = (Counter(), Counter())
        for _ in 0..<200 {
            let job = pool.begin { _ in
                begun.value.add(1, ordering: .relaxed)
                pool.forEach(2) { _ in }
                ended.value.add(1, ordering: .relaxed)
            }
            _ = consume job
            #expect(begun.value.load(ordering: .relaxed) == ended.value.load(ordering: .relaxed))
        }
        #expect(concurrency == 2 || begun.value.load(ordering: .relaxed) == 0)
    }

    /// A job may hold the last reference to an object that holds the pool.
    @Test(arguments: [1, 2], [false, true])
    func aJobMayBeTheLastToKnowThePool(concurrency: Int, isFinished: Bool) throws {
        let ended = Counter()
        let thread = try NamedThread("owner") {
            for _ in 0..<50 {
                let pool = WorkerPool(concurrency: concurrency)
                let job = pool.begin { [pool] _ in pool.forEach(2) { _ in } }
                _ = consume pool
                if isFinished { job.finish() }
                _ = consume job
                ended.value.add(1, ordering: .relaxed)
            }
        }
        // A deadlock would keep all other tests from their end.
        for _ in 0..<1000 where ended.value.load(ordering: .relaxed) < 50 { usleep(10_000) }
        #expect(ended.value.load(ordering: .relaxed) == 50)
        if ended.value.load(ordering: .relaxed) == 50 { thread.join() }
    }
}
