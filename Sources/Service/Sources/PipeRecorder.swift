import Configuration
import Control
import Filesystem
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Makes a file of every GIF that comes through a pipe, on a thread of its own, each frame as it arrives.
final class PipeRecorder: Sendable {
    private let core: Core
    private let scheduler: Scheduler
    private let stream: StreamConfiguration
    private let source: PipeSource
    private let sink: FileSink
    private let stop = StopSignal()
    private let detail = Monitor<String?>(nil)
    private let thread = Monitor<NamedThread?>(nil)

    init(_ core: Core, _ scheduler: Scheduler, _ stream: StreamConfiguration, _ source: PipeSource, _ sink: FileSink) {
        self.core = core
        self.scheduler = scheduler
        self.stream = stream
        self.source = source
        self.sink = sink
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        try thread.withLock { $0 = try NamedThread("pipe-\(stream.name)") { [self] in work() } }
    }

    /// Stops reading; a GIF that is coming is cut off there.
    func end() {
        stop.raise()
        join()
    }

    /// Returns when the thread has ended, which it does after the GIF that is coming when `Core.draining` is raised.
    func join() {
        thread.withLock { $0 }?.join()
    }

    private var isStopped: Bool { stop.isRaised || core.draining.isRaised }

    var state: String? { detail.withLock { $0 } }

    private func work() {
        while !isStopped {
            do {
                let reader = try PipeReader(source)
                var rubbish = Rubbish()
                detail.withLock { $0 = nil }
                while !isStopped {
                    guard case .bytes = try reader.waitForBytes(stop, seconds: 0.2) else { continue }
                    if scheduler.isPaused(stream.name) {
                        stop.wait(seconds: 0.5)
                        continue
                    }
                    record(reader, &rubbish)
                }
            } catch {
                detail.withLock { $0 = "\(error)" }
                Log.error("\(error)", stream: stream.name)
                stop.wait(seconds: 5)
            }
        }
    }

    /// GIFs that failed one after the other without a picture, and the job that stands for all of them.
    private struct Rubbish {
        var job = 0
        var count = 0
    }

    /// Such GIFs in a row after which what comes is dropped unread, until the writer closes the pipe or pauses: each GIF costs
    /// some synced writes to the journal.
    static let rubbishLimit = 8
    /// Seconds without a byte that are a pause.
    static let pause = 1.0

    private func record(_ reader: PipeReader, _ rubbish: inout Rubbish) {
        let configuration = core.configuration
        let ending = JobPlanner.ending(sink, configuration)
        let root = JobPlanner.outputRoot(sink, stream)
        let begun = core.persist("a job from a pipe") {
            try core.journal.beginPiped(stream: stream.name, source: source.path, outputRoot: root) {
                [sink, stream] id in
                Path(text: "\(stream.name)-\(id)").map { sink.folder.appending($0 + ending) }
            }
        }
        guard let job = begun, let plan = JobPlanner.plan(job, core) else { return stopReading(reader) }
        let control = RunHandle()
        core.began(job, control)
        core.publish(job.id)
        let runner = PipedJob(core: core, job: job, plan: plan)
        let ended = stop.whileReleasing({ control.end(.draining) }, { runner.run(reader, control) })
        core.ended(job.id)
        core.publish(job.id)
        if ended.isRubbish { join(job, into: &rubbish) } else { rubbish = Rubbish() }
        if rubbish.count >= Self.rubbishLimit {
            Log.warning("too much that is no GIF: what comes is dropped until its writer pauses", stream: stream.name)
            reader.discard(untilQuietFor: Self.pause, stop)
        } else if ended.needsSync {
            reader.skipToNextGIF(stop)
        }
    }

    /// Whoever may write into the pipe must not push what happened before out of the journal: what failed without a picture,
    /// right behind another of its kind, is counted with that one.
    private func join(_ job: JobRecord, into rubbish: inout Rubbish) {
        rubbish.count += 1
        guard rubbish.count > 1 else {
            rubbish.job = job.id
            return
        }
        let message = "\(rubbish.count) times in a row something came that is no whole GIF"
        _ = core.persist("joining jobs") { try core.journal.join(job.id, into: rubbish.job, error: message) }
        core.publish(rubbish.job)
    }

    /// What to do with a GIF that nothing can be made of: let it pass.
    private func stopReading(_ reader: PipeReader) {
        Log.error("its encoder has gone, or the journal cannot be written", stream: stream.name)
        stop.wait(seconds: 5)
    }
}

