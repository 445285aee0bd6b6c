import GRDB

extension Journal {
    /// Makes the tables, and brings those of older versions up to date.
    static var migrator: DatabaseMigrator {
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
                    -- The GIF that an output belongs to, so that two GIFs of one stem do not overwrite each other.
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
}
