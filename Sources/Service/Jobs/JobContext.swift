import Configuration
import Pipeline
import Threads

/// All that work on a job takes.
struct JobContext: Sendable {
    let ledger: JobLedger
    let planner: JobPlanner
    let meters: StreamMeters
    let engine: RestorationEngine

    var configuration: DaemonConfiguration { planner.configuration.value }

    /// - Parameter folder: the watched folder that the GIF was dropped into; nil where originals are left alone.
    func ender(_ folder: FolderSource?) -> JobEnder {
        JobEnder(ledger: ledger, planner: planner, meters: meters, folder: folder)
    }
}

/// The networks, and the rest that all restorations share.
struct RestorationEngine: Sendable {
    let models: ModelCache
    /// Keeps the pictures of GIFs that were played and may be played again.
    let pictures: PictureCache
    /// Shares out the loops of all networks.
    let pool = WorkerPool()
    let priority = LivePriority()
}
