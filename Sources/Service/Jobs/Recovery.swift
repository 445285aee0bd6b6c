import Configuration
import Glibc
import Media
import Threads

/// What is done at the start, before anything runs: a daemon that was killed left jobs in their midst.
struct Recovery {
    /// Crashes of the daemon after which the job that it worked on is given up. After the first a job runs alone
    /// (`Scheduler`), so that the second is its doing.
    static let crashLimit = 2
    /// Interruptions from outside (SIGKILL, a power loss) after which a job is given up: memory that runs out ends a daemon
    /// without a word, too.
    static let interruptionLimit = 100

    private let core: Core

    init(_ core: Core) {
        self.core = core
    }

    /// Waits where the journal cannot be written.
    func run() {
        guard let jobs = core.persist("reading what was running", { try core.journal.unfinished() }) else { return }
        let crash = CrashNote.read(core.configuration.stateFolder)
        if let crash { Log.error("the last run crashed: \(crash)") }
        let settler = OutcomeApplier(core: core)
        for job in jobs {
            if job.state == .settling {
                settler.settle(job)
            } else {
                settler.removePartials(of: job)
                goOn(with: job, crash)
            }
        }
        CrashNote.remove(core.configuration.stateFolder)
        if !jobs.isEmpty { Log.notice("going on with \(jobs.count.counted("job")) of the last run") }
    }

    /// - Parameter crash: how the last run crashed; nil: it did not.
    private func goOn(with job: JobRecord, _ crash: String?) {
        if job.relative == nil && job.request == nil {
            return fail(job, "cut off: the daemon was interrupted")
        }
        if let crash, job.crashes + 1 >= Self.crashLimit {
            return fail(job, "the daemon crashed \(job.crashes + 1) times while it worked on it (\(crash))")
        }
        guard job.interruptions < Self.interruptionLimit else {
            return fail(job, "the daemon ended \(job.interruptions + 1) times while it worked on it")
        }
        // From the third time on others go first: it may be this job that ends the daemon.
        let limits = core.configuration.jobs
        let delay = min(limits.retryDelay * Double(1 << min(max(job.interruptions - 1, 0), 20)), 60)
        let notBefore = job.interruptions < 2 ? Clock.wall : Clock.wall + min(delay, limits.retryDelayLimit)
        _ = core.persist("going on with a job") {
            try core.journal.interrupt(job.id, notBefore: notBefore, crashed: crash != nil)
        }
    }

    /// Puts a job aside, with its original.
    private func fail(_ job: JobRecord, _ reason: String) {
        Log.error("\(job.source): \(reason)", stream: job.stream, job: job.id)
        OutcomeApplier(core: core).fail(job, reason)
    }
}
