import CLinux
import Configuration
import Control
import Filesystem
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
    let scheduler: Scheduler
    let job: JobRecord
    let plan: JobPlan

    /// How an attempt ended where no settlement was written.
    private enum Outcome {
        /// Nothing can be made of the GIF.
        case bad(String)
        /// Something that may pass.
        case passing(String)
        /// The process or the system has run out of descriptors, memory or threads: not this job's fault.
        case exhausted(String)
        /// The file is not there any more.
        case gone
        /// The file is another by now, or is being written.
        case changed
        case ended(RunHandle.Reason)
        /// The outcome is in the journal.
        case settling
    }

    /// Runs one attempt and sees to what follows from it.
    func run(_ control: RunHandle) {
        let outcome = attempt(control)
        let journal = core.journal
        let now = Clock.wall
        switch outcome {
        case .settling: settle()
        case .bad(let reason): settleFailure(reason)
        case .passing(let reason): retry(reason)
        case .exhausted(let reason): waitForResources(reason)
        case .gone: finish(.cancelled, "the file has gone")
        case .changed: waitForNewVersion()
        case .ended(.cancelled): finish(.cancelled, "cancelled")
        case .ended(.stalled): retry(core.stallMessage)
        case .ended(.draining), .ended(.replaced):
            OutcomeApplier(core: core).removePartials(of: job)
            _ = core.persist("queueing a job again") {
                try journal.requeue(job.id, notBefore: min(job.notBefore, now), error: nil, countsAttempt: false)
            }
            core.publish(job.id)
        }
    }

    // MARK: The attempt

    private func attempt(_ control: RunHandle) -> Outcome {
        do {
            let source = try FileSource(of: job)
            guard let version = Fingerprint.of(descriptor: source.descriptor) else { return .gone }
            if let failure = adopt(version) { return failure }
            if let outcome = try recognize(version) { return outcome }
            if let outcome = try leaveAlone(source, version) { return outcome }
            return attempt(source, version, control)
        } catch {
            return outcome(of: error)
        }
    }

    private func attempt(_ source: FileSource, _ version: Fingerprint, _ control: RunHandle) -> Outcome {
        do {
            return try restore(source, version, control)
        } catch let ended as RunHandle.Ended {
            return .ended(ended.reason)
        } catch let error as GIFDecodingError {
            if case .unreadable = error.reason { return outcome(of: error) }
            let isSettled = try? isSettled(source, version, looksDamaged: true)
            return isSettled == false ? .changed : isSettled == true ? .bad(shortened(error)) : .passing("\(error)")
        } catch {
            // Whatever a file does that is another in its midst, it is read again.
            return (try? isSettled(source, version, looksDamaged: false)) == false ? .changed : outcome(of: error)
        }
    }

    private func outcome(of error: any Error) -> Outcome {
        switch error {
        case let error as SystemError where error.isExhaustion: .exhausted("\(error)")
        case let error as NamedThread.Failure: .exhausted("\(error)")
        case OutputError.system(_, _, let code) where SystemError.isExhaustion(ofStarting: code): .exhausted("\(error)")
        case let error as SystemError where error.path == job.source: outcome(ofOpening: error)
        case let error as CanvasTooLarge: .bad("\(error)")
        case OutputError.unsupported(_, let reason): .bad(reason)
        default: .passing("\(error)")
        }
    }

    private func outcome(ofOpening error: SystemError) -> Outcome {
        if error.isMissing { return .gone }
        let reason = error.code == EINVAL ? "not a regular file" : error.reason
        // Some programs close a file that they drop before they give others the right to read it.
        let isFinal = [EINVAL, ELOOP, EXDEV].contains(error.code) || (error.code == EACCES && plan.folder == nil)
        return isFinal ? .bad(reason) : .passing(reason)
    }

    /// Settles a job whose output was made of this very GIF, by a daemon whose journal is lost.
    /// - Returns: nil where there is no such output.
    private func recognize(_ version: Fingerprint) throws -> Outcome? {
        guard job.mayBeMade, let output = job.output, OriginalMark.of(output) == version.contentText,
            let inode = try Fingerprint.of(output.name, in: try job.outputFolder())?.inode
        else { return nil }
        let settlement = Settlement(
            succeeded: true, outputInode: inode, original: OutcomeApplier.original(of: job, plan.folder, failure: nil))
        return record(settlement, frames: 0, pictures: 0, error: nil) ? .settling : .ended(.draining)
    }

    /// Settles a job whose output was made of the same content in the same way, and is still there: a GIF that was touched.
    /// - Returns: nil where there is something to do.
    private func leaveAlone(_ source: FileSource, _ version: Fingerprint) throws -> Outcome? {
        guard !job.isAskedFor, plan.folder?.finished == .keep, let output = job.output,
            let made = try core.journal.made(job),
            let file = try Fingerprint.of(output.name, in: try job.outputFolder()), file.hasSameContent(as: made.file),
            made.content.isOf(descriptor: source.descriptor, version: version, settings: plan.settings),
            try isSettled(source, version, looksDamaged: false)
        else { return nil }
        OriginalMark.set(version, on: output, file)
        Log.info("\(job.source) holds what it held: \(output) stays", stream: job.stream, job: job.id)
        let settlement = Settlement(
            succeeded: true, outputInode: file.inode, original: .keep, content: made.content)
        return record(settlement, frames: 0, pictures: 0, error: nil) ? .settling : .ended(.draining)
    }

    /// Notes the version that is worked on, where it is not the one that was queued.
    private func adopt(_ version: Fingerprint) -> Outcome? {
        guard version != job.fingerprint else { return nil }
        return core.persist("noting a file's version", { try core.journal.adopt(version, for: job) }) == nil
            ? .ended(.draining) : nil
    }

    private func restore(_ source: FileSource, _ version: Fingerprint, _ control: RunHandle) throws -> Outcome {
        let limits = plan.restoration.limits.decoding
        let summary = try GIFScanner.scan(source, name: "\(job.source)", limits: limits)
        source.rewind()
        try summary.check(limits, plan.restoration.options, plan.repetition, name: "\(job.source)")
        let size = try plan.restoration.restoration.size?.size(of: summary.canvas, limits, name: "\(job.source)")
        let tick = summary.tick(plan.restoration.restoration.rate)
        let meter = core.meter(job.stream)
        control.expect(total: Double(summary.duration) / 100 * Double(summary.times(plan.repetition)))
        let run = RestorationRun(core: core, plan: plan.restoration, control: control, meter: meter, isLive: false)
        var made: Made?
        let report = try run.run(
            source, name: "\(job.source)",
            makeWriter: { _ in
                let (file, writer) = try make(rate: Rational(1) / tick, control)
                let shown = plan.restoration.options.letterboxed(
                    HeldPictureWriter(ControlledWriter(writer, control), tick: tick),
                    to: size, scaler: plan.restoration.restoration.scaler)
                let repeating = RepeatingWriter(shown, plan.repetition) { picture in
                    if control.wrote(upTo: (picture.start + picture.duration).value) { tell() }
                }
                made = Made(file: file, writer: writer, repeating: repeating)
                return repeating
            },
            shown: tell)
        let content = mark(source, version, summary)
        guard try isSettled(source, version, looksDamaged: report.defect != nil) else { return .changed }
        try made?.repeating.replay()
        return try complete(report, made, version, content)
    }

    private func tell() {
        core.events.job(core.info(job), kind: .progress)
    }

    /// What the GIF holds, where it stays in its folder.
    private func mark(_ source: FileSource, _ version: Fingerprint, _ summary: GIFSummary) -> ContentMark? {
        guard plan.folder?.finished == .keep else { return nil }
        return ContentMark(
            descriptor: source.descriptor, version: version, size: summary.byteCount, settings: plan.settings)
    }

    /// The output that grows, and what writes it.
    private struct Made {
        let file: StagedFile
        let writer: any PictureWriter
        let repeating: RepeatingWriter
    }

    private func make(rate: Rational, _ control: RunHandle) throws -> (StagedFile, any PictureWriter) {
        guard let output = job.output else { preconditionFailure("a job without an output makes no file") }
        let file = try StagedFile(
            in: try job.outputFolder(creating: 0o777), name: output.name,
            stagingName: job.stagingName(attempt: job.attempts))
        return (file, try plan.maker.writer(file, rate: rate, stop: control.stop))
    }

    /// Finishes the output, unless it is not wanted: seals it, and writes the outcome down. It gets its name when the outcome is
    /// settled.
    private func complete(
        _ report: RestorationStream.Report, _ made: Made?, _ version: Fingerprint, _ content: ContentMark?
    ) throws -> Outcome {
        let defect = report.defect.map { shortened($0) }
        if let defect, !plan.keepsDamaged { return .bad(defect) }
        guard let made else { return .bad("no pictures: the GIF ends before the first one is due") }
        try made.writer.finish()
        OriginalMark.set(version, onSealed: made.file)
        let message = defect.map { report.damage($0) }
        let settlement = Settlement(
            succeeded: defect == nil, outputInode: try made.file.seal(),
            original: OutcomeApplier.original(of: job, plan.folder, failure: message),
            content: defect == nil ? content : nil)
        let pictures = made.repeating.allPictures
        guard record(settlement, frames: report.frames, pictures: pictures, error: message) else {
            return .ended(.draining)
        }
        made.file.release()
        return .settling
    }

    /// Writes an outcome down, from where the job only goes forward.
    /// - Returns: false when the daemon ended before that could be done.
    private func record(_ settlement: Settlement, frames: Int, pictures: Int, error: String?) -> Bool {
        core.persist("a job's outcome") {
            try core.journal.settle(job.id, settlement, frames: frames, pictures: pictures, error: error)
        } != nil
    }

    /// Whether the file is still the one that was opened, and nobody writes it. What looks damaged must not be fresh: some
    /// programs close a file and come back to it.
    private func isSettled(
        _ source: FileSource, _ version: Fingerprint, looksDamaged: Bool
    ) throws(SystemError) -> Bool {
        guard Fingerprint.of(descriptor: source.descriptor)?.hasSameContent(as: version) == true else { return false }
        guard let folder = plan.folder else { return true }
        guard let now = try job.currentFingerprint(), now.hasSameContent(as: version) else { return false }
        if looksDamaged && abs(Clock.wall - Double(version.modified) / 1e9) < folder.settle { return false }
        return clinux_has_writer(source.descriptor) != 1
    }

    /// Without the path, which everybody knows who reads it.
    private func shortened(_ error: GIFDecodingError) -> String {
        let text = "\(error)"
        let prefix = "\(job.source): "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    // MARK: What follows

    private func settle() {
        guard let settled = core.persist("reading a job", { try core.journal.job(job.id) }), let settled else { return }
        let succeeded = settled.settlement?.succeeded ?? false
        guard OutcomeApplier(core: core).settle(settled) else { return }
        core.meter(job.stream).ended(succeeded: succeeded)
        if succeeded {
            // Another one than it was to have, where somebody else has taken that name.
            let output = (try? core.journal.job(job.id))?.output ?? job.output
            Log.info("\(job.source) -> \(output.map { "\($0)" } ?? "")", stream: job.stream, job: job.id)
        } else {
            Log.warning("\(job.source): \(settled.error ?? "failed")", stream: job.stream, job: job.id)
        }
    }

    private func settleFailure(_ reason: String) {
        let settlement = Settlement(
            succeeded: false, outputInode: nil, original: OutcomeApplier.original(of: job, plan.folder, failure: reason)
        )
        if record(settlement, frames: 0, pictures: 0, error: reason) { settle() }
    }

    /// Puts the job back until other work has given back what it lacks; it loses no attempt.
    private func waitForResources(_ reason: String) {
        scheduler.ranOut()
        OutcomeApplier(core: core).removePartials(of: job)
        let delay = core.configuration.jobs.retryDelay
        Log.warning("\(reason); waiting \(delay) s", stream: job.stream, job: job.id)
        _ = core.persist("queueing a job again") {
            try core.journal.requeue(job.id, notBefore: Clock.wall + delay, error: reason, countsAttempt: false)
        }
        core.publish(job.id)
    }

    private func retry(_ reason: String) {
        guard job.failures < core.configuration.jobs.retries else {
            return settleFailure("\(reason) (after \((job.failures + 1).counted("attempt")))")
        }
        OutcomeApplier(core: core).tryAgain(job, reason)
    }

    private func waitForNewVersion() {
        OutcomeApplier(core: core).removePartials(of: job)
        do {
            if try job.currentFingerprint() == nil { return finish(.cancelled, "the file has gone") }
        } catch {
            return waitForResources("\(error)")
        }
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
        OutcomeApplier(core: core).removePartials(of: job)
        _ = core.persist("ending a job") { try core.journal.finish(job.id, state, error: reason) }
        Log.info("\(job.source): \(reason)", stream: job.stream, job: job.id)
        core.publish(job.id)
    }
}
