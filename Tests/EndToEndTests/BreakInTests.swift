import Foundation
import TestSupport
import Testing

/// Users who may write into the daemon's folders, or call it, and want to reach further than that.
@Suite(.serialized) struct BreakInTests {
    private func link(_ target: String, _ path: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    private func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // MARK: Drop folders

    /// A folder of a queued GIF becomes a link to a folder that only the daemon may enter.
    @Test func aFolderThatIsExchangedForALinkLeadsNowhere() throws {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "recursive = true\nfinished = \"move\""))
        let secret = try TemporaryFolder()
        chmod(secret.url.path, 0o700)
        let gif = ExampleGIF.drifting(frames: 3)
        _ = try secret.write(gif, to: "x.gif")
        try makeFolder("\(daemon.state)/in/sub")
        try daemon.start()
        try daemon.waitUntilReady()
        #expect(try daemon.command("pause").status == 0)
        try daemon.drop(gif, "in/sub/x.gif")
        try daemon.waitUntil("it waits") { try daemon.states() == ["queued"] }
        // With the very file exchanged for another name of the secret one, even the version is the same.
        #expect(rename("\(daemon.state)/in/sub", "\(daemon.state)/in/.kept") == 0)
        try link(secret.url.path, "\(daemon.state)/in/sub")
        #expect(try daemon.command("resume").status == 0)
        try daemon.waitUntil("the job ends") { try !["queued", "running"].contains(daemon.states().first ?? "") }
        #expect(try daemon.states().allSatisfy { $0 != "done" })
        #expect(try secret.contents == ["x.gif"] && secret.read("x.gif") == gif)
        #expect(!daemon.exists("out/sub/x.y4m") && !daemon.exists("in/done/sub/x.gif"))
    }

    /// Nor does a link that is there from the beginning, of a folder or of a file.
    @Test func linksInADropFolderAreNotFollowed() throws {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "recursive = true"))
        let secret = try TemporaryFolder()
        _ = try secret.write(ExampleGIF.drifting(frames: 3), to: "x.gif")
        try makeFolder("\(daemon.state)/in")
        try link(secret.url.path, "\(daemon.state)/in/folder")
        try link(secret.path("x.gif"), "\(daemon.state)/in/file.gif")
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/own.gif")
        try daemon.waitUntil("the only one") { try daemon.states() == ["done"] }
        #expect(try daemon.list("jobs").count == 1)
    }

    /// A user who drops GIFs does not choose where failed and finished ones go.
    @Test(arguments: ["failed", "done"]) func aPlaceForOriginalsThatIsALinkIsRefused(place: String) throws {
        let outside = try TemporaryFolder()
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "finished = \"move\""))
        try makeFolder("\(daemon.state)/in")
        try link(outside.url.path, "\(daemon.state)/in/\(place)")
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(place == "done" ? ExampleGIF.drifting(frames: 2) : Array("GIF89a".utf8), "in/x.gif")
        try daemon.waitUntil("it has ended") { try daemon.states() == [place] }
        #expect(try outside.contents.isEmpty)
        #expect(daemon.exists("in/x.gif"))
        let error = try #require(try daemon.json("show", "1")["error"] as? String)
        #expect(
            error.contains("the original stays where it is") && error.contains("a symbolic link is not followed here"))
    }

    /// A place for failed GIFs that leads back into the drop folder would make a job of each again and again.
    @Test func aFailedFolderThatLeadsBackMakesNoLoop() throws {
        let daemon = try DaemonProcess(FolderStream.configuration())
        try makeFolder("\(daemon.state)/in")
        try link(".", "\(daemon.state)/in/failed")
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(Array("GIF89a".utf8), "in/bad.gif")
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/good.gif")
        try daemon.waitUntil("the next is done") { try daemon.states().first == "done" }
        #expect(try daemon.list("jobs").count == 2)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/in").sorted() == [
                "bad.gif", "failed", "good.gif",
            ])
    }

    /// The folder of videos lies in the drop folder here: who drops may not move it elsewhere.
    @Test func aFolderOfVideosThatIsALinkIsRefused() throws {
        let outside = try TemporaryFolder()
        let daemon = try DaemonProcess(
            FolderStream.configuration("[jobs]\nretries = 1").replacingOccurrences(of: "\"out\"", with: "\"in/video\""))
        try makeFolder("\(daemon.state)/in")
        try link(outside.url.path, "\(daemon.state)/in/video")
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/x.gif")
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        #expect(try outside.contents.isEmpty)
    }

    // MARK: Outputs

    private static let roots = """
        [control]
        output_roots = ["roots"]
        [jobs]
        retries = 1
        retry_delay = 0.1
        [[stream]]
        name = "files"
        source = "submitted"
        output = "out"
        encoder = "y4m"
        rate = "25"
        profile = "none"

        """

    /// A daemon with a folder of roots, and a GIF to submit.
    private func submitting() throws -> (daemon: DaemonProcess, gif: String) {
        let daemon = try DaemonProcess.started(Self.roots)
        try makeFolder("\(daemon.state)/roots/sub")
        return (daemon, try daemon.folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif"))
    }

    @Test func anOutputFolderThatBecomesALinkIsRefused() throws {
        let (daemon, gif) = try submitting()
        let outside = try TemporaryFolder()
        #expect(try daemon.command("pause").status == 0)
        #expect(try daemon.command("submit", "-o", "\(daemon.state)/roots/sub/a.y4m", gif).status == 0)
        #expect(rename("\(daemon.state)/roots/sub", "\(daemon.state)/roots/old") == 0)
        try link(outside.url.path, "\(daemon.state)/roots/sub")
        #expect(try daemon.command("resume").status == 0)
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        #expect(try outside.contents.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/roots/old").isEmpty)
    }

    /// U+0600 joins with the character behind it: for a String there is no slash after such a name.
    @Test(arguments: ["link", "X\u{600}", "x\u{301}"]) func anOutputBelowALinkIsRefused(name: String) throws {
        let (daemon, gif) = try submitting()
        let outside = try TemporaryFolder()
        try link(outside.url.path, "\(daemon.state)/roots/\(name)")
        let result = try daemon.command("submit", "-o", "\(daemon.state)/roots/\(name)/evil.y4m", gif)
        #expect(result.status == 2 && result.errors.contains("symbolic link"), "\(result.errors)")
        #expect(try outside.contents.isEmpty)
    }

    @Test func anOutputOutsideOfTheRootsIsRefusedInTheSameWords() throws {
        let (daemon, gif) = try submitting()
        try makeFolder("\(daemon.state)/beside")
        var errors: Set<String> = []
        for place in ["beside/x.y4m", "none/x.y4m", "roots/../beside/x.y4m", "rootsx/x.y4m"] {
            let result = try daemon.command("submit", "-o", "\(daemon.state)/\(place)", gif)
            #expect(result.status == 2)
            errors.insert(result.errors.replacingOccurrences(of: place, with: ""))
        }
        #expect(
            errors.count == 1 && errors.first?.contains("it lies in none of control.output_roots") == true, "\(errors)")
        for name in [".hidden.y4m", "..", "sub/"] {
            #expect(try daemon.command("submit", "-o", "\(daemon.state)/roots/\(name)", gif).status != 0)
        }
    }

    /// A combining mark behind the last slash hides that slash from a String: the video went one level up.
    @Test func aSubmittedNameStaysInTheOutputFolder() throws {
        let (daemon, _) = try submitting()
        let folder = "\(daemon.state)/given/d"
        try makeFolder(folder)
        _ = try ExampleGIF.drifting(frames: 2).withUnsafeBytes { bytes in
            try Data(bytes).write(to: URL(fileURLWithPath: "\(daemon.state)/given/plain"))
        }
        #expect(rename("\(daemon.state)/given/plain", "\(daemon.state)/given/\u{301}a.gif") == 0)
        let result = try daemon.command("submit", "--stream", "files", "--wait", "\(folder)/../\u{301}a.gif")
        #expect(result.status == 0, "\(result.errors)")
        #expect(daemon.exists("out/\u{301}a.y4m"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out").count == 1)
    }

    // MARK: Files in output folders

    /// The names of the daemon's own folders can be guessed: whoever may rename things in an output folder gives one to a folder
    /// of somebody else's.
    @Test func aFolderUnderAStagingNameIsNotRemoved() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        for attempt in 1...3 {
            try makeFolder("\(daemon.state)/out/.gif2videod-1-\(attempt).partial/precious")
            chmod("\(daemon.state)/out/.gif2videod-1-\(attempt).partial", 0o700)
        }
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/a.gif")
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        #expect(daemon.exists("out/a.y4m"))
        for attempt in 1...3 { #expect(daemon.exists("out/.gif2videod-1-\(attempt).partial/precious")) }
        #expect(!daemon.exists("out/.gif2videod-1-1.partial-2"))
    }

    /// It comes while the job waits.
    @Test func aFileThatTheDaemonDidNotMakeIsNotReplaced() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/again.gif")
        try daemon.waitUntil("the first is done") { try daemon.states() == ["done"] }
        #expect(try daemon.command("pause").status == 0)
        for name in ["a", "again"] { try daemon.drop(ExampleGIF.drifting(frames: 3), "in/\(name).gif") }
        try daemon.waitUntil("they wait") { try daemon.states().count == 3 }
        let mine = URL(fileURLWithPath: "\(daemon.state)/out/a.y4m")
        try Data("mine".utf8).write(to: mine)
        #expect(try daemon.command("resume").status == 0)
        try daemon.waitUntil("they are done") { try daemon.states() == ["done", "done", "done"] }
        #expect(try Data(contentsOf: mine) == Data("mine".utf8))
        #expect(try daemon.pictures("out/a-2.y4m") == 3)
        // The daemon's own file is replaced, once more the same way.
        #expect(try daemon.pictures("out/again.y4m") == 3 && !daemon.exists("out/again-2.y4m"))
        // A folder takes the name of the next one.
        unlink("\(daemon.state)/out/again.y4m")
        try makeFolder("\(daemon.state)/out/again.y4m")
        try daemon.drop(ExampleGIF.drifting(frames: 4), "in/again.gif")
        try daemon.waitUntil("it is done") { try daemon.states() == ["done", "done", "done", "done"] }
        #expect(try daemon.pictures("out/again-2.y4m") == 4)
    }

    @Test func anExplicitOutputThatSomebodyMadeMeanwhileIsNotReplaced() throws {
        let (daemon, gif) = try submitting()
        #expect(try daemon.command("pause").status == 0)
        #expect(try daemon.command("submit", "-o", "\(daemon.state)/roots/v.y4m", gif).status == 0)
        let others = URL(fileURLWithPath: "\(daemon.state)/roots/v.y4m")
        try Data("other".utf8).write(to: others)
        #expect(try daemon.command("resume").status == 0)
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        #expect(try Data(contentsOf: others) == Data("other".utf8))
        let error = try #require(try daemon.json("show", "1")["error"] as? String)
        #expect(error.contains("there is a file of the name"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/roots").sorted() == ["sub", "v.y4m"])
        let long = "\(daemon.state)/roots/" + String(repeating: "1", count: 252) + ".y4m"
        let result = try daemon.command("submit", "-o", long, gif)
        #expect(result.status == 2 && result.errors.contains("longer than 255 bytes"), "\(result.errors)")
    }

    // MARK: Sinks and sockets

    /// A link to a regular file under the name of a FIFO that the daemon writes to.
    @Test func aLinkInPlaceOfASinkIsNotWrittenThrough() throws {
        let daemon = try DaemonProcess(
            """
            [[stream]]
            name = "live"
            source = "submitted"
            sink = "fifo"
            fifo = "video"
            rate = "25"
            profile = "none"

            """)
        try makeFolder(daemon.state)
        let precious = try daemon.folder.write(Array("precious".utf8), to: "precious")
        try link(precious, "\(daemon.state)/video")
        try daemon.start()
        try daemon.waitUntilReady()
        let gif = try daemon.folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif")
        #expect(try daemon.command("play", "--stream", "live", gif).status == 0)
        try daemon.waitUntil("it is said") { daemon.log.contains("/video: something else than a FIFO has this name") }
        #expect(try daemon.folder.read("precious") == Array("precious".utf8))
    }

    /// Another state folder, the same socket.
    @Test func aSecondDaemonDoesNotTakeTheSocket() throws {
        let first = try DaemonProcess.started(FolderStream.configuration())
        let second = try DaemonProcess(
            FolderStream.configuration("[control]\nsocket = \"\(first.socket)\"\n[jobs]"))
        try second.start()
        try second.waitUntil("it ends") { !second.isRunning }
        #expect(second.stop() == 2 && second.log.contains("another gif2videod answers there"))
        #expect(try first.command("status").status == 0)
        // A socket whose daemon was killed is nobody's: the next one takes it.
        first.kill9()
        try second.start()
        try second.waitUntil("it answers") { try first.command("status").status == 0 }
        // The first does not take it back, nor away at its end.
        try first.start()
        try first.waitUntil("it ends") { !first.isRunning }
        #expect(try first.command("status").status == 0)
        // An end takes away its own socket only.
        unlink(first.socket)
        let file = try first.folder.write([1], to: "file")
        #expect(rename(file, first.socket) == 0)
        #expect(second.stop() == 0)
        #expect(access(first.socket, F_OK) == 0)
    }
}
