import CLinux
import Configuration
import Control
import GIFDecoding
import Glibc
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Works on one job that makes a file, on the calling thread.
struct FileJobRunner {
    let core: Core
    let job: JobRecord
    let plan: JobPlan

    /// How an attempt ended where no settlement was written.
    private enum Outcome {
        /// Nothing can be made of the GIF.
        case bad(String)
        /// Something that may pass.
        case passing(String)
        /// The file is not there any more.
        case gone
        /// The file is another by now, or is being written.
        case changed
        case ended(JobControl.Reason)
        /// The outcome is in the journal.
        case settling
    }

    /// Runs one attempt and sees to what follows from it.
    func run(_ control: JobControl) {
        let outcome = attempt(control)
        let journal = core.journal
        let now = Clock.wall
        switch outcome {
        case .settling: settle()
        case .bad(let reason): settleFailure(reason)
        case .passing(let reason): retry(reason)
        case .gone: finish(.cancelled, "the file has gone")
        case .changed: waitForNewVersion()
        case .ended(.cancelled): finish(.cancelled, "cancelled")
        case .ended(.stalled): retry(core.stallMessage)
        case .ended(.draining), .ended(.replaced):
            Settler(core: core).removePartials(of: job)
            _ = core.persist("queueing a job again") {
                try journal.requeue(job.id, notBefore: min(job.notBefore, now), error: nil, countsAttempt: false)
            }
            core.publish(job.id)
        }
    }

    // MARK: The attempt

    private func attempt(_ control: JobControl) -> Outcome {
        do {
            let source = try FileSource(of: job)
            guard let version = Fingerprint.of(descriptor: source.descriptor) else { return .gone }
            if let failure = adopt(version) { return failure }
            do {
                return try restore(source, version, control)
            } catch let error as GIFDecodingError {
                if case .unreadable = error.reason { throw error }
                return isSettled(source, version, looksDamaged: true) ? .bad(shortened(error)) : .changed
            }
        } catch let ended as JobControl.Ended {
            return .ended(ended.reason)
        } catch let failure as FileSource.Failure {
            if failure.isMissing { return .gone }
            return failure.code == EACCES || failure.code == EINVAL || failure.code == ELOOP
                ? .bad("\(failure)") : .passing("\(failure)")
        } catch let error as CanvasTooLarge {
            return .bad("\(error)")
        } catch OutputError.unsupported(_, let reason) {
            return .bad(reason)
        } catch {
            return .passing("\(error)")
        }
    }

    /// Notes the version that is worked on, where it is not the one that was queued.
    private func adopt(_ version: Fingerprint) -> Outcome? {
        guard version != job.fingerprint else { return nil }
        return core.persist("noting a file's version", { try core.journal.adopt(version, for: job) }) == nil
            ? .ended(.draining) : nil
    }

    private func restore(_ source: FileSource, _ version: Fingerprint, _ control: JobControl) throws -> Outcome {
        let summary = try GIFScanner.scan(source, name: job.source)
        source.rewind()
        let tick = summary.tick(plan.restoration.restoration.rate)
        let meter = core.meter(job.stream)
        control.expect(total: Double(summary.duration) / 100)
        let run = GIFRun(core: core, plan: plan.restoration, control: control, meter: meter, isLive: false)
        let completion = Completion()
        var made: (any PictureWriter)?
        let report = try run.run(
            source, name: job.source,
            makeWriter: { _ in
                let writer = try makeWriter(rate: Rational(1) / tick, control, completion)
                made = writer
                return HeldPictureWriter(
                    plan.restoration.options.letterboxed(writer, to: plan.restoration.restoration.size), tick: tick)
            },
            shown: { core.events.job(core.info(job), kind: .progress) })
        guard isSettled(source, version, looksDamaged: report.defect != nil) else { return .changed }
        return try complete(report, made, completion)
    }

    /// What the settlement will say, known before the output gets its name.
    private final class Completion {
        var settlement: ((_ inode: UInt64) throws -> Void)?
    }

    private func makeWriter(
        rate: Rational, _ control: JobControl, _ completion: Completion
    ) throws -> any PictureWriter {
        guard let output = job.output, let partial = job.partialPath(attempt: job.attempts) else {
            preconditionFailure("a job without an output makes no file")
        }
        try Files.makeFolder(Files.folder(of: output))
        let file = AtomicFile(path: output, partialPath: partial) { path in
            guard let inode = Fingerprint.of(path)?.inode, let settle = completion.settlement else {
                throw OutputError.system(output: output, call: "stat", errno: ENOENT)
            }
            try settle(inode)
        }
        return try plan.maker.writer(file, rate: rate, stop: control.stop)
    }

