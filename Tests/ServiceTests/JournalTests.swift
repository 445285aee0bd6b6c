import Control
import Filesystem
import Foundation
import GRDB
import TestSupport
import Testing
import Threads

@testable import Service

@Suite struct JournalTests {
    private let folder: TemporaryFolder
    private let journal: Journal

    init() throws {
        folder = try TemporaryFolder()
        journal = try Journal(folder: folder.url.path)
    }

    private func fingerprint(_ text: String) throws -> Fingerprint {
        try #require(Fingerprint(text))
    }

    private func candidate(_ name: String, version: Int = 1, size: Int = 10) throws -> Journal.Candidate {
        let relative = try #require(Path(text: name))
        let output = try path("out-\(relative.stem)")
        return Journal.Candidate(
            source: try path(name), relative: relative,
            fingerprint: try fingerprint("\(version):\(size):\(version):\(version)"),
            outputs: { number in Path(text: "-\(number).mp4").map { output + $0 } })
    }

    private func path(_ name: String) throws -> Path { try #require(Path(text: folder.path(name))) }

    private func queue(_ candidates: Journal.Candidate..., limit: Int = 100, ignoringNames: Bool = false) throws
        -> [JobRecord]
    {
        try journal.enqueue(candidates, stream: "a", limit: limit, ignoringNames: ignoringNames).jobs
    }

    @Test func eachVersionOfAFileIsQueuedOnce() throws {
        #expect(try queue(candidate("x.gif")).count == 1)
        #expect(try queue(candidate("x.gif")).isEmpty)
        // Another version of a file that waits is the same job.
        #expect(try queue(candidate("x.gif", version: 2)).isEmpty)
        let job = try #require(try journal.begin(streams: ["a"], busy: []))
        #expect(job.fingerprint?.inode == 2 && job.attempts == 1)
        // While it runs, a new version waits behind it.
        #expect(try queue(candidate("x.gif", version: 3)).count == 1)
        #expect(try journal.begin(streams: ["a"], busy: [job.source]) == nil)
        #expect(try journal.hasSuccessor(job))
    }

    @Test func afterAPauseRenamedFilesAreKnown() throws {
        let first = try fingerprint("1:10:1:1")
        let renamed = try fingerprint("1:10:1:9")
        #expect(first != renamed && first.hasSameContent(as: renamed) && Fingerprint(renamed.text) == renamed)
        _ = try queue(candidate("x.gif"))
        let job = try #require(try journal.begin(streams: ["a"], busy: []))
        try journal.finish(job.id, .done)
        let again = Journal.Candidate(
            source: try path("x.gif"), relative: "x.gif", fingerprint: renamed, outputs: { _ in nil })
        #expect(try queue(again, ignoringNames: true).isEmpty)
        // Seen moving in: dropped again.
        #expect(try queue(again).count == 1)
    }

    @Test func twoFilesOfOneStemHaveTwoOutputs() throws {
        let outputs = try queue(candidate("x.gif"), candidate("x.GIF", version: 2)).map(\.output)
        #expect(try outputs == [path("out-x-1.mp4"), path("out-x-2.mp4")])
        // Nor is a file overwritten that is none of ours; a file dropped again gets its old output.
        _ = try folder.write([1], to: "out-y-1.mp4")
        #expect(try queue(candidate("y.gif")).map(\.output) == [path("out-y-2.mp4")])
        for job in try journal.jobs(stream: nil, state: nil, limit: 9, before: nil) {
            try journal.finish(job.id, .done)
        }
        #expect(try queue(candidate("x.gif", version: 7)).map(\.output) == [path("out-x-1.mp4")])
    }

    @Test func theQueueHasALimit() throws {
        let result = try journal.enqueue(
            [candidate("1.gif"), candidate("2.gif"), candidate("3.gif")], stream: "a", limit: 2, ignoringNames: false)
        #expect(result.jobs.count == 2 && result.isFull)
        // A GIF that found no room is not remembered as seen.
        _ = try journal.begin(streams: ["a"], busy: [])
        #expect(try queue(candidate("3.gif"), limit: 2).count == 1)
    }

    @Test func jobsThatWaitForTheirNextAttemptAreNotBegun() throws {
        _ = try queue(candidate("1.gif"), candidate("2.gif"))
        let first = try #require(try journal.begin(streams: ["a"], busy: []))
        try journal.requeue(first.id, notBefore: Clock.wall + 3600, error: "full", countsAttempt: true)
        let second = try #require(try journal.begin(streams: ["a"], busy: []))
        #expect(second.id != first.id)
        #expect(try journal.begin(streams: ["a"], busy: []) == nil)
        #expect(try journal.job(first.id)?.failures == 1)
        // The clock was set back by years.
        try journal.requeue(first.id, notBefore: Clock.wall + 1e8, error: nil, countsAttempt: false)
        #expect(try journal.begin(streams: ["a"], busy: [])?.id == first.id)
    }

    @Test func aRemovedFileCancelsItsJob() throws {
        _ = try queue(candidate("x.gif"))
        #expect(try journal.forget(path("x.gif"), stream: "a")?.state == .cancelled)
        #expect(try queue(candidate("x.gif")).count == 1)
    }

    /// The content that a video was made of is known until its GIF goes, or another video is published.
    @Test func theContentOfAVideosGIFIsRemembered() throws {
        _ = try queue(candidate("x.gif"))
        let job = try #require(try journal.begin(streams: ["a"], busy: []))
        let output = try #require(job.output)
        #expect(try journal.made(job) == nil)
        let file = try fingerprint("5:100:6:7")
        let gif = Array("a GIF, and bytes behind it".utf8)
        let descriptor = open(try folder.write(gif, to: "x.gif"), O_RDONLY)
        defer { close(descriptor) }
        let version = try #require(Fingerprint.of(descriptor: descriptor))
        let mark = try #require(ContentMark(descriptor: descriptor, version: version, size: 5, settings: "fine"))
        try journal.notePublished(output, file, mark)
        let made = try #require(try journal.made(job))
        #expect(made.file == file && made.content == mark)
        #expect(mark.isOf(descriptor: descriptor, version: version, settings: "fine"))
        #expect(!mark.isOf(descriptor: descriptor, version: version, settings: "other"))
        _ = try folder.write(Array("a JIF, and bytes behind it".utf8), to: "x.gif")
        let changed = open(folder.path("x.gif"), O_RDONLY)
        defer { close(changed) }
        #expect(!mark.isOf(descriptor: changed, version: version, settings: "fine"))
        try journal.notePublished(output, file, nil)
        #expect(try journal.made(job) == nil)
        try journal.notePublished(output, file, mark)
        _ = try journal.forget(path("x.gif"), stream: "a")
        #expect(try journal.made(job) == nil)
    }

    /// The digests are the standard's examples.
    @Test func contentIsHashedBySHA256() throws {
        for (text, digest) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let descriptor = open(try folder.write(Array("\(text)more".utf8), to: "text"), O_RDONLY)
            defer { close(descriptor) }
            #expect(ContentMark.hash(descriptor, text.utf8.count) == digest)
            #expect(ContentMark.hash(descriptor, text.utf8.count + 5) == nil)
        }
    }

