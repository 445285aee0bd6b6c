import CLinux
import Configuration
import Filesystem
import GIFDecoding
import Glibc
import Pipeline
import Threads

/// One attempt to make a file of a file.
struct FileAttempt {
    let context: JobContext
    let job: JobRecord
    let plan: JobPlan
    let handle: RunHandle

    func run() throws -> AttemptEnd {
        let source = try FileSource(of: job)
        guard let version = Fingerprint.of(descriptor: source.descriptor) else { return .gone }
        guard context.ledger.adopt(version, for: job) else { return .ended(.draining) }
        if let completion = try recognized(version) ?? kept(source, version) { return .complete(completion) }
        do {
            return try handle.running { try restore(source, version) }
        } catch let ended as RunHandle.Ended {
            throw ended
        } catch let error as GIFDecodingError where error.isUnreadable {
            throw error
        } catch {
            return try end(after: error, source, version)
        }
    }

    /// A file that changed while it was read is read again, as that may have caused any error.
    private func end(after error: any Error, _ source: FileSource, _ version: Fingerprint) throws -> AttemptEnd {
        let looksDamaged = error is GIFDecodingError
        guard let isSettled = try? isSettled(source, version, looksDamaged: looksDamaged) else {
            if looksDamaged { return .passing("\(error)") }
            throw error
        }
        guard isSettled else { return .changed }
        throw error
    }

    // MARK: Videos that are there

    /// The output that a daemon whose journal is lost made of this very GIF.
    /// - Returns: nil where there is none.
    private func recognized(_ version: Fingerprint) throws -> AttemptEnd.Completion? {
        guard job.mayBeMade, let output = job.output, OriginalMark.of(output) == version.contentText,
            let inode = try Fingerprint.of(output.name, in: try job.outputFolder())?.inode
        else { return nil }
        return .init(
            outcome: Outcome(
                succeeded: true, outputInode: inode, original: .init(of: job, plan.folder, failure: nil)))
    }

    /// The output that was made of the same content in the same way: the GIF was only touched since.
    /// - Returns: nil where there is none.
    private func kept(_ source: FileSource, _ version: Fingerprint) throws -> AttemptEnd.Completion? {
        guard !job.isAskedFor, plan.folder?.finished == .keep, let output = job.output,
            let made = try context.ledger.journal.made(job),
            let file = try Fingerprint.of(output.name, in: try job.outputFolder()), file.hasSameContent(as: made.file),
            made.content.isOf(descriptor: source.descriptor, version: version, settings: plan.settings),
            try isSettled(source, version, looksDamaged: false)
        else { return nil }
        OriginalMark.set(version, on: output, file)
        Log.info("\(job.source) holds what it held: \(output) stays", stream: job.stream, job: job.id)
        return .init(
            outcome: Outcome(succeeded: true, outputInode: file.inode, original: .keep, content: made.content))
    }

    // MARK: A new video

    private func restore(_ source: FileSource, _ version: Fingerprint) throws -> AttemptEnd {
        let (name, limits) = ("\(job.source)", plan.restoration.limits.decoding)
        let summary = try GIFScanner.scan(source, name: name, limits: limits)
        source.rewind()
        try summary.check(limits, plan.restoration.options, plan.repetition, name: name)
        let tick = summary.tick(plan.restoration.restoration.rate)
        handle.expect(total: Double(summary.duration) / 100 * Double(summary.times(plan.repetition)))
        let progress = { context.ledger.announceProgress(job) }
        let sink = VideoSink(job, plan, handle, progress: progress)
        let report = try RestorationRun(
            engine: context.engine, plan: plan.restoration, handle: handle, meter: context.meters[job.stream],
            isLive: false
        ).run(
            source, name: name, makeWriter: { _ in try sink.writer(canvas: summary.canvas, tick: tick) },
            shown: progress)
        let content = mark(source, version, summary)
        guard try isSettled(source, version, looksDamaged: report.defect != nil) else { return .changed }
        return try sink.complete(report, plan.folder, version: version, content: content)
    }

    /// The mark of the GIF's content, where it stays in its folder.
    private func mark(_ source: FileSource, _ version: Fingerprint, _ summary: GIFSummary) -> ContentMark? {
        guard plan.folder?.finished == .keep else { return nil }
        return ContentMark(
            descriptor: source.descriptor, version: version, size: summary.byteCount, settings: plan.settings)
    }

    /// Whether the file is still the one that was opened, and no process writes it. One that looks damaged must not be fresh: some
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
}
