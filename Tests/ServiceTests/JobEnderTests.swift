import Configuration
import Control
import Filesystem
import Foundation
import Output
import TestSupport
import Testing

@testable import Service

/// How a job ends, without a restoration: the output holds any bytes.
@Suite struct JobEnderTests {
    private let folder: TemporaryFolder
    private let source: FolderSource
    private let ledger: JobLedger
    private let ender: JobEnder

    init() throws {
        folder = try TemporaryFolder()
        let place = try #require(Path(text: folder.url.path))
        var source = FolderSource(path: place.appending("in"))
        source.finished = .move(place.appending("in/done"))
        self.source = source
        var configuration = DaemonConfiguration(paths: StandardPaths())
        configuration.jobs.retries = 1
        configuration.streams = [
            StreamConfiguration(
                name: "drop", source: .folder(source),
                sink: .files(FileSink(folder: place.appending("out"), format: .plain(.y4m))))
        ]
        let journal = try Journal(folder: folder.url.path)
        ledger = JobLedger(journal)
        ender = JobEnder(
            ledger: ledger,
            planner: JobPlanner(configuration: CurrentConfiguration(configuration), journal: journal),
            meters: StreamMeters(), folder: source)
        for name in ["in", "out"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
    }

    /// A job of a dropped file that runs.
    private func running() throws -> JobRecord {
        _ = try folder.write([7], to: "in/a.gif")
        let version = try #require(try Fingerprint.of(source.path.appending("a.gif")))
        let candidate = Journal.Candidate(
            source: source.path.appending("a.gif"), relative: "a.gif", fingerprint: version,
            outputs: { $0 == 1 ? Path(text: folder.path("out/a.y4m")) : nil })
        _ = try ledger.journal.enqueue([candidate], stream: "drop", limit: 9, ignoringNames: false)
        return try #require(try ledger.journal.begin(streams: ["drop"], busy: []))
    }

    /// A job of a pipe that runs.
    private func piped() throws -> JobRecord {
        try ledger.journal.beginPiped(stream: "drop", source: "/pipe", outputRoot: "/") { _ in
            Path(text: folder.path("out/a.y4m"))
        }
    }

    /// A sealed output.
    private func sealed(_ job: JobRecord) throws -> (StagedFile, Outcome) {
        let file = try StagedFile(
            in: job.outputFolder(), name: "a.y4m", stagingName: job.stagingName(attempt: job.attempts))
        let sink = ByteSink(descriptor: try file.create(), name: "a.y4m", closes: true)
        try sink.write([1, 2, 3])
        try sink.close()
        let outcome = Outcome(
            succeeded: true, outputInode: try file.seal(), original: .init(of: job, source, failure: nil))
        return (file, outcome)
    }

    private func state(_ job: JobRecord) throws -> JobRecord { try #require(try ledger.journal.job(job.id)) }

    @Test func aCompleteJobGetsItsOutputAndMovesItsOriginal() throws {
        let job = try running()
        let (file, outcome) = try sealed(job)
        ender.end(job, .complete(.init(file: file, outcome: outcome, frames: 4, pictures: 5)))
        let done = try state(job)
        #expect(done.state == .done && done.frames == 4 && done.pictures == 5 && done.error == nil)
        #expect(try folder.read("out/a.y4m") == [1, 2, 3] && folder.read("in/done/a.gif") == [7])
        #expect(try Folder(job.outputFolder().path).names() == ["a.y4m"])
    }

    /// The original had left its name when the crash came, and lay in the private folder where it is removed.
    @Test func aRemovalThatACrashInterruptedIsEnded() throws {
        let job = try running()
        let place = try Folder(source.path)
        let (hidden, name) = try PrivateFolder.make(job.stagingName, in: place)
        try place.move("a.gif", to: hidden, FileMover.removedName)
        #expect(try OriginalPlacer(job: job).place(.delete) == nil)
        #expect(try place.names().isEmpty, "\(name) is left")
    }

    @Test func anotherVersionThatWasTakenForTheOriginalGoesBack() throws {
        let job = try running()
        let place = try Folder(source.path)
        let (hidden, _) = try PrivateFolder.make(job.stagingName, in: place)
        _ = try folder.write([8, 8, 8], to: "in/a.gif")
        try place.move("a.gif", to: hidden, FileMover.removedName)
        #expect(try OriginalPlacer(job: job).place(.delete) == nil)
        #expect(try place.names() == ["a.gif"] && folder.read("in/a.gif") == [8, 8, 8])
    }

    /// A crash may come after each step; the next start applies the outcome again.
    @Test func aRecordedOutcomeIsAppliedFromAnyStep() throws {
        let job = try running()
        let (file, outcome) = try sealed(job)
        let recorded = try ledger.journal.record(outcome, of: job.id, frames: 1, pictures: 1, error: nil)
        file.release()
        #expect(recorded.state == .ending && !FileManager.default.fileExists(atPath: folder.path("out/a.y4m")))
        for _ in 0..<2 {
            ender.apply(recorded)
            #expect(try state(job).state == .done)
            #expect(try folder.read("out/a.y4m") == [1, 2, 3] && folder.read("in/done/a.gif") == [7])
        }
    }

    @Test func aFaultThatMayPassIsTriedAgainUntilNoAttemptIsLeft() throws {
        let job = try running()
        ender.end(job, .passing("no room"))
        let waiting = try state(job)
        #expect(waiting.state == .queued && waiting.failures == 1 && waiting.error == "no room")
        ender.end(waiting, .passing("no room"))
        #expect(try state(job).state == .failed && state(job).error == "no room (after 2 attempts)")
        #expect(try folder.read("in/failed/a.gif") == [7])
        #expect(String(decoding: try folder.read("in/failed/a.gif.txt"), as: UTF8.self).contains("no room"))
    }

    @Test func missingResourcesAndADrainingDaemonCostNoAttempt() throws {
        let job = try running()
        for end in [AttemptEnd.exhausted("no descriptor"), .ended(.draining), .sinkFailed(OutputError.readerGone("x"))]
        {
            ender.end(job, end)
            #expect(try state(job).state == .queued && state(job).failures == 0)
        }
    }

    @Test func aGIFFromAPipeIsNotTriedAgain() throws {
        for (end, error) in [
            (AttemptEnd.passing("no room"), "no room"), (.exhausted("no descriptor"), "no descriptor"),
            (.ended(.stalled), "nothing happened for 300 s"),
            (.ended(.draining), "cut off: the daemon or the stream ended"),
        ] {
            let job = try piped()
            ender.end(job, end)
            #expect(try state(job).state == .failed && state(job).error == error)
        }
    }

    @Test func aCancelledJobIsCancelledAndKeepsItsOriginal() throws {
        let job = try running()
        ender.end(job, .ended(.cancelled))
        #expect(try state(job).state == .cancelled)
        #expect(try folder.read("in/a.gif") == [7])
    }

    @Test func errorsOfTheFileAreToldFromOthers() throws {
        let job = try running()
        func end(_ error: any Error, isDropped: Bool = true) -> String {
            "\(AttemptEnd(error, of: job, isDropped: isDropped))"
        }
        #expect(end(SystemError(path: job.source, code: ENOENT)) == "gone")
        #expect(end(SystemError(path: job.source, code: EACCES)).hasPrefix("passing"))
        #expect(end(SystemError(path: job.source, code: EACCES), isDropped: false).hasPrefix("bad"))
        #expect(end(SystemError(path: job.source, code: EINVAL)) == "bad(\"not a regular file\")")
        #expect(end(SystemError(path: "/elsewhere", code: ENOENT)).hasPrefix("passing"))
        #expect(end(SystemError(path: "/elsewhere", code: EMFILE)).hasPrefix("exhausted"))
        #expect(end(OutputError.system(output: "a", call: "pipe", errno: EMFILE)).hasPrefix("exhausted"))
        #expect(end(OutputError.encoder(output: "a", message: "no")).hasPrefix("passing"))
        #expect(end(RunHandle.Ended(reason: .cancelled)).hasPrefix("ended"))
    }
}
