import Configuration
import Filesystem
import Threads

/// Makes a file of every GIF that comes through a pipe, on a thread of its own, each frame as it arrives.
final class PipeRecorder: StreamPart {
    let thread: StreamThread
    private let context: JobContext
    private let scheduler: Scheduler
    private let stream: StreamConfiguration
    private let source: PipeSource
    private let sink: FileSink

    init(
        _ context: JobContext, _ scheduler: Scheduler, _ stream: StreamConfiguration, _ source: PipeSource,
        _ sink: FileSink
    ) {
        thread = StreamThread("pipe-\(stream.name)", scheduler)
        self.context = context
        self.scheduler = scheduler
        self.stream = stream
        self.source = source
        self.sink = sink
    }

    func work() {
        while !thread.isStopped {
            do {
                let reader = try PipeReader(source)
                var rubbish = Rubbish()
                thread.detail = nil
                while !thread.isStopped {
                    guard case .bytes = try reader.waitForBytes(thread.stop, seconds: 0.2) else { continue }
                    if scheduler.isPaused(stream.name) {
                        thread.stop.wait(seconds: 0.5)
                        continue
                    }
                    record(reader, &rubbish)
                }
            } catch {
                thread.detail = "\(error)"
                Log.error("\(error)", stream: stream.name)
                thread.stop.wait(seconds: 5)
            }
        }
    }

    /// GIFs that failed one after the other without a picture, and the job that stands for all of them.
    private struct Rubbish {
        var job = 0
        var count = 0
    }

    /// After so many of them in a row all bytes are dropped unread, until the writer closes the pipe or pauses: each GIF costs some
    /// synced writes to the journal.
    static let rubbishLimit = 8
    /// Seconds without a byte that are a pause.
    static let pause = 1.0

    private func record(_ reader: PipeReader, _ rubbish: inout Rubbish) {
        let runner = JobRunner(context: context)
        guard let job = begin() else { return waitForRepair("the journal cannot be written") }
        guard let plan = context.planner.plan(job) else {
            runner.run(job, nil) { _ in .bad("its encoder has gone") }
            return waitForRepair("its encoder has gone")
        }
        let attempt = PipeAttempt(context, job, plan, reader)
        let handle = RunHandle()
        _ = thread.stop.whileReleasing({ handle.end(.draining) }, { runner.run(job, nil, handle, attempt.run) })
        if attempt.isRubbish { join(job, into: &rubbish) } else { rubbish = Rubbish() }
        if rubbish.count >= Self.rubbishLimit {
            Log.warning("too much that is no GIF: what comes is dropped until its writer pauses", stream: stream.name)
            reader.discard(untilQuietFor: Self.pause, thread.stop)
        } else if attempt.needsSync {
            reader.skipToNextGIF(thread.stop)
        }
    }

    private func begin() -> JobRecord? {
        let ending = context.planner.ending(sink)
        let root = JobPlanner.outputRoot(sink, stream)
        return context.ledger.persist("a job from a pipe") {
            try $0.beginPiped(stream: stream.name, source: source.path, outputRoot: root) { [sink, stream] id in
                Path(text: "\(stream.name)-\(id)").map { sink.folder.appending($0 + ending) }
            }
        }
    }

    /// A GIF that failed without a picture is counted with the one before it that did: a flood of them does not push older jobs
    /// out of the journal.
    private func join(_ job: JobRecord, into rubbish: inout Rubbish) {
        rubbish.count += 1
        guard rubbish.count > 1 else {
            rubbish.job = job.id
            return
        }
        let message = "\(rubbish.count) times in a row something came that is no whole GIF"
        _ = context.ledger.persist("joining jobs") { [first = rubbish.job] in
            try $0.join(job.id, into: first, error: message)
        }
        context.ledger.announce(rubbish.job)
    }

    /// Leaves the GIF in the pipe.
    private func waitForRepair(_ reason: String) {
        Log.error(reason, stream: stream.name)
        thread.stop.wait(seconds: 5)
    }
}
