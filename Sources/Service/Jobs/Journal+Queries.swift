import Control
import Filesystem
import FoundationEssentials
import GRDB
import Threads

extension Journal {
    static func job(_ id: Int, _ db: Database) throws -> JobRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map { job($0) }
    }

    static func job(_ row: Row) -> JobRecord {
        func decoded<T: Decodable>(_ text: String?, _ type: T.Type) -> T? {
            text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
        }
        let state: String = row["state"]
        let fingerprint: String? = row["fingerprint"]
        return JobRecord(
            id: row["id"], stream: row["stream"], state: JobRecord.State(rawValue: state) ?? .failed,
            source: row["source"], relative: row["relative"], output: row["output"], outputRoot: row["outputRoot"],
            mayBeMade: row["mayBeMade"], isAskedFor: row["isAskedFor"], attempts: row["attempts"],
            failures: row["failures"],
            interruptions: row["interruptions"], crashes: row["crashes"], notBefore: row["notBefore"],
            fingerprint: fingerprint.flatMap { Fingerprint($0) }, request: decoded(row["request"], JobRequest.self),
            created: row["created"], started: row["started"], finished: row["finished"], frames: row["frames"],
            pictures: row["pictures"], error: row["error"],
            settlement: decoded(row["settlement"], Settlement.self))
    }

    func job(_ id: Int) throws -> JobRecord? {
        try read { try Self.job(id, $0) }
    }

    /// Newest first.
    func jobs(stream: String?, state: JobInfo.State?, limit: Int, before: Int?) throws -> [JobRecord] {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        if let stream {
            conditions.append("stream = ?")
            arguments += [stream]
        }
        if let state {
            conditions.append(state == .running ? "state IN (?, 'settling')" : "state = ?")
            arguments += [state.rawValue]
        }
        if let before {
            conditions.append("id < ?")
            arguments += [before]
        }
        arguments += [limit]
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        let query = "SELECT * FROM job \(filter)ORDER BY id DESC LIMIT ?"
        return try read { [arguments] in try Row.fetchAll($0, sql: query, arguments: arguments).map { Self.job($0) } }
    }

    /// Jobs that a crash interrupted: running or settling.
    func unfinished() throws -> [JobRecord] {
        try read {
            try Row.fetchAll($0, sql: "SELECT * FROM job WHERE state IN ('running', 'settling') ORDER BY id")
                .map { Self.job($0) }
        }
    }

    /// Whether another job waits for the same file.
    func hasSuccessor(_ job: JobRecord) throws -> Bool {
        try read {
            try Bool.fetchOne(
                $0,
                sql:
                    "SELECT EXISTS (SELECT 1 FROM job WHERE stream = ? AND source = ? AND state = 'queued' AND id != ?)",
                arguments: [job.stream, job.source, job.id]) ?? false
        }
    }

    /// Numbers of jobs by stream and state, as everybody sees them.
    func counts() throws -> [String: [JobInfo.State: Int]] {
        try read { db in
            var counts: [String: [JobInfo.State: Int]] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT stream, state, count(*) AS n FROM job GROUP BY state, stream")
            while let row = try rows.next() {
                let (stream, state, number): (String, String, Int) = (row["stream"], row["state"], row["n"])
                guard let state = JobRecord.State(rawValue: state)?.info else { continue }
                counts[stream, default: [:]][state, default: 0] += number
            }
            return counts
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

    /// The file is not there any more: a job that waits for it is cancelled, and its next version is new.
    /// - Returns: the cancelled job.
    func forget(_ source: Path, stream: String) throws -> JobRecord? {
        try write { db in
            try db.execute(sql: "DELETE FROM seen WHERE stream = ? AND source = ?", arguments: [stream, source])
            // Dropped again, it is restored again.
            try db.execute(
                sql: "UPDATE claim SET content = NULL WHERE stream = ? AND source = ?", arguments: [stream, source])
            let row = try Row.fetchOne(
                db,
                sql: """
                    UPDATE job SET state = 'cancelled', finished = ?, error = 'the file has gone'
                    WHERE stream = ? AND source = ? AND state = 'queued' AND request IS NULL RETURNING *
                    """, arguments: [Clock.wall, stream, source])
            return row.map { Self.job($0) }
        }
    }

    /// All files of a stream that were queued and were there when last looked at.
    func seen(stream: String) throws -> [Path: Fingerprint] {
        try read { db in
            var seen: [Path: Fingerprint] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT source, fingerprint FROM seen WHERE stream = ?", arguments: [stream])
            while let row = try rows.next() {
                let source: Path = row["source"]
                if let fingerprint = Fingerprint(row["fingerprint"] as String) { seen[source] = fingerprint }
            }
            return seen
        }
    }

    /// Forgets the oldest finished jobs beyond `history`, and claims on outputs that are gone.
    func prune(history: Int) throws {
        let claims = try read { db in
            try Row.fetchAll(db, sql: "SELECT output FROM claim").map { $0["output"] as Path }
        }
        let gone = claims.filter { !OutputNames.exists($0) }
        try write { db in
            try db.execute(
                sql: """
                    DELETE FROM job WHERE state IN ('done', 'failed', 'cancelled') AND id NOT IN (
                        SELECT id FROM job WHERE state IN ('done', 'failed', 'cancelled') ORDER BY id DESC LIMIT ?)
                    """, arguments: [history])
            for output in gone {
                try db.execute(
                    sql: """
                        DELETE FROM claim WHERE output = ? AND NOT EXISTS (
                            SELECT 1 FROM job WHERE output = claim.output AND state IN ('queued', 'running', 'settling'))
                        """, arguments: [output])
            }
        }
    }

    // MARK: Settings that outlive the daemon

    func setting(_ name: String) throws -> String? {
        try read { try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name]) }
    }

    /// - Parameter value: nil removes it.
    func set(_ name: String, _ value: String?) throws {
        try write { db in
            if let value {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", arguments: [name, value])
            } else {
                try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name])
            }
        }
    }
}
