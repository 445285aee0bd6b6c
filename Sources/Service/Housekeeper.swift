import Configuration
import Control
import Threads

/// Looks after the rest once a second, on a thread of its own: retries that are due, jobs that stand still, the watchdog,
/// the status line, old history.
final class Housekeeper: Sendable {
    /// Seconds that a job which stands still gets to end in, before the watchdog is told nothing more.
    static let grace = 30.0

    private let daemon: Daemon
    private let stop = StopSignal()
    private let thread = Monitor<NamedThread?>(nil)

    init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    func start() {
        thread.withLock { $0 = NamedThread("housekeeper") { [self] in work() } }
    }

    func end() {
        stop.raise()
        thread.withLock { $0 }?.join()
    }

    private func work() {
        let interval = ServiceManager.watchdogInterval
        var nextWatchdog = 0.0
        var nextStatus = 0.0
        var nextPruning = Clock.steady + 600
        while !stop.wait(seconds: min(1, interval ?? 1)) {
            let now = Clock.steady
            daemon.scheduler.poke()
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
                nextPruning = now + 600
                do {
                    try daemon.core.journal.prune(history: daemon.core.configuration.jobs.history)
                } catch {
                    Log.error("cannot forget old jobs: \(error)")
                }
            }
        }
    }

    /// Ends jobs that stand still.
    /// - Returns: whether one does so even then: a thread is stuck, and nothing but a new start helps.
    private func lookForStalledJobs() -> Bool {
        let limit = daemon.core.configuration.jobs.stallLimit
        var isStuck = false
        for job in daemon.core.running {
            let stalled = job.control.stalled
            if stalled > limit { job.control.end(.stalled) }
            if stalled > limit + Self.grace {
                isStuck = true
                Log.error("stands still for \(Int(stalled)) s", stream: job.record.stream, job: job.record.id)
            }
        }
        return isStuck
    }

    private func sayStatus() {
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
