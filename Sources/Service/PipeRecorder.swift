import Configuration
import Control
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

    func start() {
        thread.withLock { $0 = NamedThread("pipe-\(stream.name)") { [self] in work() } }
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
                detail.withLock { $0 = nil }
                while !isStopped {
                    guard case .bytes = try reader.waitForBytes(stop, seconds: 0.2) else { continue }
                    if scheduler.isPaused(stream.name) {
                        stop.wait(seconds: 0.5)
                        continue
                    }
                    record(reader)
                }
            } catch {
                detail.withLock { $0 = "\(error)" }
                Log.error("\(error)", stream: stream.name)
                stop.wait(seconds: 5)
            }
        }
    }

    private func record(_ reader: PipeReader) {
        let configuration = core.configuration
        let ending = JobPlanner.ending(sink, configuration)
        let begun = core.persist("a job from a pipe") {
            try core.journal.beginPiped(stream: stream.name, source: source.path) { [sink, stream] id in
                "\(sink.folder)/\(stream.name)-\(id)\(ending)"
            }
        }
        guard let job = begun, let plan = JobPlanner.plan(job, core) else { return stopReading(reader) }
        let control = JobControl()
        core.began(job, control)
        core.publish(job.id)
        defer {
            core.ended(job.id)
            core.publish(job.id)
        }
        let runner = PipedJob(core: core, job: job, plan: plan)
        let needsSync = stop.whileReleasing({ control.end(.draining) }, { runner.run(reader, control) })
        if needsSync { reader.skipToNextGIF(stop) }
    }

    /// What to do with a GIF that nothing can be made of: let it pass.
    private func stopReading(_ reader: PipeReader) {
        Log.error("its encoder has gone", stream: stream.name)
        stop.wait(seconds: 5)
    }
}

/// One GIF from a pipe to a file.
struct PipedJob {
    let core: Core
    let job: JobRecord
    let plan: JobPlan

    /// - Returns: whether the pipe may stand in the middle of a GIF.
    func run(_ reader: PipeReader, _ control: JobControl) -> Bool {
        let segment = PipeSegment(reader, control)
        let meter = core.meter(job.stream)
        let run = GIFRun(core: core, plan: plan.restoration, control: control, meter: meter, isLive: true)
        let completion = Completion()
        var made: (any PictureWriter)?
        var (state, message): (JobRecord.State, String?) = (.done, nil)
        var isInside = true
        do {
            let report = try core.gate.whileLive {
                try run.run(
                    segment, name: job.source,
                    makeWriter: { _ in
                        let writer = try makeWriter(control, completion)
                        made = writer
                        return plan.restoration.options.letterboxed(writer, to: plan.restoration.restoration.size)
                    },
                    shown: { core.events.job(core.info(job), kind: .progress) })
            }
            isInside = report.defect != nil
            if let defect = report.defect { (state, message) = (.failed, report.damage("\(defect)")) }
            completion.report = report
            guard let made else { throw OutputError.unsupported(output: job.source, reason: "no pictures") }
            try made.finish()
        } catch {
            // Whatever broke when it was ended broke because of that.
            switch control.reason {
            case .cancelled: (state, message) = (.cancelled, "cancelled")
            case .stalled: (state, message) = (.failed, core.stallMessage)
            case .draining, .replaced: (state, message) = (.failed, "cut off: the daemon or the stream ended")
            case nil: (state, message) = (.failed, "\(error)")
            }
        }
        // A decoder that was left behind reads nothing more.
        if isInside { control.end(.draining) }
        segment.close()
        made = nil
        _ = core.persist("ending a job") { try core.journal.finish(job.id, state, error: message) }
        Settler(core: core).removePartials(of: job)
        if state != .cancelled { meter.ended(succeeded: state == .done) }
        if let message {
            Log.warning(message, stream: job.stream, job: job.id)
        } else {
            Log.info("\(job.source) -> \(job.output ?? "")", stream: job.stream, job: job.id)
        }
        return isInside && !reader.isAtEnd
    }

    /// What is known when the output is about to get its name.
    private final class Completion {
        var report: RestorationStream.Report?
    }

    private func makeWriter(_ control: JobControl, _ completion: Completion) throws -> any PictureWriter {
        guard let output = job.output, let partial = job.partialPath(attempt: 1),
            case .constant(let rate) = plan.restoration.restoration.rate
        else {
            throw OutputError.unsupported(output: job.source, reason: "files of a pipe need a constant rate")
        }
        try Files.makeFolder(Files.folder(of: output))
        let file = AtomicFile(path: output, partialPath: partial) { path in
            guard let report = completion.report else { preconditionFailure("a file that is finished before its GIF") }
            let settlement = Settlement(
                succeeded: report.defect == nil, outputInode: Fingerprint.of(path)?.inode, original: .keep)
            // After a crash from here on the file gets its name, and the job its end.
            try core.journal.settle(
                job.id, settlement, frames: report.frames, pictures: report.pictures,
                error: report.defect.map { "\($0)" })
        }
        return try plan.maker.writer(file, rate: rate, stop: control.stop)
    }
}
