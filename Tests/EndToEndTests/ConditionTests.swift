import Foundation
import TestSupport
import Testing

/// Faults around the daemon that last for a while, or come from others: encoders, disks, memory, the clock, models. Each GIF becomes
/// one whole video in the end. With `make test-faults` they are written down for docs/reliability.md.
@Suite(.serialized) struct ConditionTests {
    /// A program that does `fault` with its first video, and makes every other one. Its words: 1 to 5 the pictures' format, width,
    /// height and rate, and the output.
    private struct Encoder {
        let folder: TemporaryFolder
        let stream: String

        init(_ fault: String) throws {
            folder = try TemporaryFolder()
            let script = """
                #!/bin/bash
                encode() { ffmpeg -v error -f rawvideo -pixel_format $1 -video_size $2x$3 -framerate $4 -i - -c:v ffv1 "$5"; }
                [[ -e \(folder.path("tried")) ]] || { touch \(folder.path("tried")); \(fault); }
                encode "$@"
                """
            let path = try folder.write(Array(script.utf8), to: "encoder")
            chmod(path, 0o755)
            stream =
                FolderStream.configuration("[jobs]\nstall_limit = 5", "finished = \"move\"")
                .replacingOccurrences(of: "\"y4m\"", with: "\"faulty\"") + """
                    [encoder.faulty]
                    extension = "mkv"
                    confined = false
                    command = ["\(path)", "{pixels}", "{width}", "{height}", "{rate}", "{output}"]

                    """
        }
    }

    /// A job whose first attempt ends badly, and whose second one is good.
    private func requireSecondAttempt(_ daemon: DaemonProcess) throws {
        try daemon.drop(ExampleGIF.drifting(frames: 30), "in/a.gif")
        try daemon.waitUntil("the job's end") { try daemon.states() == ["done"] }
        #expect(try daemon.json("show", "1")["attempts"] as? Int == 2, "\(daemon.log)")
        try requireWhole(daemon, ["a.mkv"])
        #expect(daemon.stop() == 0)
    }

