import Configuration
import Control
import Threads

/// The streams that run: their sources and live sinks. Any thread; one at a time changes them.
final class StreamSet: Sendable {
    /// The threads of one stream.
    private struct Runtime: Sendable {
        let configuration: StreamConfiguration
        var folder: FolderWatcher?
        var recorder: PipeRecorder?
        var player: LivePlayer?

        /// - Throws: `NamedThread.Failure`.
        func start() throws {
            try folder?.start()
            try recorder?.start()
            try player?.start()
        }

        func end() {
            folder?.end()
            recorder?.end()
            player?.end()
        }

        /// Returns when what is shown or recorded has ended; nothing new begins, as `Core.draining` is raised.
        func join() {
            recorder?.join()
            player?.join()
        }

        /// What it waits for, or what is wrong.
        var detail: String? { folder?.state ?? recorder?.state ?? player?.waitsFor }
    }

    private let core: Core
    private let scheduler: Scheduler
    private let outputGone: @Sendable () -> Void
    private let runtimes = Monitor<[String: Runtime]>([:])
    /// Held while streams are started and ended.
    private let changing = Monitor(())
    /// Streams that found no thread.
    private let waiting = Monitor<[String: StreamConfiguration]>([:])

    /// - Parameter outputGone: called when the reader of standard output has gone.
    init(_ core: Core, _ scheduler: Scheduler, outputGone: @escaping @Sendable () -> Void) {
        self.core = core
        self.scheduler = scheduler
        self.outputGone = outputGone
    }

    /// Starts what is new, ends what has gone, and both for what changed; what is as it was goes on undisturbed. Jobs that
    /// run go on in any case.
    func apply(_ streams: [StreamConfiguration]) {
        changing.withLock { _ in change(to: streams) }
    }

    private func change(to streams: [StreamConfiguration]) {
        let wanted = Dictionary(uniqueKeysWithValues: streams.filter(\.enabled).map { ($0.name, $0) })
        let leaving = runtimes.withLock { runtimes in
            let leaving = runtimes.filter { wanted[$0.key] != $0.value.configuration }
            for name in leaving.keys { runtimes[name] = nil }
            return leaving
        }
        for runtime in leaving.values { runtime.end() }
        waiting.withLock { waiting in waiting = waiting.filter { wanted[$0.key] == $0.value } }
        for (name, stream) in wanted where runtimes.withLock({ $0[name] == nil }) { start(stream) }
        for name in leaving.keys where wanted[name] == nil { core.events.stream(name, "ended") }
    }

    private func start(_ stream: StreamConfiguration) {
        let runtime = make(stream)
        do {
            try runtime.start()
        } catch {
            runtime.end()
            let isNew = waiting.withLock { $0.updateValue(stream, forKey: stream.name) == nil }
            if isNew { Log.warning("waits: \(error)", stream: stream.name) }
            return
        }
        runtimes.withLock { $0[stream.name] = runtime }
        waiting.withLock { $0[stream.name] = nil }
        core.events.stream(stream.name, "started")
    }

    /// Starts the streams that found no thread before.
    func startMissing() {
        guard waiting.withLock({ !$0.isEmpty }) else { return }
        changing.withLock { _ in
            for stream in waiting.withLock({ Array($0.values) }) { start(stream) }
        }
    }

    private func make(_ stream: StreamConfiguration) -> Runtime {
        var runtime = Runtime(configuration: stream)
        if stream.sink.isLive { runtime.player = LivePlayer(core, scheduler, stream, outputGone: outputGone) }
        switch stream.source {
        case .folder(let source): runtime.folder = FolderWatcher(core, scheduler, stream, source)
        case .pipe(let source):
            if case .files(let sink) = stream.sink {
                runtime.recorder = PipeRecorder(core, scheduler, stream, source, sink)
            }
        case .submitted: break
        }
        return runtime
    }

    /// Ends the watching of folders, and waits until what is shown or recorded has ended. `Core.draining` is raised.
    func drain() {
        let all = runtimes.withLock { Array($0.values) }
        for runtime in all { runtime.folder?.end() }
        for runtime in all { runtime.join() }
    }

    /// Ends all; returns when their threads have ended.
    func end() {
        let all = runtimes.withLock { runtimes in
            defer { runtimes = [:] }
            return runtimes
        }
        for runtime in all.values { runtime.end() }
    }

    /// The player of a live stream.
    func player(_ stream: String) -> LivePlayer? {
        runtimes.withLock { $0[stream]?.player }
    }

    /// What a stream waits for, or what is wrong with it; nil when all is well or it does not run.
    func detail(_ stream: String) -> String? {
        runtimes.withLock { $0[stream] }?.detail
    }
}