/// One GIF from a pipe to a file.
struct PipedJob {
    let core: Core
    let job: JobRecord
    let plan: JobPlan

    /// How it ended.
    struct Ended {
        /// The pipe may stand in the middle of a GIF.
        let needsSync: Bool
        /// Not a single picture came of it, by its own fault.
        let isRubbish: Bool
    }

    func run(_ reader: PipeReader, _ control: RunHandle) -> Ended {
        let segment = PipeSegment(reader, control)
        let meter = core.meter(job.stream)
        let run = RestorationRun(core: core, plan: plan.restoration, control: control, meter: meter, isLive: true)
        var outcome = Outcome(state: .failed)
        var isInside = true
        var isRubbish = false
        do {
            var made: (file: StagedFile, writer: any PictureWriter, repeating: RepeatingWriter)?
            let report = try run.run(
                segment, name: "\(job.source)",
                makeWriter: { first in
                    let size = try plan.restoration.restoration.size?.size(
                        of: first.size, plan.restoration.limits.decoding, name: "\(job.source)")
                    let file = try makeFile()
                    let writer = try makeWriter(file, control)
                    let shown = plan.restoration.options.letterboxed(
                        ControlledWriter(writer, control), to: size, scaler: plan.restoration.restoration.scaler)
                    let repeating = RepeatingWriter(shown, plan.repetition)
                    made = (file, writer, repeating)
                    return repeating
                },
                shown: { core.events.job(core.info(job), kind: .progress) })
            isInside = report.defect != nil
            guard let made else { throw OutputError.unsupported(output: "\(job.source)", reason: "no pictures") }
            try replay(made.repeating)
            try made.writer.finish()
            outcome = try complete(report, made.file)
        } catch {
            // Whatever broke when it was ended broke because of that.
            switch control.reason {
            case .cancelled: outcome = Outcome(state: .cancelled, message: "cancelled")
            case .stalled: outcome.message = core.stallMessage
            case .draining, .replaced: outcome.message = "cut off: the daemon or the stream ended"
            case nil:
                outcome.message = "\(error)"
                isRubbish = error is GIFDecodingError
            }
        }
        // A decoder that was left behind reads nothing more.
        if isInside { control.end(.draining) }
        segment.close()
        let (state, message) = (outcome.state, outcome.message)
        _ = core.persist("ending a job") { try core.journal.finish(job.id, state, error: message) }
        OutcomeApplier(core: core).removePartials(of: job)
        if state != .cancelled { meter.ended(succeeded: state == .done) }
        if let message {
            Log.warning(message, stream: job.stream, job: job.id)
        } else {
            Log.info("\(job.source) -> \(job.output.map { "\($0)" } ?? "")", stream: job.stream, job: job.id)
        }
        return Ended(needsSync: isInside && !reader.isAtEnd, isRubbish: isRubbish)
    }

    /// Shows the GIF again, unless that would be more than one GIF may become.
    private func replay(_ writer: RepeatingWriter) throws {
        if let excess = plan.restoration.options.excess(ofPictures: writer.allPictures) {
            return Log.warning("shown once: repeated, \(excess)", stream: job.stream, job: job.id)
        }
        try writer.replay()
    }

    private struct Outcome {
        var state: JobRecord.State
        var message: String?
    }

    private func makeFile() throws -> StagedFile {
        guard let output = job.output else { preconditionFailure("a job of a pipe has an output") }
        return try StagedFile(
            in: try job.outputFolder(creating: 0o777), name: output.name, stagingName: job.stagingName(attempt: 1))
    }

    private func makeWriter(_ file: StagedFile, _ control: RunHandle) throws -> any PictureWriter {
        guard case .constant(let rate) = plan.restoration.restoration.rate else {
            throw OutputError.unsupported(output: "\(job.source)", reason: "files of a pipe need a constant rate")
        }
        return try plan.maker.writer(file, rate: rate, stop: control.stop)
    }

    /// Writes the outcome down and gives the file its name. After a crash in between, the next start does the second.
    private func complete(_ report: RestorationStream.Report, _ file: StagedFile) throws -> Outcome {
        let settlement = Settlement(
            succeeded: report.defect == nil, outputInode: try file.seal(), original: .keep)
        try core.journal.settle(
            job.id, settlement, frames: report.frames, pictures: report.pictures,
            error: report.defect.map { "\($0)" })
        try file.publish(replacing: .none)
        guard let defect = report.defect else { return Outcome(state: .done) }
        return Outcome(state: .failed, message: report.damage("\(defect)"))
    }
}
