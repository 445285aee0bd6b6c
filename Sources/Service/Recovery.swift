import Configuration
import Glibc

/// What is done at the start, before anything runs: a daemon that was killed left jobs in their midst.
struct Recovery {
    /// Interruptions after which a job counts as one that ends the daemon.
    static let interruptionLimit = 100

    private let core: Core

    init(_ core: Core) {
        self.core = core
    }

    /// - Throws: what the journal throws.
    func run() throws {
        let jobs = try core.journal.unfinished()
        let settler = Settler(core: core)
        for job in jobs {
            if job.state == .settling {
                settler.settle(job)
                continue
            }
            settler.removePartials(of: job)
            if job.relative == nil && job.request == nil {
                try core.journal.finish(job.id, .failed, error: "cut off: the daemon was interrupted")
            } else if job.interruptions >= Self.interruptionLimit {
                try core.journal.finish(
                    job.id, .failed, error: "the daemon ended \(job.interruptions + 1) times while it worked on it")
            } else {
                // From the third time on others go first: it may be this job that ends the daemon.
                let limits = core.configuration.jobs
                let delay = min(limits.retryDelay * Double(1 << min(max(job.interruptions - 1, 0), 20)), 60)
                try core.journal.interrupt(
                    job.id, notBefore: job.interruptions < 2 ? 0 : Clock.wall + min(delay, limits.retryDelayLimit))
            }
        }
        if !jobs.isEmpty { Log.notice("\(jobs.count) jobs of the last run go on") }
        try core.journal.prune(history: core.configuration.jobs.history)
    }
}
