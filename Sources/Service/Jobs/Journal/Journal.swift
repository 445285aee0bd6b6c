import FoundationEssentials
import GRDB
import Glibc
import Threads

/// Every job's state on disk, in SQLite (write-ahead log, synchronous FULL: a power loss undoes no write).
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

    /// The journal's file was deleted or replaced while it was open. All that was written to it would be lost at the daemon's end.
    struct Missing: Error, CustomStringConvertible {
        let path: String

        var description: String {
            "\(path) was deleted or replaced while the daemon runs; jobs wait. 'gif2video reload' writes it again "
                + "with everything that was in it"
        }
    }

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
        let database = try DatabaseQueue(path: path, configuration: configuration)
        // Not in prepareDatabase: GRDB sets NORMAL after that, with which a power loss undoes the last writes.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let verdict = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
        try migrator.migrate(database)
        guard try tables(of: database) == tables(of: fresh) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its tables are not ours")
        }
        return database
    }

    /// An empty journal in memory.
    private static var fresh: DatabaseQueue {
        get throws {
            let database = try DatabaseQueue()
            try migrator.migrate(database)
            return database
        }
    }

    /// The statements that make a database's tables and indexes. Damage can change them, too.
    private static func tables(of database: DatabaseQueue) throws -> [String] {
        try database.read {
            try String.fetchAll(
                $0, sql: "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'grdb%' AND sql NOT NULL ORDER BY name")
        }
    }

    /// Whether the journal's file still has its name.
    var isInPlace: Bool { connection.withLock { $0 }.has(path) }

    /// The error that says so where it is not.
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

    /// - Throws: `DatabaseError`; also where a value has another type than its column (`Row.value`).
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        let database = connection.withLock { $0 }.database
        return try Self.sound { try database.read(body) }
    }

    /// - Throws: as `read`; also `Missing`.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        let connection = connection.withLock { $0 }
        guard connection.has(path) else { throw Missing(path: path) }
        return try Self.sound { try connection.database.write(body) }
    }

    private static func sound<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as RowDecodingError {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(error)")
        }
    }
}
