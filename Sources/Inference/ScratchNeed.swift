/// How many floats of scratch memory a layer works with.
struct ScratchNeed {
    /// In each thread's own part.
    var perWorker = 0
    /// In the piece that all threads share.
    var shared = 0

    /// Enough for both layers, one after the other.
    mutating func formUnion(_ other: ScratchNeed) {
        perWorker = max(perWorker, other.perWorker)
        shared = max(shared, other.shared)
    }
}
