import Foundation
import TestSupport
import Testing

/// Descriptors, threads and watches that run out, floods, and jobs that take the daemon down.
@Suite(.serialized) struct ExhaustionTests {
    /// With room for a few files only, jobs wait for each other and lose no attempt.
    @Test func withFewDescriptorsJobsWait() throws {
        let daemon = try DaemonProcess(
            FolderStream.configuration("[jobs]\nworkers = 8\nretries = 0").replacingOccurrences(
                of: "encoder = \"y4m\"", with: "encoder = \"mkv\"") + """
                    [encoder.mkv]
                    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pixel_format", "{pixels}", "-video_size",
                        "{width}x{height}", "-framerate", "{rate}", "-i", "-", "-c:v", "ffv1", "{output}"]

                    """)
        daemon.setUp = "ulimit -n 40"
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/in", withIntermediateDirectories: true)
        for index in 0..<21 { try daemon.drop(ExampleGIF.drifting(frames: 12), "in/\(index).gif") }
        try daemon.start()
        try daemon.waitUntil("all are done", seconds: 180) {
            (0..<21).allSatisfy { daemon.exists("out/\($0).mkv") }
        }
        try daemon.waitUntil("it says so") { try daemon.list("jobs", "--state", "done", "--limit", "50").count == 21 }
        #expect(daemon.log.contains("Too many open files"), "the test never ran out of descriptors")
        #expect(daemon.stop() == 0)
        try FaultNotes.note(
            "descriptors run out (`ulimit -n 40`, 8 workers)", "jobs wait for each other and lose no attempt, done")
    }

    /// As a user of its own, who may have that many threads and no more.
    private static let isRoot = geteuid() == 0
    private func limited(_ threads: Int) -> [String] {
        // A user for each limit: nobody else's threads count.
        [
            "setpriv", "--reuid=\(64100 + threads)", "--regid=64123", "--clear-groups", "--inh-caps=-all", "prlimit",
            "--nproc=\(threads)",
        ]
    }

