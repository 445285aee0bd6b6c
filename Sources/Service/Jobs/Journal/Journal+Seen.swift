import Filesystem
import GRDB
import Threads

/// The files of watched folders that were queued and are still there: a look through a folder need not queue them again.
extension Journal {
    /// All files of a stream that were queued and were there when last looked at.
    func seen(stream: String) throws -> [Path: Fingerprint] {
        try read { db in
            var seen: [Path: Fingerprint] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT source, fingerprint FROM seen WHERE stream = ?", arguments: [stream])
            while let row = try rows.next() {
                let source: Path = try row.value("source")
                if let fingerprint = Fingerprint(try row.value("fingerprint") as String) { seen[source] = fingerprint }
            }
            return seen
        }
    }

    func isSeen(
        _ source: Path, _ fingerprint: Fingerprint, _ stream: String, _ ignoringNames: Bool, _ db: Database
    ) throws -> Bool {
        let text = try String.fetchOne(
            db, sql: "SELECT fingerprint FROM seen WHERE stream = ? AND source = ?", arguments: [stream, source])
        guard let seen = text.flatMap({ Fingerprint($0) }) else { return false }
        return seen == fingerprint || (ignoringNames && seen.hasSameContent(as: fingerprint))
    }

    func remember(_ source: Path, _ fingerprint: Fingerprint, _ stream: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO seen (stream, source, fingerprint) VALUES (?, ?, ?)",
            arguments: [stream, source, fingerprint.text])
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
            return try row.map { try Self.job($0) }
        }
    }
}
