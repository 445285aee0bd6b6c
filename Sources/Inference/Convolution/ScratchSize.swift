/// How much scratch memory a layer works with.
struct ScratchSize {
    /// Floats in each thread's own part.
    var perWorker = 0
    /// Floats in the piece that all threads share.
    var shared = 0
    /// How many runs of Winograd blocks there is room for, and how many row batches.
    var runs = 0
    var rowBatches = 0

    /// Enough for both layers, one after the other.
    mutating func formUnion(_ other: ScratchSize) {
        perWorker = max(perWorker, other.perWorker)
        shared = max(shared, other.shared)
        runs = max(runs, other.runs)
        rowBatches = max(rowBatches, other.rowBatches)
    }
}
