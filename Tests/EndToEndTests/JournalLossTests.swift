import Foundation
import TestSupport
import Testing

/// The journal is deleted by somebody who tidies up.
@Suite(.serialized) struct JournalLossTests {
    private func deleteJournal(_ daemon: DaemonProcess) {
        for ending in ["", "-wal", "-shm"] { unlink("\(daemon.state)/journal.sqlite\(ending)") }
    }

    /// Jobs wait and nothing is forgotten: a reload writes the journal again with all that was in it.
    @Test func aJournalThatIsDeletedWhileTheDaemonRunsIsWrittenAgain() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/first.gif")
        try daemon.waitUntil("the first is done") { try daemon.states() == ["done"] }
        deleteJournal(daemon)
        try daemon.waitUntil("it is noticed") {
            daemon.log.contains("journal.sqlite was deleted or replaced while the daemon runs; jobs wait")
        }
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/second.gif")
        try daemon.waitUntil("the stream says so") {
            let details = try daemon.list("streams").compactMap { $0["detail"] as? String }
            return details.contains { $0.contains("was deleted") }
        }
        #expect(try daemon.states() == ["done"] && !daemon.exists("out/second.y4m"))
        #expect(try daemon.command("reload").status == 0)
        try daemon.waitUntil("the second is done") { try daemon.states() == ["done", "done"] }
        #expect(daemon.stop() == 0)
        try daemon.start()
        try daemon.waitUntilReady()
        #expect(try daemon.states() == ["done", "done"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out").sorted() == [
                "first.y4m", "second.y4m",
            ])
        try FaultNotes.note(
            "the journal is deleted while the daemon runs",
            "jobs wait; a reload writes it again with all that was in it")
    }

    /// A job whose video is finished meanwhile is not lost either.
    @Test func aJobThatRunsMeanwhileEndsWhenTheJournalIsBack() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess.started(
            FolderStream.configuration().replacingOccurrences(of: "\"y4m\"", with: "\"slow\"") + """
                [encoder.slow]
                extension = "bin"
                verify = "none"
                command = ["bash", "-c", 'cat > "$0"; until [[ -e $1 ]]; do sleep 0.05; done', "{output}", "\(folder.path("go"))"]

                """)
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/a.gif")
        try daemon.waitUntil("it runs") { try daemon.states() == ["running"] }
        deleteJournal(daemon)
        _ = try folder.write([], to: "go")
        try daemon.waitUntil("its outcome waits") {
            daemon.log.contains("cannot write to the journal (a job's outcome)")
        }
        #expect(!daemon.exists("out/a.bin"))
        #expect(try daemon.command("reload").status == 0)
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        #expect(daemon.exists("out/a.bin"))
    }

    /// The next daemon knows by the videos' own marks what they were made of.
    @Test(arguments: ["keep", "move"]) func afterALostJournalVideosAreRecognized(finished: String) throws {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "finished = \"\(finished)\""))
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/out", withIntermediateDirectories: true)
        let attribute = try Tool.run(
            "python3", ["-c", "import os, sys; os.setxattr(sys.argv[1], 'user.test', b'1')", "\(daemon.state)/out"])
        guard attribute.status == 0 else {
            print("######## SKIPPED: no extended attributes in \(daemon.state) ########")
            return
        }
        try daemon.start()
        try daemon.waitUntilReady()
        let gif = ExampleGIF.drifting(frames: 2)
        try daemon.drop(gif, "in/a.gif")
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        #expect(daemon.stop() == 0)
        deleteJournal(daemon)
        // A move is undone as by somebody who wants to see it made again; its time stays.
        if finished == "move" { #expect(rename("\(daemon.state)/in/done/a.gif", "\(daemon.state)/in/a.gif") == 0) }
        var before = stat()
        #expect(stat("\(daemon.state)/out/a.y4m", &before) == 0)
        // Another GIF of the same name as a video that is there is another GIF.
        try daemon.drop(ExampleGIF.drifting(frames: 5), "in/b.gif")
        try Data([1]).write(to: URL(fileURLWithPath: "\(daemon.state)/out/b.y4m"))
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("both are done") { try daemon.states() == ["done", "done"] }
        var after = stat()
        #expect(stat("\(daemon.state)/out/a.y4m", &after) == 0 && after.st_ino == before.st_ino)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out").sorted() == [
                "a.y4m", "b-2.y4m", "b.y4m",
            ])
        #expect(daemon.exists("in/done/a.gif") == (finished == "move"))
        try FaultNotes.note(
            "the journal is deleted while no daemon runs (`\(finished)`)",
            "videos are known by their marks, no second one is made")
    }

    /// A mark counts on the daemon's own file as it was finished, and only for a daemon without a past.
    @Test func aVideoThatHasChangedOrIsAnothersIsNotRecognized() throws {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "finished = \"keep\""))
        try daemon.start()
        try daemon.waitUntilReady()
        for name in ["cut", "given"] { try daemon.drop(ExampleGIF.drifting(frames: 2), "in/\(name).gif") }
        try daemon.waitUntil("they are done") { try daemon.states() == ["done", "done"] }
        #expect(daemon.stop() == 0)
        deleteJournal(daemon)
        #expect(truncate("\(daemon.state)/out/cut.y4m", 0) == 0)
        let isOthers = chown("\(daemon.state)/out/given.y4m", 65534, 65534) == 0
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("they are done again") { try daemon.states() == ["done", "done"] }
        #expect(try daemon.pictures("out/cut-2.y4m") == 2)
        if isOthers { #expect(try daemon.pictures("out/given-2.y4m") == 2) }
    }
}
