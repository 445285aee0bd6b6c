import FoundationEssentials
import GRDB
import Threads

/// A job's steps from its beginning to its end.
extension Journal {
    /// Writes down which version of the file a running job works on.
    func adopt(_ fingerprint: Fingerprint, for job: JobRecord) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE job SET fingerprint = ? WHERE id = ?", arguments: [fingerprint.text, job.id])
            if job.relative != nil { try remember(job.source, fingerprint, job.stream, db) }
        }
    }

    /// Records a job's outcome: from here on the job only goes forward.
    /// - Returns: the job with it.
    func record(
        _ outcome: Outcome, of id: Int, frames: Int, pictures: Int, error: String?
    ) throws -> JobRecord {
        let text = String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self)
        return try write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'settling', settlement = ?, frames = ?, pictures = ?, error = ? WHERE id = ?
                    """,
                arguments: [text, frames, pictures, error, id])
            guard let job = try Self.job(id, db) else { preconditionFailure("a job that runs is in the journal") }
            return job
        }
    }

    /// Ends a job. `seenNow` is the original as it lies there now.
    func finish(_ id: Int, _ state: JobRecord.State, error: String? = nil, seenNow: Fingerprint? = nil) throws {
        try write { db in
            try db.execute(
                sql:
                    "UPDATE job SET state = ?, finished = ?, error = coalesce(?, error) WHERE id = ?",
                arguments: [state.rawValue, Clock.wall, error, id])
            guard let job = try Self.job(id, db), job.relative != nil, let seenNow else { return }
            try remember(job.source, seenNow, job.stream, db)
        }
    }

    /// Queues a running job again.
    /// - Parameters:
    ///   - notBefore: seconds since 1970.
    ///   - countsAttempt: whether the attempt counts as one of those it has.
    func requeue(_ id: Int, notBefore: Double, error: String?, countsAttempt: Bool) throws {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', notBefore = ?, error = ?, settlement = NULL,
                        failures = failures + ? WHERE id = ?
                    """,
                arguments: [notBefore, error, countsAttempt ? 1 : 0, id])
        }
    }

    /// An interrupted attempt: the job waits again.
    /// - Parameter crashed: whether the daemon crashed, rather than being killed from outside.
    func interrupt(_ id: Int, notBefore: Double, crashed: Bool) throws {
        try write {
            try $0.execute(
                sql: """
                    UPDATE job SET state = 'queued', notBefore = ?, interruptions = interruptions + 1,
                        crashes = crashes + ?, settlement = NULL
                    WHERE id = ?
                    """, arguments: [notBefore, crashed ? 1 : 0, id])
        }
    }

    /// Counts a failed job as one more like an earlier one, and forgets it.
    func join(_ id: Int, into earlier: Int, error: String) throws {
        try write { db in
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id])
            try db.execute(
                sql: "UPDATE job SET error = ?, finished = ? WHERE id = ?", arguments: [error, Clock.wall, earlier])
        }
    }

    /// Queues a finished job again, from its first attempt on.
    /// - Returns: false when it is in no state for that.
    func restart(_ id: Int, notBefore: Double) throws -> Bool {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', notBefore = ?, failures = 0, interruptions = 0, crashes = 0,
                        mayBeMade = 0, isAskedFor = 1, finished = NULL,
                        error = NULL, settlement = NULL
                    WHERE id = ? AND state IN ('failed', 'cancelled')
                    """, arguments: [notBefore, id])
            return db.changesCount > 0
        }
    }

    /// Cancels a job that waits.
    /// - Returns: false when it does not wait.
    func cancelQueued(_ id: Int, error: String) throws -> Bool {
        try write { db in
            try db.execute(
                sql: "UPDATE job SET state = 'cancelled', finished = ?, error = ? WHERE id = ? AND state = 'queued'",
                arguments: [Clock.wall, error, id])
            return db.changesCount > 0
        }
    }
}
