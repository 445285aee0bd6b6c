import Configuration
import Control
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Shows GIFs on an open live sink: plays, GIFs from a pipe, jobs. One thread.
struct LiveShow {
    let context: JobContext
    let stream: StreamConfiguration
    let queue: PlayQueue
    let sink: any LiveSink
    /// Raised when the stream ends.
    let stop: StopSignal

    func show(_ play: PlayQueue.Play, while isWanted: () -> Bool) throws {
        if play.isUrgent { sink.drop() }
        repeat {
            do {
                let source = try FileSource(play.path, as: play.peer)
                // Played again it comes from memory, as long as it is the same file.
                let content = Fingerprint.of(descriptor: source.descriptor).map { "\(play.path) \($0.text)" }
                let defect = try counted(RunHandle()) {
                    try run(source, "\(play.path)", content: content, plan(nil), $0)
                }
                if let defect { return Log.warning("\(defect)", stream: stream.name) }
            } catch is RunHandle.Ended {
                return
            } catch let error as OutputError {
                throw error
            } catch {
                return Log.warning("cannot play \(play.path): \(error)", stream: stream.name)
            }
        } while play.loops && isWanted() && queue.isEmpty && !sink.isReaderGone
    }

    func show(_ pipe: PipeReader) throws {
        let handle = RunHandle()
        let segment = PipeSegment(pipe, handle)
        var isWhole = false
        defer {
            if segment.close(isWhole: isWhole) { pipe.skipToNextGIF(stop) }
        }
        do {
            let defect = try counted(handle) { try run(segment, stream.name, plan(nil), $0) }
            isWhole = defect == nil
            context.meters[stream.name].ended(succeeded: defect == nil)
            if let defect { Log.warning("\(defect)", stream: stream.name) }
        } catch is RunHandle.Ended {
            return
        } catch let error as GIFDecodingError {
            context.meters[stream.name].ended(succeeded: false)
            Log.warning("\(error)", stream: stream.name)
        } catch let error as CanvasTooLarge {
            Log.warning("\(error)", stream: stream.name)
        }
    }

    /// - Throws: the error of the sink; the job waits again.
    func show(_ job: JobRecord) throws {
        var folder: FolderSource?
        if case .folder(let source) = stream.source { folder = source }
        let end = JobRunner(context: context).run(job, folder) { handle in
            do {
                return try show(job, folder, handle)
            } catch let error as OutputError {
                return .sinkFailed(error)
            }
        }
        if case .sinkFailed(let error) = end { throw error }
    }

    private func show(_ job: JobRecord, _ folder: FolderSource?, _ handle: RunHandle) throws -> AttemptEnd {
        let source = try FileSource(of: job)
        if let version = Fingerprint.of(descriptor: source.descriptor) {
            guard context.ledger.adopt(version, for: job) else { return .ended(.draining) }
        }
        let defect = try run(source, "\(job.source)", plan(job.request?.options), handle) {
            context.ledger.announceProgress(job)
        }
        let error = defect.map { AttemptEnd.shortened("\($0)", of: job) }
        let outcome = Outcome(
            succeeded: error == nil, outputInode: nil, original: .init(of: job, folder, failure: error))
        return .complete(.init(outcome: outcome, pictures: handle.pictures, error: error))
    }

    // MARK: One run

    /// Counts a run that is no job among those that run.
    private func counted<R>(_ handle: RunHandle, _ body: (RunHandle) throws -> R) rethrows -> R {
        let run = RunningJobs.Run(stream: stream.name, job: nil, handle: handle)
        return try context.ledger.running.during(run) { try body(handle) }
    }

    private func plan(_ options: SubmitOptions?) -> RestorationPlan {
        var restoration = context.planner.stream(stream.name)?.restoration ?? stream.restoration
        if let options { restoration = restoration.changed(by: options) }
        restoration.rate = .constant(sink.rate)
        return RestorationPlan(
            restoration, options: nil, keepsAlpha: sink.keepsAlpha, limits: context.configuration.limits)
    }

    /// Runs one GIF into the sink.
    /// - Parameter content: tells it from others, where it may be shown again.
    private func run(
        _ source: some ByteSource & Sendable, _ name: String, content: String? = nil, _ plan: RestorationPlan,
        _ handle: RunHandle, shown: () -> Void = {}
    ) throws -> GIFDecodingError? {
        let before = sink.pace.losses
        defer {
            sink.endGIF()
            if handle.reason == .cancelled { sink.drop() }
            report(sink.pace.losses - before, name)
        }
        return try queue.showing(handle) {
            let run = RestorationRun(
                engine: context.engine, plan: plan, handle: handle, meter: context.meters[stream.name], isLive: true,
                pace: plan.restoration.keepUp || sink.hasClock ? sink.pace : nil)
            let arrives = source is PipeSegment
            let report = try stop.whileReleasing({ handle.end(.draining) }) {
                try run.run(
                    source, name: name, content: content,
                    makeWriter: { WaitingWriter(try sink.writer(for: $0, name: name, plan, arrives: arrives), handle) },
                    shown: shown)
            }
            return report.defect
        }
    }

    private func report(_ losses: LivePace.Losses, _ name: String) {
        guard losses.total > 0 else { return }
        Log.info(
            "\(name): gave up \(losses.inBetweens.counted("in-between")), the later steps of "
                + "\(losses.steps.counted("frame")) and \(losses.frames.counted("frame")) to keep up",
            stream: stream.name)
    }
}
