import Filesystem
import FoundationEssentials
import GRDB
import Threads

/// How files become jobs.
extension Journal {
    /// A file that shall become a job.
    struct Candidate: Sendable {
        let source: Path
        let relative: Path?
        let fingerprint: Fingerprint?
        var request: JobRequest?
        /// A folder of the configuration that holds all outputs.
        var outputRoot: Path?
        /// Possible outputs, best first; none for live sinks. The job gets the first one that belongs to nobody else.
        let outputs: @Sendable (_ number: Int) -> Path?
    }

    /// Queues files. One that waits already is only brought up to date; one that was queued in this very version (`seen`)
    /// is left out.
    /// - Parameter ignoringNames: whether a file that was only renamed since counts as the same version.
    /// - Returns: the new jobs, and whether the limit kept some out.
    func enqueue(
        _ candidates: [Candidate], stream: String, limit: Int, ignoringNames: Bool
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        // Outside of the transaction: a file system that hangs holds up its own stream, not the journal.
        var outputs: [Path: Occupant] = [:]
        for output in candidates.compactMap({ $0.outputs(1) }) { outputs[output] = Occupant(output) }
        while true {
            do {
                return try enqueue(candidates, stream, limit, ignoringNames, outputs)
            } catch let unknown as UnknownOutput {
                outputs[unknown.path] = Occupant(unknown.path)
            }
        }
    }

    /// - Parameter outputs: the entries that have the names of outputs.
    /// - Throws: `UnknownOutput`, with nothing changed.
    private func enqueue(
        _ candidates: [Candidate], _ stream: String, _ limit: Int, _ ignoringNames: Bool, _ outputs: [Path: Occupant]
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        try write { db in
            var jobs: [JobRecord] = []
            var room = limit - (try Int.fetchOne(db, sql: "SELECT count(*) FROM job WHERE state = 'queued'") ?? 0)
            for candidate in candidates where try !isKnown(candidate, stream, ignoringNames, db) {
                guard room > 0 else { return (jobs, true) }
                room -= 1
                jobs.append(try insert(candidate, stream, outputs, db))
            }
            return (jobs, false)
        }
    }

    /// Whether a file was queued in this version before, or waits; a job that waits takes the new version.
    private func isKnown(
        _ candidate: Candidate, _ stream: String, _ ignoringNames: Bool, _ db: Database
    ) throws -> Bool {
        guard let fingerprint = candidate.fingerprint, candidate.request == nil else { return false }
        if try isSeen(candidate.source, fingerprint, stream, ignoringNames, db) { return true }
        let waiting = try Int.fetchOne(
            db, sql: "SELECT id FROM job WHERE stream = ? AND source = ? AND state = 'queued' LIMIT 1",
            arguments: [stream, candidate.source])
        guard let waiting else { return false }
        try db.execute(
            sql: "UPDATE job SET fingerprint = ? WHERE id = ?", arguments: [fingerprint.text, waiting])
        try remember(candidate.source, fingerprint, stream, db)
        return true
    }

    private func insert(
        _ candidate: Candidate, _ stream: String, _ outputs: [Path: Occupant], _ db: Database
    ) throws -> JobRecord {
        let claim = try claimOutput(for: candidate, stream, outputs, db)
        let request = try candidate.request.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try db.execute(
            sql: """
                INSERT INTO job
                    (stream, state, source, relative, output, outputRoot, mayBeMade, fingerprint, request, created)
                VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                stream, candidate.source, candidate.relative, claim?.output, candidate.outputRoot,
                claim?.mayBeMade ?? false, candidate.fingerprint?.text, request, Clock.wall,
            ])
        let id = Int(db.lastInsertedRowID)
        if let fingerprint = candidate.fingerprint, candidate.request == nil {
            try remember(candidate.source, fingerprint, stream, db)
        }
        guard let job = try Self.job(id, db) else { preconditionFailure("a row that was just written") }
        return job
    }
}
