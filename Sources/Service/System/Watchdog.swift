import Configuration
import Threads

/// Ends runs that stand still, and tells systemd that the daemon gets on with its work. It waits neither for a disk nor for a
/// thread that may wait for one.
final class Watchdog: Sendable {
    /// Seconds that a run which stands still gets to end in, before systemd is told nothing more.
    static let grace = 30.0

    private let ledger: JobLedger
    private let configuration: CurrentConfiguration
    private let task = Monitor<RepeatedTask?>(nil)

    init(_ ledger: JobLedger, _ configuration: CurrentConfiguration) {
        self.ledger = ledger
        self.configuration = configuration
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        let interval = ServiceManager.watchdogInterval
        let started = try RepeatedTask("watchdog", every: min(1, interval ?? 1)) { [self] in
            let isStuck = endStalledRuns()
            if interval != nil, !isStuck { ServiceManager.watchdog() }
        }
        task.withLock { $0 = started }
    }

    func end() {
        task.withLock { $0 }?.end()
    }

    /// - Returns: whether a run stands still though it was ended: a thread is stuck, and only a new start helps.
    private func endStalledRuns() -> Bool {
        // A job that waits for a full disk is not stuck.
        if ledger.isWaitingForDisk { return false }
        let limit = configuration.value.jobs.stallLimit
        var isStuck = false
        for run in ledger.running.all {
            let stalled = run.handle.stalled
            if stalled > limit { run.handle.end(.stalled) }
            if stalled > limit + Self.grace {
                isStuck = true
                Log.error("stands still for \(Int(stalled)) s", stream: run.stream, job: run.job)
            }
        }
        return isStuck
    }
}
