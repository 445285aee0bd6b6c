import FoundationEssentials
import GRDB
import Glibc
import Threads

/// Every job's state on disk, in SQLite (write-ahead log, synchronous FULL: what was written is there after a power
/// loss).
///
/// Any thread; calls are served one after the other. Every method is one transaction, and throws `DatabaseError` when
/// the disk is full or broken, with nothing changed.
final class Journal: Sendable {
    private let database: DatabaseQueue

    /// Opens or creates the journal. One that is damaged is put aside.
    /// - Throws: `DatabaseError`.
    init(folder: String) throws {
        let path = "\(folder)/journal.sqlite"
        do {
            database = try Self.open(path)
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            let aside = "\(path).damaged-\(Int(Clock.wall))"
            Log.error("the journal is damaged (\(error.message ?? "")); it is kept as \(aside), and a new one begins")
            guard rename(path, aside) == 0 else { throw error }
            for ending in ["-wal", "-shm"] { unlink(path + ending) }
            database = try Self.open(path)
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.label = "journal"
        configuration.journalMode = .wal
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        let verdict = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
        try migrator.migrate(database)
        return database
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        stream TEXT NOT NULL,
                        state TEXT NOT NULL,
                        source TEXT NOT NULL,
                        relative TEXT,
                        output TEXT,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        failures INTEGER NOT NULL DEFAULT 0,
                        interruptions INTEGER NOT NULL DEFAULT 0,
                        notBefore REAL NOT NULL DEFAULT 0,
                        fingerprint TEXT,
                        request TEXT,
                        created REAL NOT NULL,
                        started REAL,
                        finished REAL,
                        frames INTEGER,
                        pictures INTEGER,
                        error TEXT,
                        settlement TEXT
                    );
                    CREATE INDEX jobByState ON job (state, stream, id);
                    CREATE INDEX jobBySource ON job (stream, source, state);
                    -- Files of folders that are there and were queued: what a rescan need not queue again.
                    CREATE TABLE seen (
                        stream TEXT NOT NULL,
                        source TEXT NOT NULL,
                        fingerprint TEXT NOT NULL,
                        PRIMARY KEY (stream, source)
                    ) WITHOUT ROWID;
                    -- Whose output a file is, so that two GIFs of one stem do not overwrite each other.
                    CREATE TABLE claim (
                        output TEXT PRIMARY KEY,
                        stream TEXT NOT NULL,
                        source TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX claimBySource ON claim (stream, source);
                    CREATE TABLE setting (
                        name TEXT PRIMARY KEY,
                        value TEXT NOT NULL
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try database.read(body)
    }

    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try database.write(body)
    }

    // MARK: Jobs

    /// A file that shall become a job.
    struct Candidate: Sendable {
        let source: String
        let relative: String?
        let fingerprint: Fingerprint?
        var request: JobRequest?
        /// Possible outputs, best first; empty for live sinks. The first that is nobody else's is taken.
        let outputs: @Sendable (_ number: Int) -> String?
    }

    /// Queues files. One that waits already is only brought up to date; one that was queued in this very version (`seen`)
    /// is left out.
    /// - Parameter ignoringNames: whether a file that was only renamed since counts as the same version.
    /// - Returns: the new jobs, and whether the limit kept some out.
    func enqueue(
        _ candidates: [Candidate], stream: String, limit: Int, ignoringNames: Bool
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        // Looked at outside of transactions: a file system that hangs holds up its own stream, not the journal.
        var outputs: [String: Bool] = [:]
        for output in candidates.compactMap({ $0.outputs(1) }) { outputs[output] = Files.exists(output) }
        while true {
            do {
                return try enqueue(candidates, stream, limit, ignoringNames, outputs)
            } catch let unknown as UnknownOutput {
                outputs[unknown.path] = Files.exists(unknown.path)
            }
        }
    }

    /// An output of which is not known whether a file of its name exists.
    private struct UnknownOutput: Error {
        let path: String
    }

    /// - Parameter outputs: which files exist.
    /// - Throws: `UnknownOutput`, with nothing changed.
    private func enqueue(
        _ candidates: [Candidate], _ stream: String, _ limit: Int, _ ignoringNames: Bool, _ outputs: [String: Bool]
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        try database.write { db in
            var jobs: [JobRecord] = []
            var room = limit - (try Int.fetchOne(db, sql: "SELECT count(*) FROM job WHERE state = 'queued'") ?? 0)
            for candidate in candidates {
                if let fingerprint = candidate.fingerprint, candidate.request == nil {
                    if try isSeen(candidate.source, fingerprint, stream, ignoringNames, db) { continue }
                    let waiting = try Row.fetchOne(
                        db, sql: "SELECT * FROM job WHERE stream = ? AND source = ? AND state = 'queued' LIMIT 1",
                        arguments: [stream, candidate.source])
                    if let waiting {
                        try db.execute(
                            sql: "UPDATE job SET fingerprint = ? WHERE id = ?",
                            arguments: [fingerprint.text, waiting["id"] as Int])
                        try remember(candidate.source, fingerprint, stream, db)
                        continue
                    }
                }
                guard room > 0 else { return (jobs, true) }
                room -= 1
                jobs.append(try insert(candidate, stream, outputs, db))
            }
            return (jobs, false)
        }
    }

    private func isSeen(
        _ source: String, _ fingerprint: Fingerprint, _ stream: String, _ ignoringNames: Bool, _ db: Database
    ) throws -> Bool {
        let text = try String.fetchOne(
            db, sql: "SELECT fingerprint FROM seen WHERE stream = ? AND source = ?", arguments: [stream, source])
        guard let seen = text.flatMap({ Fingerprint($0) }) else { return false }
        return seen == fingerprint || (ignoringNames && seen.hasSameContent(as: fingerprint))
    }

    private func remember(_ source: String, _ fingerprint: Fingerprint, _ stream: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO seen (stream, source, fingerprint) VALUES (?, ?, ?)",
            arguments: [stream, source, fingerprint.text])
    }

