import Configuration
import Control
import Pipeline
import Threads

/// What all parts of the daemon share. Any thread.
final class Core: Sendable {
    let journal: Journal
    let events = EventHub()
    let models: ModelCache
    /// Shares out the loops of all networks.
    let pool = WorkerPool()
    let gate = LivePriority()
    /// Of GIFs that were played and may be again.
    let pictures: PictureCache
    /// Raised when the daemon ends: sources stop, nothing new begins.
    let draining = StopSignal()
    /// Raised when it has ended: whoever still waits gives up.
    let ended = StopSignal()

    private struct State {
        var configuration: DaemonConfiguration
        var meters: [String: StreamMeter] = [:]
        var running: [Int: RunningJob] = [:]
        /// What is shown on live sinks, by stream.
        var shown: [String: RunHandle] = [:]
        /// Threads that wait until the journal can be written.
        var waitingForDisk = 0
    }

    /// A job that is being worked on.
    struct RunningJob: Sendable {
        var record: JobRecord
        let control: RunHandle
    }

    private let state: Monitor<State>

    init(configuration: DaemonConfiguration, journal: Journal, models: ModelCache) {
        self.journal = journal
        self.models = models
        pictures = PictureCache(capacity: configuration.limits.replayMemory << 20)
        state = Monitor(State(configuration: configuration))
    }

    var configuration: DaemonConfiguration {
        get { state.withLock { $0.configuration } }
        set { state.withLock { $0.configuration = newValue } }
    }

    /// What a job's record says that stood still.
    var stallMessage: String { "nothing happened for \(Int(configuration.jobs.stallLimit)) s" }

    /// Of a stream, configured or not; kept for the daemon's life.
    func meter(_ stream: String) -> StreamMeter {
        state.withLock { state in
            if let meter = state.meters[stream] { return meter }
            let meter = StreamMeter(stream: stream)
            state.meters[stream] = meter
            return meter
        }
    }

    // MARK: Running jobs

    func began(_ record: JobRecord, _ control: RunHandle) {
        state.withLock { $0.running[record.id] = RunningJob(record: record, control: control) }
    }

    func ended(_ id: Int) {
        state.withLock { $0.running[id] = nil }
    }

    var running: [RunningJob] { state.withLock { Array($0.running.values) } }

    /// Something is shown on the live sink of a stream; nil: no more.
    func shows(_ stream: String, _ control: RunHandle?) {
        state.withLock { $0.shown[stream] = control }
    }

    /// Everything that is being restored: jobs, and what is shown without being one.
    var runs: [(stream: String, job: Int?, control: RunHandle)] {
        state.withLock { state in
            let jobs = state.running.values.map {
                (stream: $0.record.stream, job: Int?($0.record.id), control: $0.control)
            }
            let shown = state.shown.filter { show in !jobs.contains { $0.control === show.value } }
            return jobs + shown.map { (stream: $0.key, job: nil, control: $0.value) }
        }
    }

    func running(_ id: Int) -> RunningJob? {
        state.withLock { $0.running[id] }
    }

    /// Whether a thread waits until the journal can be written.
    var isWaitingForDisk: Bool { state.withLock { $0.waitingForDisk > 0 } }

    /// A job as others see it, with the progress of a running one.
    func info(_ record: JobRecord) -> JobInfo {
        var info = record.info
        if let control = running(record.id)?.control, info.state == .running {
            info.progress = control.share
            info.pictures = control.pictures
        }
        return info
    }

    /// Tells followers where a job is by now.
    func publish(_ id: Int) {
        guard let record = try? journal.job(id) else { return }
        events.job(info(record))
    }

    /// Writes to the journal, however long that takes: the disk may be full for a while.
    /// - Returns: nil when the daemon ended before; the journal then still says what it said, and the next start goes on
    ///   from there.
    func persist<T>(_ what: String, _ body: () throws -> T) -> T? {
        var delay = 0.1
        while true {
            do {
                return try body()
            } catch {
                Log.error("cannot write to the journal (\(what)): \(error); trying again in \(delay) s")
            }
            state.withLock { $0.waitingForDisk += 1 }
            let isOver = ended.wait(seconds: delay)
            state.withLock { state in
                state.waitingForDisk -= 1
                for job in state.running.values { job.control.tick() }
            }
            if isOver { return nil }
            delay = min(delay * 2, 10)
        }
    }
}