    @Test(.enabled(if: isRoot, "needs root, to become a user with a limit of threads"), arguments: [1, 3])
    func aProgramWithoutThreadsSaysSo(threads: Int) throws {
        let folder = try TemporaryFolder()
        chmod(folder.url.path, 0o777)
        let gif = try folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif")
        let result = try Tool.run(
            "env",
            limited(threads) + [
                Tool.gif2video, "convert", "--profile", "none", gif, "-o", folder.path("a.y4m"),
            ])
        #expect(
            result.status == 2 && result.errors.contains("cannot start a thread"), "\(result.status) \(result.errors)")
        #expect(try folder.contents == ["a.gif"])
    }

    @Test(.enabled(if: isRoot, "needs root, to become a user with a limit of threads"))
    func aDaemonWithoutThreadsDoesNotCrash() throws {
        // From too few to start with, over too few to work with, to enough.
        for threads in [1, 4, 8, 10, 12, 14, 40] {
            let daemon = try DaemonProcess(FolderStream.configuration("[jobs]\nretries = 0"))
            daemon.launcher = limited(threads)
            chmod(daemon.folder.url.path, 0o777)
            try FileManager.default.createDirectory(atPath: "\(daemon.state)/in", withIntermediateDirectories: true)
            for path in ["state", "state/gif2video", "state/gif2video/in"] { chmod(daemon.folder.path(path), 0o777) }
            try daemon.drop(ExampleGIF.drifting(frames: 2), "in/a.gif")
            chmod("\(daemon.state)/in/a.gif", 0o644)
            try daemon.start()
            usleep(1_500_000)
            if daemon.isRunning {
                if threads == 40 { try daemon.waitUntil("the video") { daemon.exists("out/a.y4m") } }
                #expect(!daemon.exists("in/failed"), "\(threads)")
                #expect(daemon.stop() == 0, "\(threads): \(daemon.log)")
            } else {
                #expect(daemon.stop() == 2 && daemon.log.contains("cannot start a thread"), "\(threads): \(daemon.log)")
            }
        }
        try FaultNotes.note(
            "threads run out (1 to 14 of them)", "the daemon says so and ends with status 2, or jobs wait")
    }

    /// No inotify instance is left: the folder is looked through instead.
    @Test func withoutInotifyFoldersArePolled() throws {
        guard try Tool.run("unshare", ["-Ur", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_instances"]).status == 0
        else {
            print("######## SKIPPED: no user namespace with limits of its own can be made here ########")
            return
        }
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]", "poll_interval = 0.2"))
        daemon.launcher = ["unshare", "-Ur"]
        daemon.setUp = "echo 0 > /proc/sys/user/max_inotify_instances"
        try daemon.start()
        try daemon.waitUntilReady()
        #expect(
            daemon.log.contains("no inotify instance is left")
                && daemon.log.contains("looking through the folder every 0.2 s"))
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/a.gif")
        try daemon.waitUntil("it is found") { daemon.exists("out/a.y4m") }
        #expect(daemon.stop() == 0)
    }

    /// Some hundred thousand bytes of beginnings of GIFs: they are one failed job, and the next GIF is made.
    @Test func aFloodOfRubbishIsOneFailedJob() throws {
        let daemon = try DaemonProcess.started(PipeStream.configuration())
        let writer = try daemon.openPipe()
        let rubbish = [UInt8](repeatElement(Array("GIF89a".utf8), count: 33_000).joined())
        let flood = Thread { try? writer.write(contentsOf: rubbish) }
        flood.start()
        try daemon.waitUntil("it is rubbish") {
            try daemon.list("jobs").first.flatMap { $0["error"] as? String }?.contains("times in a row") == true
        }
        try daemon.waitUntil("the flood is read") { flood.isFinished }
        // The pause after which the daemon listens again.
        usleep(1_500_000)
        try writer.write(contentsOf: ExampleGIF.drifting(frames: 5))
        try writer.close()
        try daemon.waitUntil("the GIF behind it") { try daemon.states().contains("done") }
        #expect(try daemon.list("jobs").count == 2 && daemon.list("jobs")[0]["job"] as? Int ?? 99 < 20)
    }

    // MARK: Crashes

    /// SIGILL is how a Swift program ends at a fault of its own. The job is taken for its cause the second time.
    @Test func aJobThatTakesTheDaemonDownTwiceIsPutAside() throws {
        let daemon = try DaemonProcess.started(
            FolderStream.configuration().replacingOccurrences(of: "\"y4m\"", with: "\"waits\"") + """
                [encoder.waits]
                extension = "bin"
                verify = "none"
                confined = false
                command = ["bash", "-c", 'cat > "$0"; while [[ -e /proc/$PPID/exe ]]; do sleep 0.05; done', "{output}"]

                """)
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/a.gif")
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/b.gif")
        try daemon.waitUntil("both run") { try daemon.states() == ["running", "running"] }
        #expect(daemon.stop(SIGILL) != 0)
        // A kill from outside is nobody's fault.
        for _ in 0..<3 {
            try daemon.start()
            try daemon.waitUntilReady()
            try daemon.waitUntil("one runs, alone") { try daemon.states().sorted() == ["queued", "running"] }
            daemon.kill9()
        }
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("one runs, alone") { try daemon.states().sorted() == ["queued", "running"] }
        #expect(daemon.stop(SIGSEGV) != 0)
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("it is put aside") { try daemon.states().contains("failed") }
        let failed = try #require(try daemon.list("jobs", "--state", "failed").first)
        #expect(
            (failed["error"] as? String)?.contains("the daemon crashed 2 times while it worked on it (signal 11)")
                == true)
        try daemon.waitUntil("the other runs") { try daemon.states().sorted() == ["failed", "running"] }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/in/failed").count == 2)
    }

    /// Rates whose fractions grew until they did not fit a number any more.
    @Test func oddRatesAreTakenOrRefusedAndCrashNothing() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        let long = try daemon.folder.write(
            ExampleGIF.drifting(delays: [Int](repeating: 997, count: 40)), to: "long.gif")
        for rate in ["9.99999999", "29.9700299", "0.00000001", "999.999999", "1000000000/1000000", "999999937/999983"] {
            _ = try daemon.command("submit", "--stream", "drop", "--rate", rate, long)
            _ = try daemon.command("set", "drop", "--rate", rate)
        }
        #expect(try daemon.command("set", "drop", "--rate", "29.9700299").status == 0)
        try daemon.drop(ExampleGIF.drifting(delays: [997, 3, 41]), "in/a.gif")
        try daemon.waitUntil("all have ended", seconds: 240) {
            try !daemon.states().contains { $0 == "queued" || $0 == "running" }
        }
        #expect(daemon.isRunning && daemon.exists("out/a.y4m"))
        #expect(try daemon.states().allSatisfy { $0 == "done" })
    }

    /// The file gets other frame times while it is restored: it is read again when it is left alone.
    @Test func anEditInPlaceOfAGIFThatIsRestoredIsReadAgain() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess.started(
            FolderStream.configuration("[jobs]", "settle = 0.2\nrate = \"source\"")
                .replacingOccurrences(of: "settle = 0.2\noutput", with: "output")
                .replacingOccurrences(of: "rate = \"25\"\n", with: "")
                .replacingOccurrences(of: "\"y4m\"", with: "\"slow\"") + """
                    [encoder.slow]
                    extension = "bin"
                    verify = "none"
                    command = ["bash", "-c", 'head -c 4608 > "$0"; until [[ -e $1 ]]; do sleep 0.05; done; cat >> "$0"', "{output}",
                        "\(folder.path("go"))"]

                    """)
        try daemon.drop(ExampleGIF.drifting(delays: [Int](repeating: 10, count: 60)), "in/a.gif")
        try daemon.waitUntil("it runs") { try daemon.states() == ["running"] }
        try daemon.waitUntil("the encoder has its first picture") {
            (try? FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out"))?.isEmpty == false
        }
        // As many bytes as before, and other times.
        let file = try #require(FileHandle(forWritingAtPath: "\(daemon.state)/in/a.gif"))
        try file.write(contentsOf: ExampleGIF.drifting(delays: [Int](repeating: 7, count: 60)))
        try file.close()
        _ = try folder.write([], to: "go")
        try daemon.waitUntil("the new version is done") { try daemon.states().first == "done" }
        #expect(daemon.isRunning)
        let pictures = try FileManager.default.attributesOfItem(atPath: "\(daemon.state)/out/a.bin")[.size] as? Int
        #expect(pictures == 60 * 48 * 32 * 3)
    }

    // MARK: Full disks

    /// A video that is cut short is none: the original stays until there is a whole one.
    @Test func aFullDiskCostsNoOriginal() throws {
        let daemon = try DaemonProcess(
            FolderStream.configuration("[jobs]\nretries = 100", "finished = \"delete\"")
                .replacingOccurrences(of: "encoder = \"y4m\"", with: "encoder = \"mp4\""))
        let out = "\(daemon.state)/out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let mounted = try Tool.run("mount", ["-t", "tmpfs", "-o", "size=12k", "none", out])
        guard mounted.status == 0 else {
            print("######## SKIPPED: no file system can be mounted here: \(mounted.errors) ########")
            return
        }
        defer { _ = try? Tool.run("umount", ["-l", out]) }
        try daemon.start()
        try daemon.waitUntilReady()
        // Noise, which no encoder makes small.
        var random = SplitMix64(seed: 1)
        let palette = (0..<256 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
        let images = (0..<40).map { _ in
            GIFImage(
                width: 64, height: 48, indices: (0..<64 * 48).map { _ in UInt8.random(in: 0...255, using: &random) }
            )
            .with { $0.delay = 4 }
        }
        try daemon.drop(GIFWriter.gif(width: 64, height: 48, palette: palette, images: images), "in/a.gif")
        try daemon.waitUntil("several attempts") {
            try (daemon.list("jobs").first?["attempts"] as? Int ?? 0) >= 3
        }
        #expect(daemon.exists("in/a.gif") && !daemon.exists("out/a.mp4"))
        #expect(try Tool.run("mount", ["-o", "remount,size=20m", out]).status == 0)
        try daemon.waitUntil("there is room") { try daemon.states() == ["done"] }
        #expect(daemon.exists("out/a.mp4") && !daemon.exists("in/a.gif"))
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0",
                "\(out)/a.mp4",
            ])
        #expect(String(decoding: probe.output, as: UTF8.self).hasPrefix("40"))
    }
}
