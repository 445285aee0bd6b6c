import Foundation
import TestSupport
import Testing

/// gif2videod as its users run it: control, streams of every kind, configuration, start and end.
@Suite(.serialized) struct DaemonTests {
    /// A folder stream into Y4M, without networks.
    private static let folderStream = FolderStream.configuration("[control]\noutput_roots = [\"out\"]\n[jobs]")

    /// Encoders for editors are there without a configuration of theirs: by the extension, and by name.
    @Test func outputsForEditorsKeepTransparency() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        let image = GIFImage(width: 8, height: 8, index: 0).with {
            $0.indices = (0..<64).map { UInt8($0 % 8 < 4 ? 0 : 1) }
            $0.delay = 20
            $0.transparentIndex = 0
        }
        let gif = GIFWriter.gif(width: 8, height: 8, palette: [0, 0, 0, 200, 100, 50], images: [image])
        let input = try daemon.folder.write(gif, to: "sticker.gif")
        try FileManager.default.createDirectory(
            atPath: "\(daemon.state)/out", withIntermediateDirectories: true)
        for (name, words) in [("a.mov", []), ("a.mkv", ["--encoder", "ffv1"])] as [(String, [String])] {
            let output = "\(daemon.state)/out/\(name)"
            let made = try Tool.run(
                Tool.gif2video,
                ["submit", "--socket", daemon.socket, "--wait", "--background", "transparent", "-o", output] + words + [
                    input
                ])
            try #require(made.status == 0, "\(made.errors)")
            let read = try Tool.run(
                "ffmpeg", ["-v", "error", "-i", output, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba", "-"])
            try #require(read.output.count == 256, "\(read.errors)")
            #expect(read.output[4 * 1 + 3] == 0 && read.output[4 * 6 + 3] == 255)
            for (channel, value) in [200, 100, 50].enumerated() {
                // Also where nothing shows.
                #expect(abs(Int(read.output[4 * 6 + channel]) - value) <= 3)
                #expect(abs(Int(read.output[4 * 1 + channel]) - value) <= 3)
            }
        }
        #expect(daemon.stop() == 0)
    }

    // MARK: Without a word

    /// No configuration, the real networks, the default encoder.
    @Test func withoutConfigurationADropFolderIsServed() throws {
        let daemon = try DaemonProcess.started(nil)
        try daemon.drop(ExampleGIF.drifting(delays: [10, 10]), "drop/cat.gif")
        try daemon.waitUntil("the video is there", seconds: 120) { daemon.exists("video/cat.mp4") }
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,pix_fmt,nb_read_frames", "-of",
                "default=nw=1:nk=1", "\(daemon.state)/video/cat.mp4",
            ])
        #expect(String(decoding: probe.output, as: UTF8.self) == "h264\nyuv420p\n6\n")
        #expect(daemon.exists("drop/cat.gif"))
        #expect(daemon.stop() == 0)
    }

    @Test func commandsSayWhenNoDaemonRuns() throws {
        let daemon = try DaemonProcess(Self.folderStream)
        for command in ["status", "streams", "jobs", "stats", "reload", "monitor"] {
            let result = try daemon.command(command)
            #expect(result.status == 2 && result.errors.contains("no gif2videod is running"), "\(result.errors)")
        }
    }

    @Test func mistakesInTheConfigurationAreNamed() throws {
        let daemon = try DaemonProcess("[jobs]\nworkers = none\n")
        let checked = try Tool.run(
            Tool.gif2videod, ["--check-config", "--config", daemon.folder.path("gif2video.toml")])
        #expect(checked.status == 1)
        #expect(String(decoding: checked.output, as: UTF8.self).contains("gif2video.toml:2: "))
        try daemon.configure("[jobs]\nworker = 3\n")
        try daemon.start()
        try daemon.waitUntil("it ends", seconds: 30) { !daemon.isRunning }
        #expect(daemon.log.contains("gif2video.toml:2: jobs.worker: there is no such key; did you mean workers?"))
    }

    @Test func controlCharactersOfAKeyDoNotReachTheTerminal() throws {
        let daemon = try DaemonProcess("\"\\u001b[31mred\" = 1\n")
        let checked = try Tool.run(
            Tool.gif2videod, ["--check-config", "--config", daemon.folder.path("gif2video.toml")])
        let output = String(decoding: checked.output, as: UTF8.self)
        #expect(checked.status == 1 && output.contains("[31mred") && !output.contains("\u{1b}"), "\(output)")
    }

    @Test func aSecondDaemonDoesNotStartInTheSameStateFolder() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        let second = try Tool.run(
            Tool.gif2videod, ["--config", daemon.folder.path("gif2video.toml")], environment: daemon.allEnvironment)
        #expect(second.status == 2 && second.errors.contains("another gif2videod works there"), "\(second.errors)")
        #expect(try daemon.command("status").status == 0)
    }

    // MARK: Folders

    @Test(arguments: ["repeat = 3", "at_least = 0.9"])
    func aStreamsFilesShowTheirGIFAsOftenAsAskedFor(keys: String) throws {
        let daemon = try DaemonProcess.started(Self.folderStream + keys + "\n")
        try daemon.drop(ExampleGIF.drifting(delays: [20, 20]), "in/a.gif")
        try daemon.waitUntil("the video") { daemon.exists("out/a.y4m") }
        #expect(try daemon.pictures("out/a.y4m") == 30)
        try daemon.waitUntil("the job is done") { try daemon.states() == ["done"] }
        #expect(try daemon.list("jobs").first?["pictures"] as? Int == 30)
    }

    @Test func aFileDroppedAgainIsDoneAgain() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("the first") { daemon.exists("out/a.y4m") }
        try daemon.drop(ExampleGIF.drifting(frames: 5), "in/a.gif")
        try daemon.waitUntil("the second") { try daemon.pictures("out/a.y4m") == 5 }
        // Another file of the same stem has its own output, and a restart does nothing again.
        try daemon.drop(ExampleGIF.drifting(frames: 4), "in/a.GIF")
        try daemon.waitUntil("the third") { daemon.exists("out/a-2.y4m") }
        try daemon.waitUntil("all done") { try daemon.states() == ["done", "done", "done"] }
        #expect(daemon.stop() == 0)
        try daemon.start()
        try daemon.waitUntilReady()
        usleep(700_000)
        #expect(try daemon.states().count == 3)
        #expect(try daemon.pictures("out/a.y4m") == 5 && daemon.pictures("out/a-2.y4m") == 4)
    }

    @Test func pollingFindsFilesWithoutInotify() throws {
        let daemon = try DaemonProcess.started(
            Self.folderStream + "watch = \"poll\"\npoll_interval = 0.1\nfinished = \"delete\"\n")
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("the video") { daemon.exists("out/a.y4m") && !daemon.exists("in/a.gif") }
    }

    @Test func patternsTreesAndFoldersAreFollowed() throws {
        let daemon = try DaemonProcess.started(
            Self.folderStream + "recursive = true\ninclude = [\"*.gif\"]\nexclude = [\".*\", \"no*\", \"sub/skip/*\"]\n"
        )
        try FileManager.default.createDirectory(
            atPath: daemon.folder.path("new/deep"), withIntermediateDirectories: true)
        _ = try daemon.folder.write(ExampleGIF.drifting(frames: 2), to: "new/deep/in.gif")
        try FileManager.default.moveItem(atPath: daemon.folder.path("new"), toPath: "\(daemon.state)/in/new")
        try FileManager.default.createDirectory(
            atPath: "\(daemon.state)/in/sub/skip", withIntermediateDirectories: true)
        for name in ["in/sub/a.gif", "in/sub/skip/b.gif", "in/no.gif", "in/c.txt", "in/last.gif"] {
            try daemon.drop(ExampleGIF.drifting(frames: 2), name)
        }
        symlink("\(daemon.state)/in/c.txt", "\(daemon.state)/in/link.gif")
        try daemon.waitUntil("the wanted ones") {
            ["out/new/deep/in.y4m", "out/sub/a.y4m", "out/last.y4m"].allSatisfy { daemon.exists($0) }
        }
        usleep(500_000)
        #expect(try daemon.list("jobs").count == 3)
    }

    /// An encoder that fails twice is tried three times; a GIF that is none, once.
    @Test func passingFaultsAreTriedAgain() throws {
        let script = """
            #!/bin/bash
            cat > "$1.raw"; n=$(cat "$2" 2> /dev/null || echo 0); echo $((n + 1)) > "$2"
            ((n >= 2)) || { rm -f "$1.raw"; echo "disk full, says the encoder" >&2; exit 1; }
            mv "$1.raw" "$1"
            """
        let folder = try TemporaryFolder()
        let path = try folder.write(Array(script.utf8), to: "encoder")
        chmod(path, 0o755)
        let daemon = try DaemonProcess.started(
            Self.folderStream.replacingOccurrences(of: "encoder = \"y4m\"", with: "encoder = \"own\"")
                + "[encoder.own]\nextension = \"bin\"\nverify = \"none\"\nconfined = false\n"
                + "command = [\"\(path)\", \"{output}\", \"\(folder.path("count"))\"]\n"
        )
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.drop(Array("this is none".utf8), "in/b.gif")
        try daemon.waitUntil("the third attempt") { daemon.exists("out/a.bin") }
        try daemon.waitUntil("the end of both") { try Set(daemon.states()) == ["done", "failed"] }
        let jobs = try daemon.list("jobs")
        let good = try #require(jobs.first { $0["state"] as? String == "done" })
        let bad = try #require(jobs.first { $0["state"] as? String == "failed" })
        let reason = try #require(bad["error"] as? String)
        #expect(good["attempts"] as? Int == 3 && reason.hasSuffix("not a GIF") && bad["source"] as? String != nil)
        #expect(daemon.log.contains("disk full, says the encoder"))
    }

    /// A failed file comes back for another attempt, and goes where it belongs again.
    @Test func aFailedFileIsTriedAgainWhenAsked() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        for _ in 0..<2 {
            try daemon.drop(Array("this is none".utf8), "in/a.gif")
            try daemon.waitUntil("it has failed") { !daemon.exists("in/a.gif") }
        }
        try daemon.waitUntil("both have failed") { try daemon.states() == ["failed", "failed"] }
        #expect(daemon.exists("in/failed/a.gif") && daemon.exists("in/failed/a-2.gif.txt"))
        #expect(try daemon.command("retry", "2").status == 0)
        try daemon.waitUntil("it has failed again") {
            try daemon.json("show", "2")["attempts"] as? Int ?? 0 > 1 && daemon.states() == ["failed", "failed"]
        }
        #expect(daemon.exists("in/failed/a.gif.txt") && daemon.exists("in/failed/a-2.gif"))
        #expect(daemon.exists("in/failed/a-2.gif.txt") && !daemon.exists("in/a.gif"))
    }

    // MARK: Control

    @Test func jobsAreSubmittedFollowedPausedAndCancelled() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        let input = try daemon.folder.write(ExampleGIF.drifting(frames: 4), to: "my cat.gif")
        let waited = try daemon.command("submit", "--wait", "--stream", "drop", input)
        #expect(waited.status == 0 && daemon.exists("out/my cat.y4m"), "\(waited.errors)")
        let explicit = try daemon.command(
            "submit", "--wait", "--rate", "50", "-o", "\(daemon.state)/out/there.y4m", input)
        #expect(explicit.status == 0, "\(explicit.errors)")
        #expect(try daemon.pictures("out/there.y4m") == 8)
        let outside = try daemon.command("submit", "-o", daemon.folder.path("x.y4m"), input)
        #expect(
            outside.status == 2 && outside.errors.contains("x.y4m: gif2videod makes no video there: "),
            "\(outside.errors)")
        let missing = try daemon.command("submit", "--stream", "drop", "/no/such.gif")
        #expect(missing.status == 2 && missing.errors.contains("/no/such.gif: gif2videod cannot read it: No such file"))
        #expect(missing.errors.hasSuffix(" (PathNotReadable)\n"), "\(missing.errors)")

        #expect(try daemon.command("pause", "drop").status == 0)
        let number = try #require(try daemon.json("submit", "--stream", "drop", input)["job"] as? Int)
        usleep(300_000)
        #expect(try daemon.json("show", "\(number)")["state"] as? String == "queued")
        #expect(try daemon.list("streams")[0]["state"] as? String == "paused")
        #expect(try daemon.command("cancel", "\(number)").status == 0)
        #expect(try daemon.json("show", "\(number)")["state"] as? String == "cancelled")
        #expect(try daemon.command("cancel", "\(number)").errors.contains("job \(number) is cancelled, where this"))
        #expect(try daemon.command("retry", "\(number)").status == 0)
        // A pause holds over a restart.
        #expect(daemon.stop() == 0)
        try daemon.start()
        try daemon.waitUntilReady()
        usleep(300_000)
        #expect(try daemon.json("show", "\(number)")["state"] as? String == "queued")
        #expect(try daemon.command("resume").status == 0)
        try daemon.waitUntil("the resumed job") { try daemon.json("show", "\(number)")["state"] as? String == "done" }
        #expect(try daemon.command("show", "4711").errors.contains("gif2videod has no job 4711; 'gif2video jobs'"))
        let statistics = try daemon.json("stats")
        #expect(statistics["peakMemory"] as? Int ?? 0 > 0)
    }

    /// On a terminal these characters take two columns each.
    @Test func columnsStandBelowEachOtherWithWideCharacters() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        for name in ["a", "\u{732B}\u{1F408}\u{200D}\u{2B1B}"] {
            let input = try daemon.folder.write(ExampleGIF.drifting(frames: 2), to: "\(name).gif")
            #expect(try daemon.command("submit", "--wait", "--stream", "drop", input).status == 0)
        }
        let lines = String(decoding: try daemon.command("jobs").output, as: UTF8.self).split(separator: "\n")
        let places = lines.map {
            $0.distance(from: $0.startIndex, to: $0.range(of: "  ", options: .backwards)?.upperBound ?? $0.endIndex)
        }
        // The newest first; two wide characters stand before its last column.
        #expect(places.count == 3 && places[1] == places[0] - 2 && places[2] == places[0], "\(lines)")
    }

    @Test func aRateOrProfileThatWasSetStaysUntilItIsReset() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        #expect(try daemon.command("set", "drop", "--rate", "50").status == 0)
        let input = try daemon.folder.write(ExampleGIF.drifting(frames: 4), to: "a.gif")
        #expect(try daemon.command("submit", "--wait", "--stream", "drop", input).status == 0)
        #expect(try daemon.pictures("out/a.y4m") == 8)
        #expect(try daemon.command("set", "drop", "--rate", "default").status == 0)
        #expect(try daemon.list("streams")[0]["rate"] as? String == "25")
        #expect(try daemon.command("set", "drop", "--rate", "fast").errors.contains("expected a rate: source"))
        #expect(
            try daemon.command("set", "none", "--rate", "25").errors.contains("no stream none; 'gif2video streams'"))
        #expect(
            try daemon.command("play", "--stream", "drop", input).errors.contains(
                "the stream drop makes files and shows nothing"))
    }

    @Test func aReloadAppliesAllChangesOrNone() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        try daemon.configure(Self.folderStream.replacingOccurrences(of: "rate = \"25\"", with: "rte = \"50\""))
        let refused = try daemon.command("reload")
        #expect(refused.status == 2 && refused.errors.contains("stream[0].rte: there is no such key"))
        try daemon.configure(
            Self.folderStream.replacingOccurrences(of: "rate = \"25\"", with: "rate = \"50\"")
                + "[[stream]]\nname = \"more\"\nsource = \"folder\"\nfolder = \"in2\"\noutput = \"out2\"\n"
                + "encoder = \"rgb24\"\nprofile = \"none\"\nrate = \"source\"\n")
        #expect(try daemon.command("reload").status == 0)
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("the new folder") { daemon.exists("in2") }
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in2/b.gif")
        try daemon.waitUntil("both") { daemon.exists("out/a.y4m") && daemon.exists("out2/b.rgb24") }
        #expect(try daemon.pictures("out/a.y4m") == 6)
        // And by signal: the second stream goes.
        try daemon.configure(Self.folderStream)
        kill(daemon.processIdentifier, SIGHUP)
        try daemon.waitUntil("one stream") { try daemon.list("streams").count == 1 }
    }

    @Test func theMonitorReportsEventsAndProgress() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments = ["monitor", "--json"]
        process.environment = daemon.allEnvironment
        process.standardOutput = pipe
        try process.run()
        var text = ""
        func read(until word: String) throws {
            while !text.contains(word) {
                let data = pipe.fileHandleForReading.availableData
                try #require(!data.isEmpty)
                text += String(decoding: data, as: UTF8.self)
            }
        }
        try read(until: "following")
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try read(until: #""state":"done""#)
        let states = text.split(separator: "\n").compactMap { $0.firstMatch(of: /"state":"([a-z]+)"/)?.1 }
        #expect(states == ["queued", "running", "done"])
        process.terminate()
    }

    /// An idle client, and one that follows, do not hold the daemon up when it ends.
    @Test func idleClientsDoNotDelayTheEnd() throws {
        let daemon = try DaemonProcess.started(Self.folderStream)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments = ["monitor"]
        process.environment = daemon.allEnvironment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(300_000)
        let began = Date()
        #expect(daemon.stop() == 0)
        #expect(Date().timeIntervalSince(began) < 5)
        process.waitUntilExit()
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
    }

    /// A job that does not end in its time waits in the journal.
    @Test func stoppingPutsLongJobsBack() throws {
        let daemon = try DaemonProcess.started(
            Self.folderStream.replacingOccurrences(of: "[jobs]", with: "[jobs]\ndrain = 0.2")
                .replacingOccurrences(of: "profile = \"none\"", with: "profile = \"live\""))
        let long = ExampleGIF.drifting(width: 200, height: 200, delays: [Int](repeating: 4, count: 200))
        try daemon.drop(long, "in/long.gif")
        try daemon.waitUntil("it runs") { try daemon.states() == ["running"] }
        #expect(daemon.stop() == 0)
        try daemon.configure(Self.folderStream)
        try daemon.start()
        try daemon.waitUntil("it is done", seconds: 120) { daemon.exists("out/long.y4m") }
    }
}
