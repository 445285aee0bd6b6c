import Configuration
import Control
import Filesystem
import Threads

/// Decides which job is next: streams in turn, within a stream the oldest first, none twice, none of a paused stream.
///
/// The jobs themselves wait in the journal; nothing here grows with their number. Any thread.
final class Scheduler: Sendable {
    private struct State {
        /// Goes up whenever a job may have become ready.
        var generation = 0
        /// When each stream was served last, as a count.
        var served: [String: Int] = [:]
        var servings = 0
        var isPaused = false
        var pausedStreams: Set<String> = []
        /// Sources that a job is working on.
        var busy: [Int: Path] = [:]
        /// Jobs that make files and run, and those of them during which the daemon crashed before.
        var files: Set<Int> = []
        var suspects: Set<Int> = []
        /// Such jobs that may run at a time: fewer than there are workers while the system has run out of something.
        var mostFiles = Int.max
        /// Jobs that ended since without running out.
        var sinceExhaustion = 0
        /// Called when a job may have become ready.
        var pokes: [String: @Sendable () -> Void] = [:]
    }

    private let core: Core
    private let state = Monitor(State())

    init(_ core: Core) {
        self.core = core
    }

    /// A job may have become ready: something was queued, resumed or configured, or time has passed.
    func poke() {
        let pokes = state.update { state in
            state.generation += 1
            return Array(state.pokes.values)
        }
        for poke in pokes { poke() }
    }

    /// Calls `body` at every `poke`; nil ends that.
    func onPoke(_ stream: String, _ body: (@Sendable () -> Void)?) {
        state.withLock { $0.pokes[stream] = body }
    }

    // MARK: Pausing

    /// - Parameter stream: nil: all.
    func pause(_ stream: String?, _ isPaused: Bool) throws {
        try core.journal.set("paused.\(stream ?? "")", isPaused ? "yes" : nil)
        if !isPaused && stream == nil {
            for name in state.withLock({ $0.pausedStreams }) { try core.journal.set("paused.\(name)", nil) }
        }
        state.withLock { state in
            if let stream {
                if isPaused { state.pausedStreams.insert(stream) } else { state.pausedStreams.remove(stream) }
            } else {
                state.isPaused = isPaused
                if !isPaused { state.pausedStreams = [] }
            }
        }
        poke()
    }

    /// Reads what was paused before the daemon ended.
    func restorePauses(streams: [String]) throws {
        let all = try core.journal.setting("paused.") != nil
        let some = try streams.filter { try core.journal.setting("paused.\($0)") != nil }
        state.withLock { state in
            state.isPaused = all
            state.pausedStreams.formUnion(some)
        }
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }

    func isPaused(_ stream: String) -> Bool {
        state.withLock { $0.isPaused || $0.pausedStreams.contains(stream) }
    }

    // MARK: Taking jobs

    /// Waits for a job that makes a file and begins it.
    /// - Parameter isWanted: looked at before each job; false makes it nil.
    /// - Returns: nil when the daemon ends.
    func next(while isWanted: () -> Bool) -> JobRecord? {
        while !core.draining.isRaised && isWanted() {
            let generation = state.withLock { $0.generation }
            if let job = begin(streamsOfFiles(), isFile: true) { return job }
            state.whenever({ $0.generation != generation || core.draining.isRaised || !isWanted() }) { _ in }
        }
        return nil
    }

    /// Begins the next job of a stream, if one may run now.
    func next(of stream: String) -> JobRecord? {
        core.draining.isRaised ? nil : begin([stream], isFile: false)
    }

    private func streamsOfFiles() -> [String] {
        let names = core.configuration.streams.filter { $0.enabled && !$0.sink.isLive }.map(\.name)
        return names + [JobPlanner.submitted]
    }

    /// A job during which the daemon crashed runs with no other one: if the daemon crashes again it was this job.
    private func begin(_ streams: [String], isFile: Bool) -> JobRecord? {
        // Under the lock, so that no two take the same.
        state.withLock { state in
            guard !state.isPaused, !isFile || (state.suspects.isEmpty && state.files.count < state.mostFiles) else {
                return nil
            }
            let open = streams.filter { !state.pausedStreams.contains($0) }
            let order = open.sorted { state.served[$0, default: 0] < state.served[$1, default: 0] }
            let busy = Set(state.busy.values)
            // A journal that cannot be written shows elsewhere, too; here it means that nothing can begin.
            guard !order.isEmpty,
                let job = try? core.journal.begin(
                    streams: order, busy: busy, allowsSuspects: !isFile || state.files.isEmpty)
            else { return nil }
            state.servings += 1
            state.served[job.stream] = state.servings
            state.busy[job.id] = job.source
            if isFile {
                state.files.insert(job.id)
                if job.crashes > 0 { state.suspects.insert(job.id) }
            }
            return job
        }
    }

    /// A job that makes a file found no descriptors, memory or threads: from now on one fewer of them runs at a time, until
    /// several have ended well.
    func ranOut() {
        state.withLock { state in
            state.mostFiles = max(1, min(state.mostFiles, state.files.count) - 1)
            // Less than nothing: the job itself ends, too.
            state.sinceExhaustion = -1
        }
    }

    /// The job's attempt is over.
    func ended(_ job: JobRecord) {
        state.withLock { state in
            state.busy[job.id] = nil
            state.files.remove(job.id)
            state.suspects.remove(job.id)
            guard state.mostFiles < Int.max else { return }
            state.sinceExhaustion += 1
            if state.sinceExhaustion > 4 * state.mostFiles {
                state.mostFiles = state.mostFiles < 64 ? state.mostFiles + 1 : Int.max
                state.sinceExhaustion = 0
            }
        }
        poke()
    }
}
