import Filesystem
import GRDB
import Threads

/// How jobs begin.
extension Journal {
    /// Seconds that a job during which the daemon crashed waits for the others to end before no other one begins.
    static let suspectPatience = 30.0

    /// Begins the next attempt of the first job that may run.
    /// - Parameters:
    ///   - streams: in the order of whose turn it is.
    ///   - busy: sources that a job is working on.
    ///   - allowsSuspects: whether a job during which the daemon crashed may run now. One that has waited for
    ///     `suspectPatience` holds up all others until it may.
    func begin(streams: [String], busy: Set<Path>, allowsSuspects: Bool = true) throws -> JobRecord? {
        let now = Clock.wall
        return try write { db in
            for stream in streams {
                let rows = try Row.fetchCursor(
                    db, sql: "SELECT * FROM job WHERE state = 'queued' AND stream = ? ORDER BY id", arguments: [stream])
                while let row = try rows.next() {
                    var job = try Self.job(row)
                    // A clock that was set back does not hold a job up for longer than it was to wait.
                    guard job.notBefore <= now || job.notBefore > now + 86400 else { continue }
                    guard !busy.contains(job.source) else { continue }
                    if job.crashes > 0, !allowsSuspects {
                        if job.notBefore + Self.suspectPatience < now { return nil }
                        continue
                    }
                    job.attempts += 1
                    job.state = .running
                    job.started = now
                    try db.execute(
                        sql: """
                            UPDATE job SET state = 'running', attempts = ?, started = ?, finished = NULL, error = NULL
                            WHERE id = ?
                            """,
                        arguments: [job.attempts, now, job.id])
                    return job
                }
            }
            return nil
        }
    }

    /// Enters the job of a GIF from a pipe: it is running from the start, and is not run again.
    func beginPiped(
        stream: String, source: Path, outputRoot: Path, output: @Sendable (_ id: Int) -> Path?
    ) throws -> JobRecord {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO job (stream, state, source, outputRoot, attempts, created, started)
                    VALUES (?, 'running', ?, ?, 1, ?, ?)
                    """,
                arguments: [stream, source, outputRoot, Clock.wall, Clock.wall])
            let id = Int(db.lastInsertedRowID)
            try db.execute(sql: "UPDATE job SET output = ? WHERE id = ?", arguments: [output(id), id])
            guard let job = try Self.job(id, db) else { preconditionFailure("a row that was just written") }
            return job
        }
    }
}
