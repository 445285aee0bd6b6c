import CPeak
import Synchronization
import Threads

/// The processor's peak rate of multiplications and additions.
enum Peak {
    /// {"avx2": [...], "avx512": [...]}: operations a second of so many threads at once, by the clock on the wall and by
    /// the processor's; 0 for what it does not have.
    static func measure(threads: Int) -> String {
        let rates = [("avx2", peak_avx2), ("avx512", peak_avx512)].map { name, peak in
            let rounds: Int64 = 2_000_000
            let operations = Mutex(0.0)
            let pool = WorkerPool(concurrency: threads)
            let time = Stopwatch.time {
                // Each thread's share is long beside the time that it takes to start the others.
                pool.forEach(threads) { _ in
                    let done = peak(rounds)
                    operations.withLock { $0 += done }
                }
            }
            let done = operations.withLock { $0 }
            return "\"\(name)\": [\(done / time.elapsed), \(done / time.processor * Double(threads))]"
        }
        return "{\(rates.joined(separator: ", "))}"
    }
}
