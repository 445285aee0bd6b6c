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
    @Test func shortLoopsOfTwoCallers() {
        let pool = WorkerPool(concurrency: 3)
        let total = Counter()
        let callers = (0..<2).map { caller in
            NamedThread("caller-\(caller)") { [pool] in
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

    /// Whoever waits for its loop works on the loops within it: alone it would have to wait for a worker that is busy elsewhere.
    @Test func nestedLoopsRunOnce() {
        let pool = WorkerPool(concurrency: 2)
        let total = Counter()
        let callers = (0..<2).map { caller in
            NamedThread("caller-\(caller)") { [pool] in
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
}
