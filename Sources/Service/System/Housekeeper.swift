import Configuration
import Control
import Threads

/// Looks after the rest: retries that are due, threads that are missing, a journal that has gone, the status line, old history.
final class Housekeeper: Sendable {
    /// Seconds between two status lines, and between two prunings of the journal.
    static let statusInterval = 5.0
    static let pruningInterval = 600.0

    private let daemon: Daemon
    private let tasks = Monitor<[RepeatedTask]>([])
    private let journalWasInPlace = Monitor(true)

    init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        try start("housekeeper", every: 1) { [self] in
            daemon.scheduler.poke()
            startMissingThreads()
            lookAfterJournal()
        }
        try start("status", every: Self.statusInterval) { [self] in
            if !daemon.scheduler.isDraining { ServiceManager.status(status) }
        }
        // It looks at many files, which may take long.
        try start("pruning", every: Self.pruningInterval) { [daemon] in
            do {
                try daemon.context.ledger.journal.prune(history: daemon.configuration.value.jobs.history)
            } catch {
                Log.error("cannot forget old jobs: \(error)")
            }
        }
    }

    private func start(_ name: String, every interval: Double, _ body: @escaping @Sendable () -> Void) throws {
        let task = try RepeatedTask(name, every: interval, body)
        tasks.withLock { $0.append(task) }
    }

    func end() {
        for task in tasks.withLock({ $0 }) { task.end() }
    }

    /// Starts what found no thread before.
    private func startMissingThreads() {
        guard !daemon.scheduler.isDraining else { return }
        daemon.workers.startMissing()
        daemon.streams.startMissing()
    }

    /// Says once that the journal has gone.
    private func lookAfterJournal() {
        let journal = daemon.context.ledger.journal
        let isInPlace = journal.isInPlace
        let isNew = journalWasInPlace.withLock { wasInPlace in
            defer { wasInPlace = isInPlace }
            return wasInPlace && !isInPlace
        }
        if isNew { Log.error("\(journal.missing)") }
    }

    private var status: String {
        let (journal, configuration) = (daemon.context.ledger.journal, daemon.configuration.value)
        guard journal.isInPlace else { return "\(journal.missing)" }
        guard let counts = try? journal.counts() else { return "the journal cannot be read" }
        let queued = counts.values.reduce(0) { $0 + ($1[.queued] ?? 0) }
        let speeds = configuration.streams.map { daemon.context.meters[$0.name].statistics }
        let busy = speeds.reduce(0) { $0 + $1.busySeconds }
        let speed = busy > 0 ? speeds.reduce(0) { $0 + $1.videoSeconds } / busy : 0
        let done = speeds.reduce(0) { $0 + $1.done }
        let failed = speeds.reduce(0) { $0 + $1.failed }
        let tenths = Int((speed * 10).rounded())
        let running = daemon.context.ledger.running.jobs.count
        return "\(daemon.state): \(running) running, \(queued) waiting, \(done) done, \(failed) failed, "
            + "\(tenths / 10).\(tenths % 10) times real time, \(Memory.now.resident >> 20) MiB"
    }
}
