import Configuration
import Filesystem
import Media
import Output
import Threads

/// Decides what follows from the end of an attempt.
///
/// A job that is complete takes three steps, in this order: its output is sealed; its outcome is recorded in the journal; the
/// output gets its name and the original its place. A crash loses nothing: before the second step the job is done again, from
/// there on it only goes forward.
struct JobEnder {
    let ledger: JobLedger
    let planner: JobPlanner
    let meters: StreamMeters
    /// The watched folder that the GIF was dropped into; nil where originals are left alone.
    let folder: FolderSource?

    private var configuration: JobConfiguration { planner.configuration.value.jobs }

    /// Carries out the consequences of an attempt's end.
    func end(_ job: JobRecord, _ end: AttemptEnd) {
        switch end {
        case .complete(let completion): conclude(job, completion)
        case .bad(let reason): fail(job, reason)
        case .passing(let reason): tryAgain(job, reason)
        case .exhausted(let reason): waitForResources(job, reason)
        case .gone: cancel(job, "the file has gone")
        case .changed: waitForNewVersion(job)
        case .ended(.cancelled): cancel(job, "cancelled")
        case .ended(.stalled): tryAgain(job, "nothing happened for \(Int(configuration.stallLimit)) s")
        case .ended(.draining), .ended(.replaced), .sinkFailed: putBack(job)
        }
    }

    // MARK: The end

    /// Records the outcome of a job whose output is sealed, then applies it.
    private func conclude(_ job: JobRecord, _ completion: AttemptEnd.Completion) {
        let recorded = ledger.persist("a job's outcome") {
            try $0.record(
                completion.outcome, of: job.id, frames: completion.frames, pictures: completion.pictures,
                error: completion.error)
        }
        guard let recorded else { return putBack(job) }
        completion.file?.release()
        apply(recorded)
    }

    /// Goes on with a job whose outcome is recorded, even if a crash came between two steps.
    func apply(_ job: JobRecord) {
        guard let outcome = job.outcome else { preconditionFailure("the outcome is recorded") }
        switch OutcomeApplier(ledger: ledger, planner: planner).apply(outcome, of: job) {
        case .applied(let output, let trouble):
            let error = [job.error, trouble].compactMap { $0 }
            finish(job, outcome.succeeded ? .done : .failed, error.isEmpty ? nil : error.joined(separator: "; "))
            log(job, output, outcome.succeeded)
        case .unnamed(let reason, let isFinal):
            if isFinal { fail(job, reason) } else { tryAgain(job, reason) }
        case .interrupted: return
        }
    }

    private func log(_ job: JobRecord, _ output: Path?, _ succeeded: Bool) {
        guard succeeded else {
            return Log.warning("\(job.source): \(job.error ?? "failed")", stream: job.stream, job: job.id)
        }
        Log.info("\(job.source) \(output.map { "-> \($0)" } ?? "was shown")", stream: job.stream, job: job.id)
    }

    /// Ends a job as failed, and puts its original aside.
    func fail(_ job: JobRecord, _ reason: String) {
        let original = Outcome.Original(of: job, folder, failure: reason)
        if original == .keep {
            // Nothing is left to be done that a crash could interrupt.
            finish(job, .failed, reason)
            Log.warning("\(job.source): \(reason)", stream: job.stream, job: job.id)
        } else {
            conclude(
                job, .init(outcome: Outcome(succeeded: false, outputInode: nil, original: original), error: reason))
        }
    }

    private func finish(_ job: JobRecord, _ state: JobRecord.State, _ error: String?) {
        job.removePartials()
        _ = ledger.persist("ending a job") {
            try $0.finish(
                job.id, state, error: error,
                seenNow: (try? job.currentFingerprint()).flatMap {
                    // Another version there is another job's.
                    job.fingerprint?.hasSameContent(as: $0) == true ? $0 : nil
                })
        }
        meters[job.stream].ended(succeeded: state == .done)
        ledger.announce(job.id)
    }

    private func cancel(_ job: JobRecord, _ reason: String) {
        job.removePartials()
        _ = ledger.persist("ending a job") { try $0.finish(job.id, .cancelled, error: reason) }
        Log.info("\(job.source): \(reason)", stream: job.stream, job: job.id)
        ledger.announce(job.id)
    }

    // MARK: Another attempt

    /// Queues a job for its next attempt; the last one counts as failed.
    private func tryAgain(_ job: JobRecord, _ reason: String) {
        guard job.canBeRepeated else { return fail(job, reason) }
        guard job.failures < configuration.retries else {
            return fail(job, "\(reason) (after \((job.failures + 1).counted("attempt")))")
        }
        let delay = configuration.delay(afterFailures: job.failures)
        Log.warning("\(reason); trying again in \(delay) s", stream: job.stream, job: job.id)
        requeue(job, notBefore: Clock.wall + delay, reason, countsAttempt: true)
    }

    /// Puts the job back until other work has given back the resources that it lacks; it loses no attempt.
    private func waitForResources(_ job: JobRecord, _ reason: String) {
        guard job.canBeRepeated else { return fail(job, reason) }
        let delay = configuration.retryDelay
        Log.warning("\(reason); waiting \(delay) s", stream: job.stream, job: job.id)
        requeue(job, notBefore: Clock.wall + delay, reason)
    }

    /// Puts the job back as it was.
    private func putBack(_ job: JobRecord) {
        guard job.canBeRepeated else { return fail(job, "cut off: the daemon or the stream ended") }
        requeue(job, notBefore: min(job.notBefore, Clock.wall), nil)
    }

    private func waitForNewVersion(_ job: JobRecord) {
        do {
            if try job.currentFingerprint() == nil { return cancel(job, "the file has gone") }
        } catch {
            return waitForResources(job, "\(error)")
        }
        let successor = ledger.persist("looking for a newer job") { try $0.hasSuccessor(job) }
        if successor == true { return cancel(job, "replaced by a newer version of the file") }
        requeue(
            job, notBefore: Clock.wall + (folder?.settle ?? 1),
            "the file changed while it was read, or may not be complete")
    }

    private func requeue(_ job: JobRecord, notBefore: Double, _ error: String?, countsAttempt: Bool = false) {
        job.removePartials()
        _ = ledger.persist("queueing a job again") {
            try $0.requeue(job.id, notBefore: notBefore, error: error, countsAttempt: countsAttempt)
        }
        ledger.announce(job.id)
    }
}