    /// A journal of the version before: jobs, claims and outcomes are as they were.
    @Test func aJournalOfTheVersionBeforeIsTakenOver() throws {
        _ = try queue(candidate("x.gif"))
        let job = try #require(try journal.begin(streams: ["a"], busy: []))
        let outcome = Outcome(succeeded: true, outputInode: 3, original: .keep)
        #expect(try journal.record(outcome, of: job.id, frames: 1, pictures: 2, error: nil).state == .ending)
        let other = try TemporaryFolder()
        try journal.write { db in
            try db.execute(
                sql: """
                    ALTER TABLE claim DROP COLUMN content;
                    ALTER TABLE job DROP COLUMN isAskedFor;
                    DELETE FROM grdb_migrations WHERE identifier = '3';
                    """)
        }
        let old = try DatabaseQueue(path: folder.path("journal.sqlite"))
        try old.backup(to: try DatabaseQueue(path: other.path("journal.sqlite")))
        let again = try Journal(folder: other.url.path)
        let taken = try #require(try again.job(job.id))
        #expect(taken.outcome == outcome && !taken.isAskedFor && taken.output == job.output)
        #expect(try again.made(taken) == nil)
    }

    @Test func historyIsBounded() throws {
        for index in 0..<20 {
            _ = try queue(candidate("\(index).gif"))
            let job = try #require(try journal.begin(streams: ["a"], busy: []))
            try journal.finish(job.id, .done)
        }
        _ = try queue(candidate("waiting.gif"))
        try journal.prune(history: 5)
        let left = try journal.jobs(stream: nil, state: nil, limit: 100, before: nil)
        #expect(left.count == 6 && left[0].state == .queued && left[1].id == 20)
    }

    @Test func theListHasPagesAndFilters() throws {
        for index in 0..<6 { _ = try queue(candidate("\(index).gif")) }
        let job = try #require(try journal.begin(streams: ["a"], busy: []))
        #expect(try journal.jobs(stream: "a", state: .running, limit: 9, before: nil).map(\.id) == [job.id])
        #expect(try journal.jobs(stream: nil, state: .queued, limit: 2, before: nil).map(\.id) == [6, 5])
        #expect(try journal.jobs(stream: nil, state: .queued, limit: 2, before: 5).map(\.id) == [4, 3])
        #expect(try journal.jobs(stream: "b", state: nil, limit: 2, before: nil).isEmpty)
        #expect(try journal.counts() == ["a": [.queued: 5, .running: 1]])
    }

    /// A full disk loses nothing that was written, and nothing is half written.
    @Test func aFullDiskChangesNothing() throws {
        _ = try queue(candidate("x.gif"))
        try journal.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        let many = try (0..<256).map { try candidate("\($0)-\(String(repeating: "x", count: 200)).gif") }
        #expect(throws: DatabaseError.self) {
            try journal.enqueue(many, stream: "a", limit: 1000, ignoringNames: false)
        }
        #expect(try journal.counts() == ["a": [.queued: 1]])
        try journal.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try journal.enqueue(many, stream: "a", limit: 1000, ignoringNames: false).jobs.count == 256)
    }

    @Test func aDamagedJournalIsPutAside() throws {
        let other = try TemporaryFolder()
        _ = try other.write(Array("this is no database, whatever its name says".utf8), to: "journal.sqlite")
        let journal = try Journal(folder: other.url.path)
        #expect(try journal.counts().isEmpty)
        #expect(try other.contents.contains { $0.hasPrefix("journal.sqlite.damaged-") })
    }

    @Test func settingsSurviveARestart() throws {
        try journal.set("paused.a", "yes")
        let again = try Journal(folder: folder.url.path)
        #expect(try again.setting("paused.a") == "yes")
        try again.set("paused.a", nil)
        #expect(try journal.setting("paused.a") == nil)
    }
}
