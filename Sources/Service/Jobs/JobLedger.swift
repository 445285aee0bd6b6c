import Control
import Threads

/// Keeps the state of jobs: the journal, the jobs that run, and the clients that follow them. Any thread.
final class JobLedger: Sendable {
    let journal: Journal
    let running = RunningJobs()
    let events = EventHub()
    /// Raised when the daemon has ended: threads that still wait give up.
    private let ended = StopSignal()
    /// Threads that wait until something can be written.
    private let waiting = Monitor(0)

    init(_ journal: Journal) {
        self.journal = journal
    }

    /// Whether a thread waits until something can be written.
    var isWaitingForDisk: Bool { waiting.withLock { $0 > 0 } }

    /// The daemon has ended: no thread waits for a disk any more.
    func close() {
        ended.raise()
    }

    // MARK: Followers

    /// A job as clients see it, with the progress of a running one.
    func info(_ record: JobRecord) -> JobInfo {
        var info = record.info
        if info.state == .running, let handle = running.handle(of: record.id) {
            info.progress = handle.share
            info.pictures = handle.pictures
        }
        return info
    }

    /// Tells followers where a job stands.
    func announce(_ id: Int) {
        guard let record = try? journal.job(id) else { return }
        events.job(info(record))
    }

    /// Tells followers how far a running job is.
    func announceProgress(_ job: JobRecord) {
        events.job(info(job), kind: .progress)
    }

    // MARK: Writing

    /// Writes to the journal, however long that takes: the disk may be full for a while.
    /// - Returns: nil when the daemon ended before; the journal then still says what it said, and the next start goes on
    ///   from there.
    func persist<T>(_ what: String, _ body: (Journal) throws -> T) -> T? {
        patiently("cannot write to the journal (\(what))", longest: 10) { try body(journal) }
    }

    /// Notes the version of its file that a job works on, where it is not the one that was queued.
    /// - Returns: false when the daemon ended before.
    func adopt(_ version: Fingerprint, for job: JobRecord) -> Bool {
        version == job.fingerprint || persist("noting a file's version") { try $0.adopt(version, for: job) } != nil
    }

    /// Does something again until it succeeds.
    /// - Parameters:
    ///   - failure: the message that the log gets.
    ///   - longest: seconds between two attempts.
    /// - Returns: nil when the daemon ended before.
    func patiently<T>(_ failure: String, longest: Double, _ body: () throws -> T) -> T? {
        var delay = 0.1
        while true {
            do {
                return try body()
            } catch {
                Log.error("\(failure): \(error); trying again in \(delay) s")
            }
            waiting.withLock { $0 += 1 }
            let isOver = ended.wait(seconds: delay)
            waiting.withLock { $0 -= 1 }
            for run in running.jobs { run.handle.tick() }
            if isOver { return nil }
            delay = min(delay * 2, longest)
        }
    }
}
