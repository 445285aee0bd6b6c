import Configuration
import Control
import Glibc
import Restoration
import Threads

/// The calls that only look.
extension ControlHandler {
    func status() throws -> StatusReply {
        let counts = try ledger.journal.counts().values
        func count(_ state: JobInfo.State) -> Int { counts.reduce(0) { $0 + ($1[state] ?? 0) } }
        return StatusReply(
            version: Daemon.version, pid: Int(getpid()), state: daemon.state, started: daemon.started,
            streams: configuration.streams.count, queued: count(.queued), running: count(.running),
            done: count(.done), failed: count(.failed), configuration: daemon.loader.files())
    }

    func streams() throws -> [StreamInfo] {
        let counts = try ledger.journal.counts()
        return configuration.streams.map { configured in
            let stream = daemon.context.planner.stream(configured.name) ?? configured
            let detail = stream.enabled ? daemon.streams.detail(stream.name) : nil
            let state: String
            if !stream.enabled {
                state = "disabled"
            } else if scheduler.isPaused(stream.name) {
                state = "paused"
            } else {
                state = detail == nil ? "running" : "waiting"
            }
            let (source, sourcePath) = stream.source.described
            let (sink, sinkPath) = stream.sink.described
            return StreamInfo(
                stream: stream.name, source: source, sourcePath: sourcePath, sink: sink, sinkPath: sinkPath,
                live: stream.sink.isLive, state: state, detail: detail, rate: "\(stream.restoration.rate)",
                profile: stream.restoration.profile.rawValue, queued: counts[stream.name]?[.queued] ?? 0,
                running: counts[stream.name]?[.running] ?? 0)
        }
    }

    func statistics() throws -> StatisticsReply {
        let counts = try ledger.journal.counts()
        let names = configuration.streams.map(\.name) + [JobPlanner.submitted]
        let streams = names.map { name in
            var statistics = daemon.context.meters[name].statistics
            statistics.queued = counts[name]?[.queued] ?? 0
            statistics.running = counts[name]?[.running] ?? 0
            return statistics
        }
        let memory = Memory.now
        return StatisticsReply(
            uptime: Clock.wall - daemon.started, memory: memory.resident, peakMemory: memory.peak,
            workers: configuration.jobs.workers, busyWorkers: ledger.running.jobs.count,
            queued: counts.values.reduce(0) { $0 + ($1[.queued] ?? 0) },
            queueLimit: configuration.jobs.queueLimit, connections: daemon.connections, streams: streams)
    }

    func monitor(_ arguments: inout VarlinkArguments, _ call: VarlinkCall) throws -> VarlinkAnswer {
        let stream = try arguments.optionalString("stream")
        let progress = try arguments.optionalBool("progress") ?? false
        try arguments.finish()
        if let stream { try check(stream: stream) }
        guard call.wantsMore else { throw VarlinkCall.expectedMore }
        return .stream { ledger.events.subscribe($0, wanted: stream, takesProgress: progress) }
    }
}
