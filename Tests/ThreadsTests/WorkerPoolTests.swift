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
}
