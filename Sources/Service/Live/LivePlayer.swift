import Configuration
import Filesystem
import Output
import Restoration
import Threads

/// Shows GIFs on one live sink, on a thread of its own, one after the other: first those that clients play, then those from the
/// pipe, then the jobs of the stream.
final class LivePlayer: StreamPart {
    let thread: StreamThread
    /// GIFs that clients want to be shown.
    let queue = PlayQueue()
    private let context: JobContext
    private let scheduler: Scheduler
    private let stream: StreamConfiguration
    /// Called when the reader of standard output has gone.
    private let outputGone: @Sendable () -> Void

    init(
        _ context: JobContext, _ scheduler: Scheduler, _ stream: StreamConfiguration,
        outputGone: @escaping @Sendable () -> Void
    ) {
        thread = StreamThread("live-\(stream.name)", scheduler)
        self.context = context
        self.scheduler = scheduler
        self.stream = stream
        self.outputGone = outputGone
    }

    func work() {
        guard let sink = makeSink() else { return }
        defer {
            // Pictures that the sink took are shown: the daemon's end waits for them, too.
            if !thread.stop.isRaised { sink.drain() }
            context.meters[stream.name].use(nil)
            sink.end()
        }
        var pipe: PipeReader?
        while !thread.isStopped {
            do {
                guard try sink.open() else {
                    thread.detail = sink.waitsFor
                    thread.stop.wait(seconds: 0.2)
                    continue
                }
                thread.detail = nil
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
                if thread.isStopped { return }
                thread.detail = "\(error)"
                Log.error("\(error)", stream: stream.name)
                sink.close()
                pipe = nil
                thread.stop.wait(seconds: 5)
            }
        }
    }

    private func makeSink() -> (any LiveSink)? {
        let place: (path: Path?, format: StreamFormat)
        switch stream.sink {
        case .files: return nil
        case .camera(let camera):
            let sink = CameraPlayerSink(
                camera, stream.restoration, stream: stream.name, limits: context.configuration.limits.decoding,
                stop: thread.stop)
            context.meters[stream.name].use(sink.counts)
            return sink
        case .fifo(let path, let format): place = (path, format)
        case .standardOutput(let format): place = (nil, format)
        }
        return StreamSink(
            path: place.path, format: place.format, size: stream.restoration.size, stop: thread.stop
        ) { [stream, context] in
            if case .constant(let rate)? = context.planner.stream(stream.name)?.restoration.rate { return rate }
            preconditionFailure("a live stream has a constant rate")
        }
    }

    private func showNext(_ sink: any LiveSink, _ pipe: PipeReader?) throws {
        let show = LiveShow(context: context, stream: stream, queue: queue, sink: sink, stop: thread.stop)
        if let play = queue.next() {
            try show.show(play) { !thread.isStopped }
        } else if scheduler.isPaused(stream.name) {
            thread.stop.wait(seconds: 0.2)
        } else if let job = scheduler.next(of: stream.name) {
            defer { scheduler.ended(job) }
            try show.show(job)
        } else if let pipe {
            if case .bytes = try pipe.waitForBytes(thread.stop, seconds: 0.2) { try show.show(pipe) }
        } else {
            // A reader that has gone is noticed after this time.
            thread.stop.wait(seconds: 0.05)
        }
    }
}
