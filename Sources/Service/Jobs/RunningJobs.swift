import Threads

/// Every GIF that is being restored: jobs, and GIFs that are shown without being one. Any thread.
final class RunningJobs: Sendable {
    struct Run: Sendable {
        let stream: String
        /// nil where it is no job.
        let job: Int?
        let handle: RunHandle
    }

    private let state = Monitor<[ObjectIdentifier: Run]>([:])

    /// Runs `body`, and counts the run meanwhile.
    func during<R>(_ run: Run, _ body: () throws -> R) rethrows -> R {
        state.withLock { $0[ObjectIdentifier(run.handle)] = run }
        defer { state.withLock { $0[ObjectIdentifier(run.handle)] = nil } }
        return try body()
    }

    var all: [Run] { state.withLock { Array($0.values) } }

    /// Runs that are jobs.
    var jobs: [Run] { all.filter { $0.job != nil } }

    /// The handle of a job; nil while it does not run.
    func handle(of job: Int) -> RunHandle? {
        state.withLock { runs in runs.values.first { $0.job == job }?.handle }
    }
}