    /// Finishes the output, unless it is not wanted; its last step writes the settlement.
    private func complete(
        _ report: RestorationStream.Report, _ writer: (any PictureWriter)?, _ completion: Completion
    ) throws -> Outcome {
        let defect = report.defect.map { shortened($0) }
        if let defect, !plan.keepsDamaged { return .bad(defect) }
        guard let writer else { return .bad("no pictures: the GIF ends before the first one is due") }
        let message = defect.map { report.damage($0) }
        let settlement = Settlement(
            succeeded: defect == nil, outputInode: nil,
            original: Settler.original(of: job, plan.folder, failure: message))
        completion.settlement = { inode in
            var settlement = settlement
            settlement.outputInode = inode
            let written: Void? = core.persist("a job's outcome") {
                try core.journal.settle(
                    job.id, settlement, frames: report.frames, pictures: report.pictures, error: message)
            }
            if written == nil { throw JobControl.Ended(reason: .draining) }
        }
        try writer.finish()
        return .settling
    }

    /// Whether the file is still the one that was opened, and nobody writes it. What looks damaged must not be fresh: some
    /// programs close a file and come back to it.
    private func isSettled(_ source: FileSource, _ version: Fingerprint, looksDamaged: Bool) -> Bool {
        guard let folder = plan.folder else { return true }
        guard let now = Fingerprint.of(job.source), now.hasSameContent(as: version) else { return false }
        if looksDamaged && abs(Clock.wall - Double(version.modified) / 1e9) < folder.settle { return false }
        return clinux_has_writer(source.descriptor) != 1
    }

    /// Without the path, which everybody knows who reads it.
    private func shortened(_ error: GIFDecodingError) -> String {
        let text = "\(error)"
        return text.hasPrefix("\(job.source): ") ? String(text.dropFirst(job.source.utf8.count + 2)) : text
    }

    // MARK: What follows

    private func settle() {
        guard let settled = core.persist("reading a job", { try core.journal.job(job.id) }), let settled else { return }
        let succeeded = settled.settlement?.succeeded ?? false
        guard Settler(core: core).settle(settled) else { return }
        core.meter(job.stream).ended(succeeded: succeeded)
        if succeeded {
            Log.info("\(job.source) -> \(job.output ?? "")", stream: job.stream, job: job.id)
        } else {
            Log.warning("\(job.source): \(settled.error ?? "failed")", stream: job.stream, job: job.id)
        }
    }

    private func settleFailure(_ reason: String) {
        let settlement = Settlement(
            succeeded: false, outputInode: nil, original: Settler.original(of: job, plan.folder, failure: reason))
        let written: Void? = core.persist("a job's outcome") {
            try core.journal.settle(job.id, settlement, frames: 0, pictures: 0, error: reason)
        }
        if written != nil { settle() }
    }

    private func retry(_ reason: String) {
        let jobs = core.configuration.jobs
        guard job.failures < jobs.retries else {
            return settleFailure("\(reason) (after \(job.failures + 1) attempts)")
        }
        Settler(core: core).removePartials(of: job)
        let delay = min(jobs.retryDelay * Double(1 << min(job.failures, 30)), jobs.retryDelayLimit)
        Log.warning("\(reason); trying again in \(delay) s", stream: job.stream, job: job.id)
        _ = core.persist("queueing a job again") {
            try core.journal.requeue(job.id, notBefore: Clock.wall + delay, error: reason, countsAttempt: true)
        }
        core.publish(job.id)
    }

    private func waitForNewVersion() {
        Settler(core: core).removePartials(of: job)
        guard Fingerprint.of(job.source) != nil else { return finish(.cancelled, "the file has gone") }
        let successor = core.persist("looking for a newer job") { try core.journal.hasSuccessor(job) }
        if successor == true { return finish(.cancelled, "replaced by a newer version of the file") }
        let settle = plan.folder?.settle ?? 1
        _ = core.persist("queueing a job again") {
            try core.journal.requeue(
                job.id, notBefore: Clock.wall + settle,
                error: "the file changed while it was read, or may not be complete",
                countsAttempt: false)
        }
        core.publish(job.id)
    }

    private func finish(_ state: JobRecord.State, _ reason: String) {
        Settler(core: core).removePartials(of: job)
        _ = core.persist("ending a job") { try core.journal.finish(job.id, state, error: reason) }
        Log.info("\(job.source): \(reason)", stream: job.stream, job: job.id)
        core.publish(job.id)
    }
}