    private func insert(
        _ candidate: Candidate, _ stream: String, _ outputs: [String: Bool], _ db: Database
    ) throws -> JobRecord {
        let output = try claimOutput(for: candidate, stream, outputs, db)
        let request = try candidate.request.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try db.execute(
            sql: """
                INSERT INTO job (stream, state, source, relative, output, fingerprint, request, created)
                VALUES (?, 'queued', ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                stream, candidate.source, candidate.relative, output, candidate.fingerprint?.text, request, Clock.wall,
            ])
        let id = Int(db.lastInsertedRowID)
        if let fingerprint = candidate.fingerprint, candidate.request == nil {
            try remember(candidate.source, fingerprint, stream, db)
        }
        guard let job = try Self.job(id, db) else { preconditionFailure("a row that was just written") }
        return job
    }

    /// The output that the source had before, else the first free one.
    private func claimOutput(
        for candidate: Candidate, _ stream: String, _ outputs: [String: Bool], _ db: Database
    ) throws -> String? {
        var number = 0
        while true {
            number += 1
            guard let output = candidate.outputs(number) else { return nil }
            let owner = try Row.fetchOne(
                db, sql: "SELECT stream, source FROM claim WHERE output = ?", arguments: [output])
            if let owner {
                if owner["stream"] == stream, owner["source"] == candidate.source { return output }
                continue
            }
            guard let exists = outputs[output] else { throw UnknownOutput(path: output) }
            if exists { continue }
            try db.execute(
                sql: "INSERT INTO claim (output, stream, source) VALUES (?, ?, ?)",
                arguments: [output, stream, candidate.source])
            return output
        }
    }

    /// Begins the next attempt of the first job that may run.
    /// - Parameters:
    ///   - streams: in the order of whose turn it is.
    ///   - busy: sources that a job is working on.
    func begin(streams: [String], busy: Set<String>) throws -> JobRecord? {
        let now = Clock.wall
        return try database.write { db in
            for stream in streams {
                let rows = try Row.fetchCursor(
                    db, sql: "SELECT * FROM job WHERE state = 'queued' AND stream = ? ORDER BY id", arguments: [stream])
                while let row = try rows.next() {
                    var job = Self.job(row)
                    // A clock that was set back does not hold a job up for longer than it was to wait.
                    guard job.notBefore <= now || job.notBefore > now + 86400 else { continue }
                    guard !busy.contains(job.source) else { continue }
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

    /// Enters a job that is running from the start and is not run again: what comes through a pipe.
    func beginPiped(stream: String, source: String, output: @Sendable (_ id: Int) -> String?) throws -> JobRecord {
        try database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO job (stream, state, source, attempts, created, started)
                    VALUES (?, 'running', ?, 1, ?, ?)
                    """,
                arguments: [stream, source, Clock.wall, Clock.wall])
            let id = Int(db.lastInsertedRowID)
            try db.execute(sql: "UPDATE job SET output = ? WHERE id = ?", arguments: [output(id), id])
            guard let job = try Self.job(id, db) else { preconditionFailure("a row that was just written") }
            return job
        }
    }

    /// Writes down which version of the file a running job works on.
    func adopt(_ fingerprint: Fingerprint, for job: JobRecord) throws {
        try database.write { db in
            try db.execute(
                sql: "UPDATE job SET fingerprint = ? WHERE id = ?", arguments: [fingerprint.text, job.id])
            if job.relative != nil { try remember(job.source, fingerprint, job.stream, db) }
        }
    }

    /// The outcome is certain: from here on the job only goes forward.
    func settle(
        _ id: Int, _ settlement: Settlement, frames: Int, pictures: Int, error: String?
    ) throws {
        let text = String(decoding: try JSONEncoder().encode(settlement), as: UTF8.self)
        try database.write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'settling', settlement = ?, frames = ?, pictures = ?, error = ? WHERE id = ?
                    """,
                arguments: [text, frames, pictures, error, id])
        }
    }

    /// Ends a job. `seenNow` is the original as it lies there now.
    func finish(_ id: Int, _ state: JobRecord.State, error: String? = nil, seenNow: Fingerprint? = nil) throws {
        try database.write { db in
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
        try database.write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', notBefore = ?, error = ?, settlement = NULL,
                        failures = failures + ? WHERE id = ?
                    """,
                arguments: [notBefore, error, countsAttempt ? 1 : 0, id])
        }
    }
}
