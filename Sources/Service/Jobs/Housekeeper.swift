import Configuration
import Control
import Threads

/// Looks after the rest once a second, on a thread of its own: retries that are due, jobs that stand still, the watchdog,
/// the status line, old history.
final class Housekeeper: Sendable {
    /// Seconds that a job which stands still gets to end in, before the watchdog is told nothing more.
    static let grace = 30.0
    /// Seconds between two prunings of the journal.
    static let pruningInterval = 600.0

    private let daemon: Daemon
    private let stop = StopSignal()
    private let thread = Monitor<NamedThread?>(nil)
    private let journalWasInPlace = Monitor(true)

    init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        try thread.withLock { $0 = try NamedThread("housekeeper") { [self] in work() } }
    }

    func end() {
        stop.raise()
        thread.withLock { $0 }?.join()
    }

    private func work() {
        let interval = ServiceManager.watchdogInterval
        var nextWatchdog = 0.0
        var nextStatus = 0.0
        var nextPruning = Clock.steady + Self.pruningInterval
        var pruning: NamedThread?
        while !stop.wait(seconds: min(1, interval ?? 1)) {
            let now = Clock.steady
            daemon.scheduler.poke()
            lookAfterThreads()
            lookAfterJournal()
            let isStuck = lookForStalledJobs()
            if let interval, now >= nextWatchdog, !isStuck {
                nextWatchdog = now + interval / 2
                ServiceManager.watchdog()
            }
            if now >= nextStatus, !daemon.core.draining.isRaised {
                nextStatus = now + 5
                sayStatus()
            }
            if now >= nextPruning {
                nextPruning = now + Self.pruningInterval
                // The one before has ended long ago, or its disk stands still.
                pruning?.join()
                pruning = try? NamedThread("pruning") { [core = daemon.core] in Self.prune(core) }
            }
        }
        pruning?.join()
    }

    /// Looks at many files, which may take long: not on the thread that feeds the watchdog.
    private static func prune(_ core: Core) {
        do {
            try core.journal.prune(history: core.configuration.jobs.history)
        } catch {
            Log.error("cannot forget old jobs: \(error)")
        }
    }

    /// Starts what found no thread before.
    private func lookAfterThreads() {
        guard !daemon.core.draining.isRaised else { return }
        daemon.workers.startMissing()
        daemon.streams.startMissing()
    }

    /// Says once that the journal has gone.
    private func lookAfterJournal() {
        let isInPlace = daemon.core.journal.isInPlace
        let isNew = journalWasInPlace.withLock { wasInPlace in
            defer { wasInPlace = isInPlace }
            return wasInPlace && !isInPlace
        }
        if isNew { Log.error("\(daemon.core.journal.missing)") }
    }

    /// Ends what stands still.
    /// - Returns: whether one does so even then: a thread is stuck, and nothing but a new start helps.
    private func lookForStalledJobs() -> Bool {
        // What waits for a full disk is not stuck.
        if daemon.core.isWaitingForDisk { return false }
        let limit = daemon.core.configuration.jobs.stallLimit
        var isStuck = false
        for run in daemon.core.runs {
            let stalled = run.control.stalled
            if stalled > limit { run.control.end(.stalled) }
            if stalled > limit + Self.grace {
                isStuck = true
                Log.error("stands still for \(Int(stalled)) s", stream: run.stream, job: run.job)
            }
        }
        return isStuck
    }

    private func sayStatus() {
        guard daemon.core.journal.isInPlace else { return ServiceManager.status("\(daemon.core.journal.missing)") }
        guard let counts = try? daemon.core.journal.counts() else {
            return ServiceManager.status("the journal cannot be read")
        }
        let queued = counts.values.reduce(0) { $0 + ($1[.queued] ?? 0) }
        let speeds = daemon.core.configuration.streams.map { daemon.core.meter($0.name).statistics }
        let busy = speeds.reduce(0) { $0 + $1.busySeconds }
        let speed = busy > 0 ? speeds.reduce(0) { $0 + $1.videoSeconds } / busy : 0
        let done = speeds.reduce(0) { $0 + $1.done }
        let failed = speeds.reduce(0) { $0 + $1.failed }
        let tenths = Int((speed * 10).rounded())
        ServiceManager.status(
            "\(daemon.state): \(daemon.core.running.count) running, \(queued) waiting, \(done) done, \(failed) failed, "
                + "\(tenths / 10).\(tenths % 10) times real time, \(Memory.now.resident >> 20) MiB")
    }
}