    /// The videos are there and nothing else, and the originals lie in `done`.
    private func requireWhole(_ daemon: DaemonProcess, _ videos: [String]) throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out").sorted() == videos)
        for video in videos {
            let original = "in/done/\(video.prefix { $0 != "." }).gif"
            try daemon.waitUntil("the original in done") { daemon.exists(original) }
        }
    }

    // MARK: Encoders

    @Test(arguments: [
        ("dies", "exit 7"), ("is killed", "kill -KILL $$"),
        ("dies in the midst of the pictures", "head -c 30000 > /dev/null; exit 1"),
        ("hangs", "sleep 1000"), ("is stopped (SIGSTOP)", "kill -STOP $$"),
        ("writes garbage and ends well", "cat > /dev/null; head -c 5000 /dev/urandom > \"$5\"; exit 0"),
        ("leaves pictures out and ends well", "head -c 46080 | encode \"$@\"; cat > /dev/null; exit 0"),
        ("writes nothing and ends well", "cat > /dev/null; exit 0"),
    ])
    func anEncoderThatFailsIsTriedAgain(name: String, fault: String) throws {
        let encoder = try Encoder(fault)
        try requireSecondAttempt(try .started(encoder.stream))
        let isStill = name.hasPrefix("hangs") || name.contains("SIGSTOP")
        let noticed = isStill ? "killed after `stall_limit`" : "noticed"
        try FaultNotes.note("an encoder \(name)", "\(noticed), tried again, done")
    }

    /// The encoder takes more than the control group has. (The limit of the daemon's unit works in the same way.)
    @Test func anEncoderWithoutMemoryIsTriedAgain() throws {
        let group = "/sys/fs/cgroup/memory/gif2video-\(getpid())"
        let isUnified = !FileManager.default.fileExists(atPath: "/sys/fs/cgroup/memory")
        let place = isUnified ? "/sys/fs/cgroup/gif2video-\(getpid())" : group
        let limit = isUnified ? "memory.max" : "memory.limit_in_bytes"
        let set = "mkdir \(place) && echo 400M > \(place)/\(limit)"
        guard try Tool.run("/bin/bash", ["-c", set]).status == 0 else {
            _ = try Tool.run("/bin/bash", ["-c", "rmdir \(place)"])
            print("######## SKIPPED: no control group with a limit of memory can be made here ########")
            return
        }
        let encoder = try Encoder("python3 -c 'bytearray(b\"a\" * (1 << 30))'; exit 1")
        let daemon = try DaemonProcess(encoder.stream)
        daemon.setUp = "echo $$ > \(place)/cgroup.procs"
        defer {
            daemon.kill9()
            _ = try? Tool.run("/bin/bash", ["-c", "sleep 0.5; rmdir \(place)"])
        }
        try daemon.start()
        try daemon.waitUntilReady()
        try requireSecondAttempt(daemon)
        let kills = try Tool.run(
            "/bin/bash", ["-c", "grep -h oom_kill \(place)/memory.oom_control \(place)/memory.events 2> /dev/null"])
        #expect(!String(decoding: kills.output, as: UTF8.self).contains("oom_kill 0"), "memory did not run out")
        try FaultNotes.note(
            "the memory of the control group runs out (`MemoryMax`)", "the kernel kills the encoder; tried again, done")
    }

    // MARK: Disks

    /// A file system that became read-only, as after an error on the disk.
    @Test func anOutputFolderThatIsReadOnlyIsWaitedFor() throws {
        let daemon = try DaemonProcess(FolderStream.configuration("[jobs]\nretries = 100", "finished = \"move\""))
        let out = "\(daemon.state)/out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        guard try Tool.run("/bin/bash", ["-c", "mount -t tmpfs -o size=2m,ro,mode=755 none '\(out)'"]).status == 0
        else {
            print("######## SKIPPED: no file system can be mounted here ########")
            return
        }
        defer { _ = try? Tool.run("/bin/bash", ["-c", "umount -l '\(out)'"]) }
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("it is said") { daemon.log.contains("Read-only file system") }
        #expect(try Tool.run("/bin/bash", ["-c", "mount -o remount,rw '\(out)'"]).status == 0)
        try daemon.waitUntil("the job's end") { try daemon.states() == ["done"] }
        try requireWhole(daemon, ["a.y4m"])
        #expect(daemon.stop() == 0)
        try FaultNotes.note("the output folder is read-only", "jobs are tried again until it can be written, done")
    }

    // MARK: The clock

    /// The time of day goes a year and more ahead, back to before the start, and so on, while jobs wait for their next attempt.
    @Test func aClockThatStepsLosesNothing() throws {
        let shim = try FaultShim()
        let folder = try TemporaryFolder()
        let encoder = try Encoder("exit 1")
        let daemon = try DaemonProcess(encoder.stream)
        let clock = folder.path("clock")
        daemon.environment = shim.environment(of: daemon, .kill, at: 0).merging(["FAULT_CLOCK": clock]) { $1 }
        try daemon.start()
        try daemon.waitUntilReady()
        let steps = [400 * 86400, -400 * 86400, 3600, -3600, 90000, -90000, 0]
        for (number, seconds) in steps.enumerated() {
            try Data("\(seconds)".utf8).write(to: URL(fileURLWithPath: clock), options: .atomic)
            // The first attempt of each fails.
            try? FileManager.default.removeItem(atPath: encoder.folder.path("tried"))
            try daemon.drop(ExampleGIF.drifting(frames: 3), "in/\(number).gif")
            try daemon.waitUntil("the video after a step to \(seconds)") { daemon.exists("out/\(number).mkv") }
        }
        try daemon.waitUntil("all are done") { try Set(daemon.states()) == ["done"] }
        #expect(try daemon.list("jobs").allSatisfy { $0["attempts"] as? Int == 2 })
        try requireWhole(daemon, steps.indices.map { "\($0).mkv" })
        #expect(daemon.stop() == 0)
        try FaultNotes.note(
            "the clock steps: an hour, a day, 400 days, ahead and back", "attempts come when they are due; done")
    }

    // MARK: Models

    @Test(arguments: [
        "is missing", "is cut short", "has other bytes in its header", "is empty", "is a folder",
    ])
    func aModelFileThatIsBrokenIsWaitedFor(_ fault: String) throws {
        let folder = try TemporaryFolder()
        let models = folder.path("models")
        try FileManager.default.copyItem(atPath: Tool.root.appendingPathComponent("Models").path, toPath: models)
        let file = URL(fileURLWithPath: "\(models)/live/ccdnet-none.safetensors")
        let bytes = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        switch fault {
        case "is missing": break
        case "is cut short": try bytes.prefix(bytes.count / 2).write(to: file)
        case "has other bytes in its header":
            try (bytes.prefix(20) + Data(count: 50) + bytes.dropFirst(70)).write(to: file)
        case "is empty": try Data().write(to: file)
        default: try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        }
        let daemon = try DaemonProcess(
            FolderStream.configuration("[jobs]\nretries = 100", "finished = \"move\"")
                .replacingOccurrences(of: "profile = \"none\"", with: "profile = \"live\""),
            arguments: ["--models", models])
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("it is said") {
            daemon.log.contains("models/live") && daemon.log.contains("trying again")
        }
        #expect(try daemon.states() != ["done"] && !daemon.exists("out/a.y4m"))
        try? FileManager.default.removeItem(at: file)
        try bytes.write(to: file)
        try daemon.waitUntil("the job's end") { try daemon.states() == ["done"] }
        try requireWhole(daemon, ["a.y4m"])
        #expect(daemon.stop() == 0)
        try FaultNotes.note("a model file \(fault)", "the log names it; jobs are tried again until it is there, done")
    }
}
