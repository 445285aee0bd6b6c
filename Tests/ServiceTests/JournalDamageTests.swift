import Filesystem
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Service

/// Journals with damaged bytes: each opens, or a new one begins, and nothing in it ends the daemon.
@Suite struct JournalDamageTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The bytes of a journal of jobs in every state.
    private func sound() throws -> [UInt8] {
        let journal = try Journal(folder: folder.url.path)
        for number in 0..<12 {
            let (name, text) = ("\(number).gif", "1:10:\(number):\(number)")
            let candidate = Journal.Candidate(
                source: try #require(Path(text: folder.path(name))), relative: Path(text: name),
                fingerprint: Fingerprint(text),
                outputs: { [folder] in Path(text: folder.path("out-\(number)-\($0).mp4")) })
            _ = try journal.enqueue([candidate], stream: "a", limit: 100, ignoringNames: false)
            guard number < 8, let job = try journal.begin(streams: ["a"], busy: []) else { continue }
            if number < 6 { try journal.finish(job.id, number < 3 ? .done : .failed, error: "why") }
        }
        try journal.set("paused.a", "yes")
        // All of it in one file.
        let copy = folder.path("copy.sqlite")
        try DatabaseQueue(path: folder.path("journal.sqlite")).writeWithoutTransaction { db in
            try db.execute(sql: "VACUUM INTO ?", arguments: [copy])
        }
        return try folder.read("copy.sqlite")
    }

    /// Reads and writes all that a daemon does at its start.
    private func use(_ journal: Journal) throws {
        _ = try journal.counts()
        _ = try journal.unfinished()
        _ = try journal.jobs(stream: nil, state: nil, limit: 100, before: nil)
        _ = try journal.seen(stream: "a")
        _ = try journal.setting("paused.a")
        _ = try journal.begin(streams: ["a"], busy: [])
    }

    @Test func noDamageEndsTheDaemon() throws {
        let bytes = try sound()
        var random = SplitMix64(seed: 26)
        var fresh = 0
        for number in 0..<200 {
            var damaged = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch number % 4 {
            case 0: damaged.removeSubrange(place...)
            case 1: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2:
                for _ in 0..<20 {
                    damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            default:
                for byte in place..<min(place + 300, bytes.count) {
                    damaged[byte] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let state = try TemporaryFolder()
            _ = try state.write(damaged, to: "journal.sqlite")
            do {
                let journal = try Journal(folder: state.url.path)
                if journal.isNew { fresh += 1 }
                try use(journal)
            } catch is DatabaseError {
                // Said in the log, and jobs wait.
            }
        }
        #expect(fresh > 40 && fresh < 200, "\(fresh) of 200 were noticed")
        try FaultNotes.note(
            "the journal is cut short, or has other bits or bytes (200 copies)",
            "\(fresh) are put aside and begun anew, the rest is read as far as it is sound; nothing ends the daemon")
    }
}
