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
    /// The owner of the memory that this is a part of; nil: it is the workspace's own.
    private let owner: AnyObject?
    /// The sizes that it was made for.
    private let need: ScratchSize

    /// The work of the running layer: Winograd blocks, or row batches. Written before its threads begin.
    var blocks: WinogradBlocks
    var rowBatches: [Region.Patch] = []

    /// - Parameters:
    ///   - workers: threads that may work at once; more than these stay idle.
    ///   - need: the largest need of the layers that will run.
    convenience init(workers: Int, need: ScratchSize) {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.bytes(workers: workers, need: need), alignment: 64)
        memory.initializeMemory(as: Float.self, repeating: 0)
        self.init(workers: workers, need: need, memory, of: nil)
    }

    /// Scratch memory in a part of an arena.
    convenience init(workers: Int, need: ScratchSize, in arena: Arena) {
        let count = Self.bytes(workers: workers, need: need)
        let memory = UnsafeMutableRawBufferPointer(start: arena.memory.base + arena.take(count), count: count)
        self.init(workers: workers, need: need, memory, of: arena.memory)
    }

    private init(workers: Int, need: ScratchSize, _ memory: UnsafeMutableRawBufferPointer, of owner: AnyObject?) {
        precondition(workers > 0, "a workspace serves at least one thread")
        (self.workers, self.need, self.memory, self.owner) = (workers, need, memory, owner)
        (perWorker, sharedCount) = (Self.rounded(need.perWorker), Self.rounded(need.shared))
        blocks = WinogradBlocks(runs: need.runs)
        rowBatches.reserveCapacity(need.rowBatches)
    }

    /// Bytes of all parts.
    static func bytes(workers: Int, need: ScratchSize) -> Int {
        max(1, rounded(need.shared) + workers * rounded(need.perWorker)) * MemoryLayout<Float>.stride
    }

    /// Parts start on cache lines of their own.
    private static func rounded(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }

    deinit {
        if owner == nil { memory.deallocate() }
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
