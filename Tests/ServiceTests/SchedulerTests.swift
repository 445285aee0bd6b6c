import Configuration
import Filesystem
import Foundation
import TestSupport
import Testing
import Threads

@testable import Service

@Suite struct SchedulerTests {
    private let folder: TemporaryFolder
    private let journal: Journal
    private let scheduler: Scheduler

    init() throws {
        folder = try TemporaryFolder()
        journal = try Journal(folder: folder.url.path)
        scheduler = Scheduler(journal, CurrentConfiguration(DaemonConfiguration(paths: StandardPaths())))
    }

    private func queue(_ names: String...) throws {
        let candidates = try names.map { name in
            let path = try #require(Path(text: name))
            return Journal.Candidate(source: path, relative: nil, fingerprint: nil, outputs: { _ in nil })
        }
        _ = try journal.enqueue(candidates, stream: "a", limit: 9, ignoringNames: false)
    }

    /// A disk that stands still holds up the thread that takes a job, and no other.
    @Test(.timeLimit(.minutes(5))) func nobodyWaitsForAJobThatIsBeingTaken() throws {
        try queue("/1.gif")
        let disk = DispatchSemaphore(value: 0)
        let isWriting = DispatchSemaphore(value: 0)
        let writer = try NamedThread("writer") { [journal] in
            try? journal.write { _ in
                isWriting.signal()
                disk.wait()
            }
        }
        isWriting.wait()
        let taken = Monitor<JobRecord?>(nil)
        let taker = try NamedThread("taker") { [scheduler] in
            let job = scheduler.next(of: "a")
            taken.withLock { $0 = job }
        }
        // The taker waits for the journal by then.
        usleep(200_000)
        scheduler.poke()
        #expect(!scheduler.isPaused && !scheduler.isPaused("a"))
        #expect(taken.withLock { $0 } == nil)
        disk.signal()
        writer.join()
        taker.join()
        #expect(taken.withLock { $0?.source } == "/1.gif")
    }

    @Test func twoThreadsNeverTakeJobsOfOneFile() throws {
        try queue("/1.gif", "/1.gif", "/2.gif", "/2.gif")
        let taken = Monitor<[Path]>([])
        let takers = try (0..<4).map { index in
            try NamedThread("taker-\(index)") { [scheduler] in
                if let job = scheduler.next(of: "a") { taken.withLock { $0.append(job.source) } }
            }
        }
        for taker in takers { taker.join() }
        #expect(taken.withLock { $0.sorted() } == ["/1.gif", "/2.gif"])
    }

    @Test func aPausedStreamGivesNoJob() throws {
        try queue("/1.gif")
        try scheduler.pause("a", true)
        #expect(scheduler.next(of: "a") == nil)
        try scheduler.pause(nil, false)
        #expect(scheduler.next(of: "a") != nil)
    }
}
