import Filesystem
import GRDB

/// Settings that outlive the daemon: pauses, and rates and profiles of streams.
extension Journal {
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

    /// Forgets the oldest finished jobs beyond `history`, and claims on outputs that are gone.
    func prune(history: Int) throws {
        let claims = try read { db in
            try Row.fetchAll(db, sql: "SELECT output FROM claim").map { try $0.value("output") as Path }
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
}
