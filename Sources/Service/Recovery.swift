import Configuration
import Glibc
import Threads

/// What is done at the start, before anything runs: a daemon that was killed left jobs in their midst.
struct Recovery {
    /// Interruptions after which a job counts as one that ends the daemon.
    static let interruptionLimit = 100

    private let core: Core

    init(_ core: Core) {
        self.core = core
    }

    /// Waits where the journal cannot be written.
    func run() {
        guard let jobs = core.persist("reading what was running", { try core.journal.unfinished() }) else { return }
        let settler = Settler(core: core)
        for job in jobs {
            if job.state == .settling {
                settler.settle(job)
            } else {
                settler.removePartials(of: job)
                _ = core.persist("going on with a job") { try goOn(with: job) }
            }
        }
        if !jobs.isEmpty { Log.notice("\(jobs.count) jobs of the last run go on") }
    }

    private func goOn(with job: JobRecord) throws {
        if job.relative == nil && job.request == nil {
            return try core.journal.finish(job.id, .failed, error: "cut off: the daemon was interrupted")
        }
        guard job.interruptions < Self.interruptionLimit else {
            let reason = "the daemon ended \(job.interruptions + 1) times while it worked on it"
            return try core.journal.finish(job.id, .failed, error: reason)
        }
        // From the third time on others go first: it may be this job that ends the daemon.
        let limits = core.configuration.jobs
        let delay = min(limits.retryDelay * Double(1 << min(max(job.interruptions - 1, 0), 20)), 60)
        try core.journal.interrupt(
            job.id, notBefore: job.interruptions < 2 ? 0 : Clock.wall + min(delay, limits.retryDelayLimit))
    }
}
