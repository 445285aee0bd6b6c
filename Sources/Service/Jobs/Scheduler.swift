import Configuration
import Filesystem
import Threads

/// Decides which job is next: streams in turn, within a stream the oldest first, none twice, none of a paused stream. Its lock is
/// never held while the journal is read or written.
///
/// The jobs themselves wait in the journal; nothing here grows with their number. Any thread.
final class Scheduler: Sendable {
    private struct State {
        /// Goes up whenever a job may have become ready.
        var generation = 0
        /// Whether a thread is taking a job from the journal. One at a time, so that no two take jobs of the same file.
        var isTaking = false
        /// The number of the serving at which each stream was served last.
        var served: [String: Int] = [:]
        var servings = 0
        var isPaused = false
        var pausedStreams: Set<String> = []
        /// Sources that a job is working on.
        var busy: [Int: Path] = [:]
        /// Jobs that make files and run, and those of them during which the daemon crashed before.
        var files: Set<Int> = []
        var suspects: Set<Int> = []
        /// Jobs that make files and may run at a time: fewer than there are workers while the system has run out of something.
        var mostFiles = Int.max
        /// Jobs that have ended since the system ran out.
        var sinceExhaustion = 0

        /// The jobs that may be taken now; nil: none.
        func turn(_ streams: [String], isFile: Bool) -> (streams: [String], busy: Set<Path>, allowsSuspects: Bool)? {
            guard !isPaused, !isFile || (suspects.isEmpty && files.count < mostFiles) else { return nil }
            let open = streams.filter { !pausedStreams.contains($0) }
            guard !open.isEmpty else { return nil }
            return (
                open.sorted { served[$0, default: 0] < served[$1, default: 0] }, Set(busy.values),
                allowsSuspects: !isFile || files.isEmpty
            )
        }

        mutating func took(_ job: JobRecord, isFile: Bool) {
            servings += 1
            served[job.stream] = servings
            busy[job.id] = job.source
            guard isFile else { return }
            files.insert(job.id)
            if job.crashes > 0 { suspects.insert(job.id) }
        }
    }

    private let journal: Journal
    private let configuration: CurrentConfiguration
    private let draining = StopSignal()
    private let state = Monitor(State())

    init(_ journal: Journal, _ configuration: CurrentConfiguration) {
        self.journal = journal
        self.configuration = configuration
    }

    /// Whether the daemon is about to end: sources stop, nothing new begins.
    var isDraining: Bool { draining.isRaised }

    /// Lets nothing new begin.
    func drain() {
        draining.raise()
        poke()
    }

    /// A job may have become ready: something was queued, resumed or configured, or time has passed.
    func poke() {
        state.update { $0.generation += 1 }
    }

    // MARK: Pausing

    /// - Parameter stream: nil: all.
    func pause(_ stream: String?, _ isPaused: Bool) throws {
        try journal.set("paused.\(stream ?? "")", isPaused ? "yes" : nil)
        if !isPaused && stream == nil {
            for name in state.withLock({ $0.pausedStreams }) { try journal.set("paused.\(name)", nil) }
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

    /// Reads from the journal which streams were paused before the daemon ended.
    func restorePauses(streams: [String]) throws {
        let all = try journal.setting("paused.") != nil
        let some = try streams.filter { try journal.setting("paused.\($0)") != nil }
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
        while !isDraining && isWanted() {
            let generation = state.withLock { $0.generation }
            if let job = begin(streamsOfFiles(), isFile: true) { return job }
            state.whenever({ $0.generation != generation || isDraining || !isWanted() }) { _ in }
        }
        return nil
    }

    /// Begins the next job of a stream, if one may run now.
    func next(of stream: String) -> JobRecord? {
        isDraining ? nil : begin([stream], isFile: false)
    }

    private func streamsOfFiles() -> [String] {
        let names = configuration.value.streams.filter { $0.enabled && !$0.sink.isLive }.map(\.name)
        return names + [JobPlanner.submitted]
    }

    /// A job during which the daemon crashed runs with no other one: if the daemon crashes again it was this job.
    private func begin(_ streams: [String], isFile: Bool) -> JobRecord? {
        let turn = state.whenever({ !$0.isTaking }) { state in
            let turn = state.turn(streams, isFile: isFile)
            state.isTaking = turn != nil
            return turn
        }
        guard let turn else { return nil }
        // A journal that cannot be written shows elsewhere, too; here it means that nothing can begin.
        let job = try? journal.begin(streams: turn.streams, busy: turn.busy, allowsSuspects: turn.allowsSuspects)
        state.update { state in
            state.isTaking = false
            if let job { state.took(job, isFile: isFile) }
        }
        return job
    }

    /// A job that makes a file found no descriptors, memory or threads: from now on one fewer of them runs at a time, until
    /// several have ended well.
    func ranOut() {
        state.withLock { state in
            state.mostFiles = max(1, min(state.mostFiles, state.files.count) - 1)
            // The end of this job does not count: it brings the number to 0.
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
