import Configuration
import Control
import Filesystem
import GIFDecoding
import Glibc
import Output
import Restoration
import Threads

/// Answers the calls of io.gif2video.Control. Any thread.
struct ControlHandler: VarlinkInterface {
    let name = ControlInterface.name
    let description = ControlInterface.description
    let daemon: Daemon

    private var core: Core { daemon.core }
    private var scheduler: Scheduler { daemon.scheduler }

    func answer(_ call: VarlinkCall) throws -> VarlinkAnswer {
        var arguments = VarlinkArguments(call.parameters)
        do {
            return try answer(call, &arguments)
        } catch let error as VarlinkError {
            throw error
        } catch {
            // The journal, mostly.
            throw VarlinkError.failed("\(error)")
        }
    }

    private func answer(_ call: VarlinkCall, _ arguments: inout VarlinkArguments) throws -> VarlinkAnswer {
        switch call.method {
        case "GetStatus":
            try arguments.finish()
            return .reply(try status())
        case "ListStreams":
            try arguments.finish()
            return .reply(StreamsReply(streams: try streams()))
        case "ListJobs": return .reply(try jobs(&arguments))
        case "GetJob":
            let job = try job(&arguments)
            return .reply(JobReply(job: core.info(job)))
        case "Submit": return .reply(JobNumber(job: try submit(&arguments, call.peer)))
        case "Cancel":
            try cancel(try job(&arguments))
            return .reply(NoParameters())
        case "Retry":
            try retry(try job(&arguments))
            return .reply(NoParameters())
        case "Pause", "Resume":
            try pause(&arguments, call.method == "Pause")
            return .reply(NoParameters())
        case "Play":
            try play(&arguments, call.peer)
            return .reply(NoParameters())
        case "SetRate", "SetProfile":
            try set(&arguments, isRate: call.method == "SetRate")
            return .reply(NoParameters())
        case "Reload":
            try arguments.finish()
            do {
                try daemon.reload()
            } catch let error as ConfigurationError {
                throw VarlinkError.configurationInvalid(error.problems.map(\.description))
            }
            return .reply(NoParameters())
        case "GetStatistics":
            try arguments.finish()
            return .reply(try statistics())
        case "Monitor": return try monitor(&arguments, call)
        default: throw VarlinkError.methodNotFound("\(name).\(call.method)")
        }
    }

    // MARK: Looking

    private func status() throws -> StatusReply {
        let counts = try core.journal.counts().values
        func count(_ state: JobInfo.State) -> Int { counts.reduce(0) { $0 + ($1[state] ?? 0) } }
        return StatusReply(
            version: Daemon.version, pid: Int(getpid()), state: daemon.state, started: daemon.started,
            streams: core.configuration.streams.count, queued: count(.queued), running: count(.running),
            done: count(.done), failed: count(.failed), configuration: daemon.loader.files())
    }

