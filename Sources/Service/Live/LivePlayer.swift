import Configuration
import Control
import Filesystem
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Shows GIFs on one live sink, on a thread of its own: what is played, then what comes through the pipe, then the jobs of the
/// stream, one after the other.
final class LivePlayer: Sendable {
    /// GIFs to be played that may wait.
    static let playCapacity = 64

    /// A GIF that somebody wants to be shown.
    struct Play: Sendable {
        let path: Path
        let peer: Peer
        let loops: Bool
        /// At once, not after what is shown.
        let isUrgent: Bool
    }

    private struct State {
        var plays: [Play] = []
        /// What is shown.
        var current: RunHandle?
    }

    private let core: Core
    private let scheduler: Scheduler
    private let stream: StreamConfiguration
    private let stop = StopSignal()
    private let state = Monitor(State())
    private let detail = Monitor<String?>(nil)
    private let thread = Monitor<NamedThread?>(nil)
    /// Called when the reader of standard output has gone.
    private let outputGone: @Sendable () -> Void

    init(
        _ core: Core, _ scheduler: Scheduler, _ stream: StreamConfiguration, outputGone: @escaping @Sendable () -> Void
    ) {
        self.core = core
        self.scheduler = scheduler
        self.stream = stream
        self.outputGone = outputGone
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        scheduler.onPoke(stream.name) { [weak self] in self?.state.update { _ in } }
        try thread.withLock { $0 = try NamedThread("live-\(stream.name)") { [self] in work() } }
    }

    /// Stops at once; a job that is shown waits again.
    func end() {
        scheduler.onPoke(stream.name, nil)
        stop.raise()
        state.update { $0.current?.end(.draining) }
        join()
    }

    /// Returns when the thread has ended, which it does after what it shows when `Core.draining` is raised.
    func join() {
        thread.withLock { $0 }?.join()
    }

    /// What it waits for; nil while somebody reads.
    var waitsFor: String? { detail.withLock { $0 } }

    /// Shows a GIF after what is shown, or at once.
    /// - Returns: false when too many wait.
    func play(_ play: Play) -> Bool {
        state.update { state in
            if play.isUrgent {
                state.plays = [play]
                state.current?.end(.replaced)
                return true
            }
            guard state.plays.count < Self.playCapacity else { return false }
            state.plays.append(play)
            return true
        }
    }

    // MARK: The thread

    private var isStopped: Bool { stop.isRaised || core.draining.isRaised }

    private func work() {
        guard let sink = makeSink() else { return }
        defer {
            // What was taken is part of what is shown: the daemon's end waits for it, too.
            if !stop.isRaised { sink.drain() }
            core.meter(stream.name).use(nil)
            sink.end()
        }
        var pipe: PipeReader?
        while !isStopped {
            do {
                guard try sink.open() else {
                    detail.withLock { $0 = sink.waitsFor }
                    stop.wait(seconds: 0.2)
                    continue
                }
                detail.withLock { $0 = nil }
                if case .pipe(let source) = stream.source, pipe == nil { pipe = try PipeReader(source) }
                try showNext(sink, pipe)
                if sink.isReaderGone { throw OutputError.readerGone(stream.name) }
            } catch OutputError.readerGone {
                sink.close()
                if case .standardOutput = stream.sink {
                    outputGone()
                    return
                }
            } catch {
                // A write that was told to give up.
                if isStopped { return }
                detail.withLock { $0 = "\(error)" }
                Log.error("\(error)", stream: stream.name)
                sink.close()
                pipe = nil
                stop.wait(seconds: 5)
            }
        }
    }

    private func makeSink() -> (any LiveSink)? {
        let place: (path: Path?, format: StreamFormat)
        switch stream.sink {
        case .files: return nil
        case .camera(let camera):
            let sink = CameraPlayerSink(
                camera, stream.restoration, stream: stream.name, limits: core.configuration.limits.decoding, stop: stop)
            core.meter(stream.name).use(sink.counts)
            return sink
        case .fifo(let path, let format): place = (path, format)
        case .standardOutput(let format): place = (nil, format)
        }
        return StreamSink(
            path: place.path, format: place.format, size: stream.restoration.size, stop: stop
        ) { [stream, core] in
            if case .constant(let rate)? = JobPlanner.stream(stream.name, core)?.restoration.rate { return rate }
            preconditionFailure("a live stream has a constant rate")
        }
    }

    private func showNext(_ sink: any LiveSink, _ pipe: PipeReader?) throws {
        if let play = state.withLock({ $0.plays.isEmpty ? nil : $0.plays.removeFirst() }) {
            try show(play, sink)
        } else if scheduler.isPaused(stream.name) {
            stop.wait(seconds: 0.2)
        } else if let job = scheduler.next(of: stream.name) {
            try show(job, sink)
        } else if let pipe {
            if case .bytes = try pipe.waitForBytes(stop, seconds: 0.2) { try show(pipe, sink) }
        } else {
            // At most that long does it take to see that a reader has gone.
            stop.wait(seconds: 0.05)
        }
    }

