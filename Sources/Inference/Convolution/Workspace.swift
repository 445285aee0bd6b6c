import PixelKernels
import Synchronization
import Threads

/// Scratch memory for the layers of one network state, a part for each thread that works on it at once.
///
/// Serves one `forward` at a time; states that take turns may share one.
final class Workspace {
    /// How many threads have scratch memory.
    let workers: Int
    private let perWorker: Int
    private let sharedCount: Int
    private let memory: UnsafeMutableRawBufferPointer
    /// The sizes that it was made for.
    private let need: ScratchSize

    /// The work of the running layer: Winograd blocks, or row batches. Written before its threads begin.
    var blocks: WinogradBlocks
    var rowBatches: [Region.Patch] = []

    /// - Parameters:
    ///   - workers: threads that may work at once; more than these stay idle.
    ///   - need: the largest need of the layers that will run.
    init(workers: Int, need: ScratchSize) {
        precondition(workers > 0, "a workspace serves at least one thread")
        self.workers = workers
        self.need = need
        blocks = WinogradBlocks(runs: need.runs)
        rowBatches.reserveCapacity(need.rowBatches)
        // Parts start on cache lines of their own.
        perWorker = (need.perWorker + 15) / 16 * 16
        sharedCount = (need.shared + 15) / 16 * 16
        memory = .allocate(
            byteCount: max(1, sharedCount + workers * perWorker) * MemoryLayout<Float>.stride, alignment: 64)
        memory.initializeMemory(as: Float.self, repeating: 0)
    }

    deinit {
        memory.deallocate()
    }

    /// Whether there is enough of it for a layer.
    func serves(workers: Int, need: ScratchSize) -> Bool {
        self.workers == workers && need.perWorker <= perWorker && need.shared <= sharedCount
            && need.runs <= self.need.runs && need.rowBatches <= self.need.rowBatches
    }

    /// The piece that all threads share.
    var shared: UnsafeMutablePointer<Float> {
        guard let base = memory.assumingMemoryBound(to: Float.self).baseAddress else {
            preconditionFailure("a workspace without memory")
        }
        return base
    }

    /// Runs `body` for 0 ..< count in any order on the pool; no two calls at once get the same scratch memory.
    func forEach(_ count: Int, on pool: WorkerPool, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
        let next = Atomic(0)
        let base = shared + sharedCount
        pool.forEach(min(count, workers, pool.concurrency)) { worker in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index, base + worker * perWorker)
            }
        }
    }
}