    private func streams() throws -> [StreamInfo] {
        let counts = try core.journal.counts()
        return core.configuration.streams.map { configured in
            let stream = JobPlanner.stream(configured.name, core) ?? configured
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
                live: stream.sink.isLive, state: state, detail: detail, rate: stream.restoration.rate.text,
                profile: stream.restoration.profile.rawValue, queued: counts[stream.name]?[.queued] ?? 0,
                running: counts[stream.name]?[.running] ?? 0)
        }
    }

    private func jobs(_ arguments: inout VarlinkArguments) throws -> JobsReply {
        let stream = try arguments.optionalString("stream")
        let state = try arguments.parsed("state") { JobInfo.State(rawValue: $0) }
        let limit = try arguments.optionalInteger("limit") ?? 100
        let before = try arguments.optionalInteger("before")
        guard (1...500).contains(limit) else { throw VarlinkError.parameter("limit") }
        try arguments.finish()
        if let stream { try check(stream: stream) }
        let jobs = try core.journal.jobs(stream: stream, state: state, limit: limit, before: before)
        return JobsReply(jobs: jobs.map { core.info($0) })
    }

    private func statistics() throws -> StatisticsReply {
        let counts = try core.journal.counts()
        let names = core.configuration.streams.map(\.name) + [JobPlanner.submitted]
        let streams = names.map { name in
            var statistics = core.meter(name).statistics
            statistics.queued = counts[name]?[.queued] ?? 0
            statistics.running = counts[name]?[.running] ?? 0
            return statistics
        }
        let memory = Memory.now
        return StatisticsReply(
            uptime: Clock.wall - daemon.started, memory: memory.resident, peakMemory: memory.peak,
            workers: core.configuration.jobs.workers, busyWorkers: core.running.count,
            queued: counts.values.reduce(0) { $0 + ($1[.queued] ?? 0) },
            queueLimit: core.configuration.jobs.queueLimit, connections: daemon.connections, streams: streams)
    }

    private func monitor(_ arguments: inout VarlinkArguments, _ call: VarlinkCall) throws -> VarlinkAnswer {
        let stream = try arguments.optionalString("stream")
        let progress = try arguments.optionalBool("progress") ?? false
        try arguments.finish()
        if let stream { try check(stream: stream) }
        guard call.wantsMore else { throw VarlinkCall.expectedMore }
        return .stream { core.events.subscribe($0, wanted: stream, takesProgress: progress) }
    }

    // MARK: Doing

    private func check(stream: String) throws {
        guard stream == JobPlanner.submitted || core.configuration.stream(stream) != nil else {
            throw VarlinkError.noSuchStream(stream)
        }
    }

    /// The job of the only parameter.
    private func job(_ arguments: inout VarlinkArguments) throws -> JobRecord {
        let number = try arguments.integer("job")
        try arguments.finish()
        guard let job = try core.journal.job(number) else { throw VarlinkError.noSuchJob(number) }
        return job
    }

    private func cancel(_ job: JobRecord) throws {
        if try core.journal.cancelQueued(job.id, error: "cancelled") {
            OutcomeApplier(core: core).removePartials(of: job)
            return core.publish(job.id)
        }
        // Settling jobs have their outcome already.
        guard job.state == .queued || job.state == .running, let running = core.running(job.id) else {
            throw VarlinkError.invalidState(job.id, job.state.info)
        }
        running.control.end(.cancelled)
    }

    private func retry(_ job: JobRecord) throws {
        guard job.relative != nil || job.request != nil else { throw VarlinkError.invalidState(job.id, job.state.info) }
        // Time for the original to come back before a worker looks for it.
        guard try core.journal.restart(job.id, notBefore: Clock.wall + 0.5) else {
            throw VarlinkError.invalidState(job.id, job.state.info)
        }
        if case .move(let failed, let within, _)? = job.settlement?.original { bringBack(job, failed, within) }
        core.publish(job.id)
        scheduler.poke()
    }

    /// Moves a failed original to where it was, unless another file is there.
    private func bringBack(_ job: JobRecord, _ failed: Path, _ within: Path?) {
        do {
            guard let file = job.droppedFile, try file.fingerprint() == nil else { return }
            let from =
                try within.flatMap { root in failed.relative(to: root).map { (root, $0.folder) } }
                .map { try Folder($0.0).folder($0.1) } ?? Folder(failed.folder)
            guard let version = try Fingerprint.of(failed.name, in: from) else { return }
            let to = try Folder(file.root).folder(file.relative.folder, creating: 0o777)
            try FileMover(name: failed.name, folder: from, version: version)
                .move(to: to, file.relative.name, stagingName: job.stagingName)
            try? from.remove(failed.name + ".txt")
            if let version = try file.fingerprint() { try core.journal.adopt(version, for: job) }
        } catch {
            Log.warning("cannot bring back \(failed): \(error)", stream: job.stream, job: job.id)
        }
    }

    private func pause(_ arguments: inout VarlinkArguments, _ isPaused: Bool) throws {
        let stream = try arguments.optionalString("stream")
        try arguments.finish()
        if let stream { try check(stream: stream) }
        try scheduler.pause(stream, isPaused)
        let word = isPaused ? "paused" : "resumed"
        if let stream { core.events.stream(stream, word) } else { core.events.daemon(word) }
    }

    private func set(_ arguments: inout VarlinkArguments, isRate: Bool) throws {
        let stream = try arguments.string("stream")
        guard let configured = core.configuration.stream(stream) else { throw VarlinkError.noSuchStream(stream) }
        let value: String?
        if isRate {
            // A camera's rate is fixed when its readers come.
            if case .camera = configured.sink { throw VarlinkError.parameter("rate") }
            let needsConstant = configured.sink.isLive || configured.source.isPipe
            value = try arguments.parsed("rate") { text in
                guard let rate = OutputRate(text) else { return nil }
                if case .constant = rate { return text }
                return needsConstant ? nil : text
            }
        } else {
            value = try arguments.parsed("profile") { ProfileChoice(rawValue: $0)?.rawValue }
        }
        try arguments.finish()
        let name = isRate ? "rate" : "profile"
        try core.journal.set("\(name).\(stream)", value)
        core.events.stream(stream, "\(name): \(value ?? "as configured")")
    }

    /// The path of a file that the caller may read: opened for a moment.
    private func readable(_ text: String, _ peer: Peer) throws -> Path {
        guard let path = Path(text: text), path.isAbsolute else {
            throw VarlinkError.pathNotReadable(text, "not an absolute path")
        }
        do {
            _ = try FileSource(path, as: peer)
        } catch {
            let reason = error.code == EINVAL ? "not a regular file" : error.reason
            throw VarlinkError.pathNotReadable(text, reason)
        }
        return path
    }

    private func play(_ arguments: inout VarlinkArguments, _ peer: Peer) throws {
        let path = try arguments.string("path")
        let stream = try arguments.string("stream")
        let loops = try arguments.optionalBool("loop") ?? false
        let now = try arguments.optionalBool("now") ?? false
        try arguments.finish()
        try check(stream: stream)
        guard let player = daemon.streams.player(stream) else { throw VarlinkError.notLive(stream) }
        let file = try readable(path, peer)
        guard player.play(LivePlayer.Play(path: file, peer: peer, loops: loops, isUrgent: now)) else {
            throw VarlinkError.queueFull(LivePlayer.playCapacity)
        }
    }

    private func submit(_ arguments: inout VarlinkArguments, _ peer: Peer) throws -> Int {
        let path = try arguments.string("path")
        let stream = try arguments.optionalString("stream")
        let output = try arguments.optionalString("output")
        var encoder = try arguments.optionalString("encoder")
        let options = try arguments.optionalObject("options").map { try SubmitOptions($0) }
        try arguments.finish()
        guard (stream == nil) != (output == nil) else {
            throw VarlinkError.parameter(stream == nil ? "stream" : "output")
        }
        let file = try readable(path, peer)
        let configuration = core.configuration
        let outputs: @Sendable (Int) -> Path?
        var outputRoot: Path?
        if let stream {
            guard let configured = configuration.stream(stream) else { throw VarlinkError.noSuchStream(stream) }
            encoder = nil
            if case .files(let sink) = configured.sink {
                outputs = JobPlanner.outputs(file.name, sink, configuration)
                outputRoot = JobPlanner.outputRoot(sink, configured)
            } else {
                outputs = { _ in nil }
            }
        } else if let output {
            guard let path = Path(text: output) else { throw VarlinkError.parameter("output") }
            let check = OutputCheck(configuration)
            encoder = try check.encoder(path, asked: encoder)
            let place = try check.place(path)
            outputs = { $0 == 1 ? place.output : nil }
            outputRoot = place.root
        } else {
            throw VarlinkError.parameter("stream")
        }
        let candidate = Journal.Candidate(
            source: file, relative: nil, fingerprint: nil,
            request: JobRequest(peer: peer, options: options, encoder: encoder), outputRoot: outputRoot,
            outputs: outputs)
        let queued = try core.journal.enqueue(
            [candidate], stream: stream ?? JobPlanner.submitted, limit: configuration.jobs.queueLimit,
            ignoringNames: false)
        guard let job = queued.jobs.first else { throw VarlinkError.queueFull(configuration.jobs.queueLimit) }
        if let output, job.output == nil {
            _ = try core.journal.cancelQueued(job.id, error: "the output exists")
            throw VarlinkError.outputNotAllowed(output, "there is a file of that name already")
        }
        core.events.job(job.info)
        scheduler.poke()
        return job.id
    }
}
