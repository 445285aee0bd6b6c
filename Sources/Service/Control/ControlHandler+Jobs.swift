import Configuration
import Control
import Filesystem
import Threads

/// The calls about jobs.
extension ControlHandler {
    func jobs(_ arguments: inout VarlinkArguments) throws -> JobsReply {
        let stream = try arguments.optionalString("stream")
        let state = try arguments.parsed("state") { JobInfo.State(rawValue: $0) }
        let limit = try arguments.optionalInteger("limit") ?? 100
        let before = try arguments.optionalInteger("before")
        guard (1...500).contains(limit) else { throw VarlinkError.parameter("limit") }
        try arguments.finish()
        if let stream { try check(stream: stream) }
        let jobs = try ledger.journal.jobs(stream: stream, state: state, limit: limit, before: before)
        return JobsReply(jobs: jobs.map { ledger.info($0) })
    }

    /// The job of the only parameter.
    func job(_ arguments: inout VarlinkArguments) throws -> JobRecord {
        let number = try arguments.integer("job")
        try arguments.finish()
        guard let job = try ledger.journal.job(number) else { throw VarlinkError.noSuchJob(number) }
        return job
    }

    func cancel(_ job: JobRecord) throws {
        if try ledger.journal.cancelQueued(job.id, error: "cancelled") {
            job.removePartials()
            return ledger.announce(job.id)
        }
        // A job that is ending has its outcome already.
        guard job.state == .queued || job.state == .running, let handle = ledger.running.handle(of: job.id) else {
            throw VarlinkError.invalidState(job.id, job.state.info)
        }
        handle.end(.cancelled)
    }

    func retry(_ job: JobRecord) throws {
        guard job.canBeRepeated else { throw VarlinkError.invalidState(job.id, job.state.info) }
        // The original comes back before a worker looks for it.
        guard try ledger.journal.restart(job.id, notBefore: Clock.wall + 0.5) else {
            throw VarlinkError.invalidState(job.id, job.state.info)
        }
        if case .move(let failed, let within, _)? = job.outcome?.original { bringBack(job, failed, within) }
        ledger.announce(job.id)
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
            if let version = try file.fingerprint() { try ledger.journal.adopt(version, for: job) }
        } catch {
            Log.warning("cannot bring back \(failed): \(error)", stream: job.stream, job: job.id)
        }
    }
}
