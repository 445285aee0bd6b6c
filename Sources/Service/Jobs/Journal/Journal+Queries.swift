import Control
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
            outcome: decoded(row["settlement"], Outcome.self))
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

    /// Jobs that a crash interrupted: running or ending.
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
}
