import CLinux
import Configuration
import Filesystem
import Glibc
import Threads

/// Making jobs of files.
extension FolderWatch {
    /// Files that are queued in one transaction.
    static let batch = 256

    /// Queues the pending files that have settled.
    mutating func queueComplete() {
        let time = Clock.steady
        var complete: [(Path, Fingerprint)] = []
        for (path, entry) in pending where time - entry.since >= source.settle {
            switch now(path) {
            case .gone: pending[path] = nil
            case .unknown: continue
            case .version(let version) where version == entry.version && !hasWriter(path):
                pending[path] = nil
                complete.append((path, version))
            case .version(let version): pending[path] = Pending(version: version, since: time)
            }
        }
        complete.sort { $0.0 < $1.0 }
        for start in stride(from: 0, to: complete.count, by: Self.batch) {
            queue(Array(complete[start..<min(start + Self.batch, complete.count)]), ignoringNames: true)
        }
    }

    private func hasWriter(_ path: Path) -> Bool {
        guard let descriptor = try? root?.open(path, O_RDONLY | O_NONBLOCK) else { return false }
        defer { Glibc.close(descriptor) }
        return clinux_has_writer(descriptor) == 1
    }

    mutating func queue(_ files: [(Path, Fingerprint)], ignoringNames: Bool) {
        let candidates = files.map { candidate($0.0, $0.1) }
        do {
            let queued = try watcher.context.ledger.journal.enqueue(
                candidates, stream: watcher.stream.name, limit: watcher.context.configuration.jobs.queueLimit,
                ignoringNames: ignoringNames)
            for job in queued.jobs { watcher.context.ledger.events.job(job.info) }
            // Another look finds the files for which there was no room.
            if queued.isFull { isBehind = true }
            if !queued.jobs.isEmpty { watcher.scheduler.poke() }
            watcher.say(nil)
        } catch {
            // Said once, however long the disk is full.
            watcher.say("cannot queue files: \(error)")
            isBehind = true
        }
    }

    mutating func forget(relative: Path) {
        pending[relative] = nil
        // Gone, and there again: the event that says so follows.
        guard case .gone = now(relative) else { return }
        forget(source.path.appending(relative))
    }

    func forget(_ path: Path) {
        guard let cancelled = try? watcher.context.ledger.journal.forget(path, stream: watcher.stream.name) else {
            return
        }
        watcher.context.ledger.events.job(cancelled.info)
    }

    private func candidate(_ relative: Path, _ version: Fingerprint) -> Journal.Candidate {
        var outputs: @Sendable (Int) -> Path? = { _ in nil }
        if let sink = filter.sink { outputs = watcher.context.planner.outputs(relative, sink) }
        return Journal.Candidate(
            source: source.path.appending(relative), relative: relative, fingerprint: version,
            outputRoot: filter.sink.map { JobPlanner.outputRoot($0, watcher.stream) }, outputs: outputs)
    }
}
