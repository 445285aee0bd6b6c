import Configuration
import Media
import Threads

/// The work at the start, before anything runs: a daemon that was killed left jobs half-way.
struct Recovery {
    /// Crashes of the daemon after which the job that it worked on is given up. After the first a job runs alone
    /// (`Scheduler`), so that the second is its doing.
    static let crashLimit = 2
    /// Interruptions from outside (SIGKILL, a power loss) after which a job is given up: memory that runs out ends a daemon
    /// without a word, too.
    static let interruptionLimit = 100

    let context: JobContext

    /// Waits where the journal cannot be written.
    func run() {
        guard let jobs = context.ledger.persist("reading what was running", { try $0.unfinished() }) else { return }
        let stateFolder = context.configuration.stateFolder
        let crash = CrashNote.read(stateFolder)
        if let crash { Log.error("the last run crashed: \(crash)") }
        for job in jobs {
            let ender = context.ender(context.planner.folder(of: job))
            if job.state == .ending {
                ender.apply(job)
            } else if let reason = reasonToGiveUp(job, crash) {
                ender.fail(job, reason)
            } else {
                job.removePartials()
                queueAgain(job, crashed: crash != nil)
            }
        }
        CrashNote.remove(stateFolder)
        if !jobs.isEmpty { Log.notice("going on with \(jobs.count.counted("job")) of the last run") }
    }

    /// - Parameter crash: how the last run crashed; nil: it did not.
    private func reasonToGiveUp(_ job: JobRecord, _ crash: String?) -> String? {
        if !job.canBeRepeated { return "cut off: the daemon was interrupted" }
        if let crash, job.crashes + 1 >= Self.crashLimit {
            return "the daemon crashed \(job.crashes + 1) times while it worked on it (\(crash))"
        }
        return job.interruptions < Self.interruptionLimit
            ? nil : "the daemon ended \(job.interruptions + 1) times while it worked on it"
    }

    private func queueAgain(_ job: JobRecord, crashed: Bool) {
        // After two interruptions other jobs go first: it may be this one that ends the daemon.
        let limits = context.configuration.jobs
        let delay = min(limits.retryDelay * Double(1 << min(max(job.interruptions - 1, 0), 20)), 60)
        let notBefore = job.interruptions < 2 ? Clock.wall : Clock.wall + min(delay, limits.retryDelayLimit)
        _ = context.ledger.persist("going on with a job") {
            try $0.interrupt(job.id, notBefore: notBefore, crashed: crashed)
        }
    }
}
