/// How much scratch memory a layer works with.
struct ScratchNeed {
    /// Floats in each thread's own part.
    var perWorker = 0
    /// Floats in the piece that all threads share.
    var shared = 0
    /// Runs of Winograd tiles, and strips of them.
    var runs = 0
    var strips = 0

    /// Enough for both layers, one after the other.
    mutating func formUnion(_ other: ScratchNeed) {
        perWorker = max(perWorker, other.perWorker)
        shared = max(shared, other.shared)
        runs = max(runs, other.runs)
        strips = max(strips, other.strips)
    }
}
