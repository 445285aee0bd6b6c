import Foundation
import TestSupport
import Testing

/// A finished original whose time changes, but not its content, keeps its video.
@Suite(.serialized) struct TouchTests {
    private static let gif = ExampleGIF.drifting(frames: 3)

    /// A daemon that has made a video of three frames.
    private func daemon(_ keys: String = "") throws -> DaemonProcess {
        let daemon = try DaemonProcess.started(FolderStream.configuration("[jobs]", keys))
        try daemon.drop(Self.gif, "in/a.gif")
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        return daemon
    }

    /// As `touch` does: opened for writing, and a new time of change.
    private func touch(_ daemon: DaemonProcess) throws {
        #expect(try Tool.run("touch", ["\(daemon.state)/in/a.gif"]).status == 0)
    }

    private func inode(_ daemon: DaemonProcess) throws -> UInt64 {
        try #require(
            try FileManager.default.attributesOfItem(atPath: "\(daemon.state)/out/a.y4m")[.systemFileNumber] as? UInt64)
    }

    private func waitForJobs(_ daemon: DaemonProcess, _ count: Int) throws {
        try daemon.waitUntil("job \(count)") {
            try daemon.states() == [String](repeating: "done", count: count)
        }
    }

    /// Pictures that the newest job made.
    private func pictures(_ daemon: DaemonProcess) throws -> Int {
        try #require(try daemon.list("jobs").first?["pictures"] as? Int)
    }

    @Test func aTouchedOriginalIsNotRestoredAgain() throws {
        let daemon = try daemon()
        #expect(try pictures(daemon) == 3)
        let video = try inode(daemon)
        try touch(daemon)
        try waitForJobs(daemon, 2)
        #expect(try pictures(daemon) == 0 && inode(daemon) == video)
        #expect(daemon.log.contains("holds what it held"), "\(daemon.log)")
        // Nor while nobody looks, or when the same bytes come under another inode.
        #expect(daemon.stop() == 0)
        try touch(daemon)
        try daemon.start()
        try daemon.waitUntilReady()
        try waitForJobs(daemon, 3)
        try daemon.drop(Self.gif, "in/a.gif")
        try waitForJobs(daemon, 4)
        #expect(try pictures(daemon) == 0 && inode(daemon) == video)
        // Without a journal it is known by the mark of the video, which has the new time.
        #expect(daemon.stop() == 0)
        for ending in ["", "-wal", "-shm"] { unlink("\(daemon.state)/journal.sqlite\(ending)") }
        try daemon.start()
        try daemon.waitUntilReady()
        try waitForJobs(daemon, 1)
        #expect(try pictures(daemon) == 0 && inode(daemon) == video)
    }

    /// Of the same size, with one other color.
    @Test func aNewVersionIsRestored() throws {
        let daemon = try daemon()
        var other = Self.gif
        other[13] ^= 0x40
        try daemon.drop(other, "in/a.gif")
        try waitForJobs(daemon, 2)
        #expect(try pictures(daemon) == 3)
        try touch(daemon)
        try waitForJobs(daemon, 3)
        #expect(try pictures(daemon) == 0)
        try daemon.drop(Self.gif, "in/a.gif")
        try waitForJobs(daemon, 4)
        #expect(try pictures(daemon) == 3)
    }

    @Test func aVideoThatIsGoneOrAnotherIsMadeAgain() throws {
        let daemon = try daemon()
        unlink("\(daemon.state)/out/a.y4m")
        try touch(daemon)
        try waitForJobs(daemon, 2)
        #expect(try pictures(daemon) == 3 && daemon.exists("out/a.y4m"))
        try Data("another".utf8).write(to: URL(fileURLWithPath: "\(daemon.state)/out/a.y4m"))
        try touch(daemon)
        try waitForJobs(daemon, 3)
        #expect(try pictures(daemon) == 3)
    }

    @Test func anotherConfigurationMakesAnotherVideo() throws {
        let daemon = try daemon()
        try daemon.configure(FolderStream.configuration().replacingOccurrences(of: "\"25\"", with: "\"50\""))
        #expect(try daemon.command("reload").status == 0)
        try touch(daemon)
        try waitForJobs(daemon, 2)
        #expect(try pictures(daemon) == 6)
        #expect(try daemon.command("set", "drop", "--rate", "25").status == 0)
        try touch(daemon)
        try waitForJobs(daemon, 3)
        #expect(try pictures(daemon) == 3)
    }

    /// A GIF is restored again on request, and when it has gone and come back.
    @Test func aJobThatIsAskedForIsRestoredAgain() throws {
        let daemon = try daemon()
        #expect(try daemon.command("submit", "--stream", "drop", "\(daemon.state)/in/a.gif").status == 0)
        try waitForJobs(daemon, 2)
        #expect(try pictures(daemon) == 3)
        #expect(try daemon.command("pause").status == 0)
        try touch(daemon)
        try daemon.waitUntil("it waits") { try daemon.states().first == "queued" }
        #expect(try daemon.command("cancel", "3").status == 0)
        #expect(try daemon.command("retry", "3").status == 0)
        #expect(try daemon.command("resume").status == 0)
        try waitForJobs(daemon, 3)
        #expect(try pictures(daemon) == 3)
        unlink("\(daemon.state)/in/a.gif")
        // The daemon looks at a folder's changes in their order: with this job done it knows that the GIF has gone.
        try daemon.drop(Self.gif, "in/b.gif")
        try waitForJobs(daemon, 4)
        try daemon.drop(Self.gif, "in/a.gif")
        try waitForJobs(daemon, 5)
        #expect(try pictures(daemon) == 3)
    }
}
