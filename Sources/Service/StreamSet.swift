import Configuration
import Control
import Threads

/// The streams that run: their sources and live sinks. Any thread; one at a time changes them.
final class StreamSet: Sendable {
    private struct Runtime: Sendable {
        let configuration: StreamConfiguration
        let parts: [any StreamPart]
    }

    private let context: JobContext
    private let scheduler: Scheduler
    private let outputGone: @Sendable () -> Void
    private let runtimes = Monitor<[String: Runtime]>([:])
    /// Held while streams are started and ended.
    private let changing = Monitor(())
    /// Streams that found no thread.
    private let waiting = Monitor<[String: StreamConfiguration]>([:])

    /// - Parameter outputGone: called when the reader of standard output has gone.
    init(_ context: JobContext, _ scheduler: Scheduler, outputGone: @escaping @Sendable () -> Void) {
        self.context = context
        self.scheduler = scheduler
        self.outputGone = outputGone
    }

    /// Starts new streams, ends those that have gone, and restarts those that changed; the others go on undisturbed. Jobs that
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
        for runtime in leaving.values { end(runtime) }
        waiting.withLock { waiting in waiting = waiting.filter { wanted[$0.key] == $0.value } }
        for (name, stream) in wanted where runtimes.withLock({ $0[name] == nil }) { start(stream) }
        for name in leaving.keys where wanted[name] == nil { context.ledger.events.stream(name, "ended") }
    }

    private func start(_ stream: StreamConfiguration) {
        let runtime = Runtime(configuration: stream, parts: parts(of: stream))
        do {
            for part in runtime.parts { try part.start() }
        } catch {
            end(runtime)
            let isNew = waiting.withLock { $0.updateValue(stream, forKey: stream.name) == nil }
            if isNew { Log.warning("waits: \(error)", stream: stream.name) }
            return
        }
        runtimes.withLock { $0[stream.name] = runtime }
        waiting.withLock { $0[stream.name] = nil }
        context.ledger.events.stream(stream.name, "started")
    }

    /// Starts the streams that found no thread before.
    func startMissing() {
        guard waiting.withLock({ !$0.isEmpty }) else { return }
        changing.withLock { _ in
            for stream in waiting.withLock({ Array($0.values) }) { start(stream) }
        }
    }

    private func parts(of stream: StreamConfiguration) -> [any StreamPart] {
        var parts: [any StreamPart] = []
        switch (stream.source, stream.sink) {
        case (.folder(let source), _): parts.append(FolderWatcher(context, scheduler, stream, source))
        case (.pipe(let source), .files(let sink)):
            parts.append(PipeRecorder(context, scheduler, stream, source, sink))
        case (.pipe, _), (.submitted, _): break
        }
        if stream.sink.isLive { parts.append(LivePlayer(context, scheduler, stream, outputGone: outputGone)) }
        return parts
    }

    /// Ends the watching of folders, and waits until GIFs that are shown or recorded have ended. The scheduler drains.
    func drain() {
        let parts = runtimes.withLock { $0.values.flatMap(\.parts) }
        for case let folder as FolderWatcher in parts { folder.end() }
        for part in parts { part.thread.join() }
    }

    private func end(_ runtime: Runtime) {
        for part in runtime.parts { part.end() }
    }

    /// Ends all; returns when their threads have ended.
    func end() {
        let all = runtimes.withLock { runtimes in
            defer { runtimes = [:] }
            return runtimes
        }
        for runtime in all.values { end(runtime) }
    }

    /// The player of a live stream.
    func player(_ stream: String) -> LivePlayer? {
        runtimes.withLock { $0[stream] }?.parts.lazy.compactMap { $0 as? LivePlayer }.first
    }

    /// Says why a stream waits, or what is wrong with it; nil when all is well or it does not run.
    func detail(_ stream: String) -> String? {
        runtimes.withLock { $0[stream] }?.parts.lazy.compactMap(\.thread.detail).first
    }
}