    private func plan(_ options: SubmitOptions?, _ sink: any LiveSink) -> RestorationPlan {
        var restoration = JobPlanner.stream(stream.name, core)?.restoration ?? stream.restoration
        if let options { restoration = restoration.changed(by: options) }
        restoration.rate = .constant(sink.rate)
        return RestorationPlan(
            restoration, options: nil, keepsAlpha: sink.keepsAlpha, limits: core.configuration.limits)
    }

    /// Runs one GIF into the sink.
    /// - Parameter content: tells it from others, where it may be shown again.
    private func run(
        _ source: some ByteSource & Sendable, _ name: String, content: String? = nil, _ plan: RestorationPlan,
        _ control: RunHandle, _ sink: any LiveSink, shown: () -> Void = {}
    ) throws -> GIFDecodingError? {
        state.withLock { $0.current = control }
        core.shows(stream.name, control)
        let before = sink.pace.losses
        defer {
            core.shows(stream.name, nil)
            state.withLock { $0.current = nil }
            sink.endGIF()
            if control.reason == .cancelled { sink.drop() }
            report(sink.pace.losses - before, name)
        }
        if stop.isRaised { control.end(.draining) }
        let run = RestorationRun(
            core: core, plan: plan, control: control, meter: core.meter(stream.name), isLive: true,
            pace: plan.restoration.keepUp || sink.hasClock ? sink.pace : nil)
        let arrives = source is PipeSegment
        return try run.run(
            source, name: name, content: content,
            makeWriter: { WaitingWriter(try sink.writer(for: $0, name: name, plan, arrives: arrives), control) },
            shown: shown
        ).defect
    }

    private func report(_ losses: LivePace.Losses, _ name: String) {
        guard losses.total > 0 else { return }
        Log.info(
            "\(name): gave up \(losses.inBetweens.counted("in-between")), the later steps of "
                + "\(losses.steps.counted("frame")) and \(losses.frames.counted("frame")) to keep up",
            stream: stream.name)
    }

    private func show(_ play: Play, _ sink: any LiveSink) throws {
        if play.isUrgent { sink.drop() }
        repeat {
            let control = RunHandle()
            do {
                let source = try FileSource(play.path, as: play.peer)
                // Played again it comes from memory, as long as it is the same file.
                let content = Fingerprint.of(descriptor: source.descriptor).map { "\(play.path) \($0.text)" }
                if let defect = try run(source, "\(play.path)", content: content, plan(nil, sink), control, sink) {
                    Log.warning("\(defect)", stream: stream.name)
                    return
                }
            } catch is RunHandle.Ended {
                return
            } catch let error as OutputError {
                throw error
            } catch {
                Log.warning("cannot play \(play.path): \(error)", stream: stream.name)
                return
            }
        } while play.loops && !isStopped && state.withLock({ $0.plays.isEmpty }) && !sink.isReaderGone
    }

    private func show(_ pipe: PipeReader, _ sink: any LiveSink) throws {
        let control = RunHandle()
        let segment = PipeSegment(pipe, control)
        var isInside = true
        defer {
            if isInside { control.end(.draining) }
            segment.close()
            if isInside && !pipe.isAtEnd { pipe.skipToNextGIF(stop) }
        }
        do {
            let defect = try run(segment, stream.name, plan(nil, sink), control, sink)
            isInside = defect != nil
            core.meter(stream.name).ended(succeeded: defect == nil)
            if let defect { Log.warning("\(defect)", stream: stream.name) }
        } catch is RunHandle.Ended {
            return
        } catch let error as GIFDecodingError {
            core.meter(stream.name).ended(succeeded: false)
            Log.warning("\(error)", stream: stream.name)
        } catch let error as CanvasTooLarge {
            Log.warning("\(error)", stream: stream.name)
        }
    }

    /// A job of the journal: settled like those that make files.
    private func show(_ job: JobRecord, _ sink: any LiveSink) throws {
        let control = RunHandle()
        core.began(job, control)
        core.publish(job.id)
        defer {
            core.ended(job.id)
            scheduler.ended(job)
        }
        let live = LiveJob(core: core, job: job, stream: stream)
        do {
            let source = try FileSource(of: job)
            live.adopt(source)
            let defect = try run(source, "\(job.source)", plan(job.request?.options, sink), control, sink) {
                core.events.job(core.info(job), kind: .progress)
            }
            live.finish(defect: defect.map { "\($0)" }, pictures: control.pictures)
        } catch let ended as RunHandle.Ended {
            if ended.reason == .cancelled { live.cancel("cancelled") } else { live.putBack() }
        } catch let failure as SystemError where failure.path == job.source && failure.isMissing {
            live.cancel("the file has gone")
        } catch let failure as SystemError where failure.isExhaustion {
            live.putBack()
            throw failure
        } catch let error where error is GIFDecodingError || error is CanvasTooLarge || error is SystemError {
            live.finish(defect: "\(error)", pictures: control.pictures)
        } catch {
            // Not the GIF's fault.
            live.putBack()
            throw error
        }
    }
}
