import Control
import FoundationEssentials
import GRDB
import Threads

extension Journal {
    static func job(_ id: Int, _ db: Database) throws -> JobRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map { try job($0) }
    }

    static func job(_ row: Row) throws -> JobRecord {
        func decoded<T: Decodable>(_ text: String?, _ type: T.Type) -> T? {
            text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
        }
        let state: String = try row.value("state")
        let fingerprint: String? = try row.value("fingerprint")
        return try JobRecord(
            id: row.value("id"), stream: row.value("stream"), state: JobRecord.State(rawValue: state) ?? .failed,
            source: row.value("source"), relative: row.value("relative"), output: row.value("output"),
            outputRoot: row.value("outputRoot"),
            mayBeMade: row.value("mayBeMade"), isAskedFor: row.value("isAskedFor"), attempts: row.value("attempts"),
            failures: row.value("failures"),
            interruptions: row.value("interruptions"), crashes: row.value("crashes"), notBefore: row.value("notBefore"),
            fingerprint: fingerprint.flatMap { Fingerprint($0) },
            request: decoded(row.value("request"), JobRequest.self),
            created: row.value("created"), started: row.value("started"), finished: row.value("finished"),
            frames: row.value("frames"),
            pictures: row.value("pictures"), error: row.value("error"),
            outcome: decoded(row.value("settlement"), Outcome.self))
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
        return try read { [arguments] in try Row.fetchAll($0, sql: query, arguments: arguments).map { try Self.job($0) }
        }
    }

    /// Jobs that a crash interrupted: running or ending.
    func unfinished() throws -> [JobRecord] {
        try read {
            try Row.fetchAll($0, sql: "SELECT * FROM job WHERE state IN ('running', 'settling') ORDER BY id")
                .map { try Self.job($0) }
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
                let (stream, state, number): (String, String, Int) = try (
                    row.value("stream"), row.value("state"), row.value("n")
                )
                guard let state = JobRecord.State(rawValue: state)?.info else { continue }
                counts[stream, default: [:]][state, default: 0] += number
            }
            return counts
        }
    }
}

extension Row {
    /// The value of a column; GRDB's subscripts end the process where a damaged journal has a value of another type.
    /// - Throws: `RowDecodingError`.
    func value<T: DatabaseValueConvertible>(_ column: String) throws -> T {
        try decode(T.self, forColumn: column)
    }
}
