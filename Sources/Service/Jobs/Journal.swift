import Filesystem
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
    /// The open database, and which file it is.
    private struct Connection: Sendable {
        let database: DatabaseQueue
        let device: UInt
        let inode: UInt

        init(_ path: String) throws {
            database = try Journal.open(path)
            var status = stat()
            guard stat(path, &status) == 0 else { throw Missing(path: path) }
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }

        /// Whether the file is still the one that has the name.
        func has(_ path: String) -> Bool {
            var status = stat()
            return stat(path, &status) == 0 && UInt(status.st_dev) == device && UInt(status.st_ino) == inode
        }
    }

    /// The journal's file was deleted or replaced while it was open. What was written would be lost at the daemon's end.
    struct Missing: Error, CustomStringConvertible {
        let path: String

        var description: String {
            "\(path) was deleted or replaced while the daemon runs; jobs wait. 'gif2video reload' writes it again "
                + "with everything that was in it"
        }
    }

    /// Seconds that a job during which the daemon crashed waits for the others to end before no other one begins.
    static let suspectPatience = 30.0

    private let path: String
    private let connection: Monitor<Connection>
    /// Whether there was none before: videos may be there that it does not know.
    let isNew: Bool

    /// Opens or creates the journal. One that is damaged is put aside.
    /// - Throws: `DatabaseError`.
    init(folder: String) throws {
        path = "\(folder)/journal.sqlite"
        let wasThere = access(path, F_OK) == 0
        do {
            connection = Monitor(try Connection(path))
            isNew = !wasThere
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            let aside = "\(path).damaged-\(Int(Clock.wall))"
            Log.error("the journal is damaged (\(error.message ?? "")); it is kept as \(aside), and a new one begins")
            guard rename(path, aside) == 0 else { throw error }
            for ending in ["-wal", "-shm"] { unlink(path + ending) }
            connection = Monitor(try Connection(path))
            isNew = true
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

    /// Whether the journal's file still has its name.
    var isInPlace: Bool { connection.withLock { $0.has(path) } }

    /// Says what is wrong where it is not.
    var missing: Missing { Missing(path: path) }

    /// Writes the journal again, with everything that was in it, where its file was deleted or replaced. The deleted file can
    /// be read as long as it is open. A file that took its name is put aside.
    /// - Throws: `DatabaseError`; the journal is as it was then.
    func restoreIfMissing() throws {
        let old = connection.withLock { $0 }
        guard !old.has(path) else { return }
        let (new, aside) = ("\(path).new", "\(path).replaced-\(Int(Clock.wall))")
        for ending in ["", "-wal", "-shm"] { unlink(new + ending) }
        let copy = try DatabaseQueue(path: new)
        try old.database.backup(to: copy)
        try copy.close()
        if rename(path, aside) == 0 { Log.warning("the file that replaced the journal is kept as \(aside)") }
        for ending in ["-wal", "-shm"] { unlink(path + ending) }
        guard rename(new, path) == 0 else { throw Missing(path: path) }
        let restored = try Connection(path)
        connection.withLock { $0 = restored }
        Log.notice("the journal was written again")
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
        // Paths are bytes.
        migrator.registerMigration("2") { db in
            try db.execute(
                sql: """
                    UPDATE job SET source = CAST(source AS BLOB), relative = CAST(relative AS BLOB),
                        output = CAST(output AS BLOB);
                    UPDATE seen SET source = CAST(source AS BLOB);
                    UPDATE claim SET source = CAST(source AS BLOB), output = CAST(output AS BLOB);
                    -- The file that was published there last.
                    ALTER TABLE claim ADD COLUMN published TEXT;
                    ALTER TABLE job ADD COLUMN outputRoot BLOB;
                    ALTER TABLE job ADD COLUMN mayBeMade INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE job ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        // Videos stay that were made of the same content.
        migrator.registerMigration("3") { db in
            try db.execute(
                sql: """
                    -- ContentMark of the GIF that the published file was made of.
                    ALTER TABLE claim ADD COLUMN content TEXT;
                    ALTER TABLE job ADD COLUMN isAskedFor INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        return migrator
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try connection.withLock { $0 }.database.read(body)
    }

    /// - Throws: also `Missing`.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        let connection = connection.withLock { $0 }
        guard connection.has(path) else { throw Missing(path: path) }
        return try connection.database.write(body)
    }

    // MARK: Jobs

    /// A file that shall become a job.
    struct Candidate: Sendable {
        let source: Path
        let relative: Path?
        let fingerprint: Fingerprint?
        var request: JobRequest?
        /// A folder of the configuration that holds all outputs.
        var outputRoot: Path?
        /// Possible outputs, best first; empty for live sinks. The first that is nobody else's is taken.
        let outputs: @Sendable (_ number: Int) -> Path?
    }

    /// The entry that has the name of a possible output.
    enum Occupant: Sendable {
        case nothing
        /// A file, with its `OriginalMark`.
        case file(mark: String?)

        init(_ path: Path) {
            self = OutputNames.exists(path) ? .file(mark: OriginalMark.of(path)) : .nothing
        }
    }

    /// Queues files. One that waits already is only brought up to date; one that was queued in this very version (`seen`)
    /// is left out.
    /// - Parameter ignoringNames: whether a file that was only renamed since counts as the same version.
    /// - Returns: the new jobs, and whether the limit kept some out.
    func enqueue(
        _ candidates: [Candidate], stream: String, limit: Int, ignoringNames: Bool
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        // Looked at outside of transactions: a file system that hangs holds up its own stream, not the journal.
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

    /// An output of which is not known whether a file of its name exists.
    private struct UnknownOutput: Error {
        let path: Path
    }

    /// - Parameter outputs: what stands under their names.
    /// - Throws: `UnknownOutput`, with nothing changed.
    private func enqueue(
        _ candidates: [Candidate], _ stream: String, _ limit: Int, _ ignoringNames: Bool, _ outputs: [Path: Occupant]
    ) throws -> (jobs: [JobRecord], isFull: Bool) {
        try write { db in
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
        _ source: Path, _ fingerprint: Fingerprint, _ stream: String, _ ignoringNames: Bool, _ db: Database
    ) throws -> Bool {
        let text = try String.fetchOne(
            db, sql: "SELECT fingerprint FROM seen WHERE stream = ? AND source = ?", arguments: [stream, source])
        guard let seen = text.flatMap({ Fingerprint($0) }) else { return false }
        return seen == fingerprint || (ignoringNames && seen.hasSameContent(as: fingerprint))
    }

    private func remember(_ source: Path, _ fingerprint: Fingerprint, _ stream: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO seen (stream, source, fingerprint) VALUES (?, ?, ?)",
            arguments: [stream, source, fingerprint.text])
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

    /// The output that the source had before, else the first free one. A file that was made of this very GIF, by a daemon whose
    /// journal is lost, is its output.
    private func claimOutput(
        for candidate: Candidate, _ stream: String, _ outputs: [Path: Occupant], _ db: Database
    ) throws -> (output: Path, mayBeMade: Bool)? {
        var number = 0
        while true {
            number += 1
            guard let output = candidate.outputs(number) else { return nil }
            let owner = try Row.fetchOne(
                db, sql: "SELECT stream, source FROM claim WHERE output = ?", arguments: [output])
            if let owner {
                if owner["stream"] == stream, owner["source"] == candidate.source { return (output, false) }
                continue
            }
            guard let occupant = outputs[output] else { throw UnknownOutput(path: output) }
            var isMade = false
            if case .file(let mark) = occupant {
                guard isNew, let mark, mark == candidate.fingerprint?.contentText else { continue }
                isMade = true
            }
            try db.execute(
                sql: "INSERT INTO claim (output, stream, source) VALUES (?, ?, ?)",
                arguments: [output, stream, candidate.source])
            return (output, isMade)
        }
    }

    /// The file that was published as an output last.
    /// - Returns: nil where that is not known.
    func published(_ output: Path) throws -> Fingerprint? {
        try read { try String.fetchOne($0, sql: "SELECT published FROM claim WHERE output = ?", arguments: [output]) }
            .flatMap { Fingerprint($0) }
    }

    /// Writes down which file was published as an output, and what of.
    func notePublished(_ output: Path, _ file: Fingerprint, _ content: ContentMark?) throws {
        let text = try content.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try write {
            try $0.execute(
                sql: "UPDATE claim SET published = ?, content = ? WHERE output = ?",
                arguments: [file.text, text, output])
        }
    }

    /// The file that was published as a job's output last, and what of.
    /// - Returns: nil where that is not known.
    func made(_ job: JobRecord) throws -> (file: Fingerprint, content: ContentMark)? {
        guard let output = job.output else { return nil }
        let row = try read {
            try Row.fetchOne(
                $0, sql: "SELECT published, content FROM claim WHERE output = ? AND stream = ? AND source = ?",
                arguments: [output, job.stream, job.source])
        }
        guard let row, let published = row["published"] as String?, let content = row["content"] as String?,
            let file = Fingerprint(published),
            let mark = try? JSONDecoder().decode(ContentMark.self, from: Data(content.utf8))
        else { return nil }
        return (file, mark)
    }

    /// Gives a job another output, as somebody else's file has taken the name of its own.
    /// - Parameter outputs: possible ones, best first.
    /// - Returns: the output; nil where there is none.
    func claimAnother(for job: JobRecord, _ outputs: (Int) -> Path?) throws -> Path? {
        var number = 0
        while true {
            number += 1
            guard let output = outputs(number) else { return nil }
            if output == job.output || OutputNames.exists(output) { continue }
            let isClaimed = try write { db -> Bool in
                try db.execute(
                    sql: "INSERT OR IGNORE INTO claim (output, stream, source) VALUES (?, ?, ?)",
                    arguments: [output, job.stream, job.source])
                guard db.changesCount > 0 else { return false }
                try db.execute(sql: "DELETE FROM claim WHERE output = ?", arguments: [job.output])
                try db.execute(sql: "UPDATE job SET output = ? WHERE id = ?", arguments: [output, job.id])
                return true
            }
            if isClaimed { return output }
        }
    }

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
                    var job = Self.job(row)
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

    /// Enters a job that is running from the start and is not run again: what comes through a pipe.
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

    /// Writes down which version of the file a running job works on.
    func adopt(_ fingerprint: Fingerprint, for job: JobRecord) throws {
        try write { db in
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
        try write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'settling', settlement = ?, frames = ?, pictures = ?, error = ? WHERE id = ?
                    """,
                arguments: [text, frames, pictures, error, id])
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
}
