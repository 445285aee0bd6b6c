import Foundation
import TestSupport
import Testing

/// Faults around the daemon: encoders that hang, full disks, file systems that tell nothing, too much at once.
@Suite(.serialized) struct FaultTests {
    private static func folderStream(_ jobs: String = "", _ stream: String = "") -> String {
        FolderStream.configuration("[jobs]\n\(jobs)", stream)
    }

    /// Hangs with its first video, and makes the others.
    private static let hangingEncoder = """
        [encoder.hangs]
        extension = "bin"
        verify = "none"
        confined = false
        command = ["bash", "-c", '[[ -e $1 ]] && exec cat > "$0"; touch "$1"; sleep 1000', "{output}", "/FOLDER/tried"]

        """

    private func hangingEncoder(_ folder: TemporaryFolder) -> String {
        Self.hangingEncoder.replacingOccurrences(of: "/FOLDER", with: folder.url.path)
    }

    // MARK: Encoders

    /// It is killed, and the job is tried again.
    @Test func anEncoderThatHangsIsKilled() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess.started(
            Self.folderStream("stall_limit = 1").replacingOccurrences(of: "\"y4m\"", with: "\"hangs\"")
                + hangingEncoder(folder))
        try daemon.drop(ExampleGIF.drifting(frames: 30), "in/a.gif")
        try daemon.waitUntil("the second attempt") { daemon.exists("out/a.bin") }
        #expect(daemon.log.contains("nothing happened for 1 s; trying again"))
        try daemon.waitUntil("the end") { try daemon.states() == ["done"] }
        #expect(try daemon.json("show", "1")["attempts"] as? Int == 2)
    }

    /// A GIF from a pipe cannot be tried again: it has failed, and the next GIF is made. A writer that takes its time
    /// is no fault meanwhile.
    @Test func anEncoderOfAPipeThatHangsIsKilled() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess.started(
            PipeStream.configuration("[jobs]\nstall_limit = 1", encoder: "hangs") + hangingEncoder(folder))
        let writer = try daemon.openPipe()
        try writer.write(contentsOf: ExampleGIF.drifting(frames: 30))
        try daemon.waitUntil("the first has failed") { try daemon.states() == ["failed"] }
        #expect(try daemon.json("show", "1")["error"] as? String == "nothing happened for 1 s")
        let pieces = ExampleGIF.pieces(delays: [4, 4, 4])
        try writer.write(contentsOf: pieces[0...1].flatMap(\.self))
        usleep(3_000_000)
        try writer.write(contentsOf: pieces[2...].flatMap(\.self))
        try writer.close()
        try daemon.waitUntil("the second") { try daemon.states() == ["done", "failed"] }
        #expect(daemon.exists("out/pipe-2.bin") && !daemon.exists("out/pipe-1.bin"))
    }

    @Test func aGIFFromAPipeCanBeCancelled() throws {
        let daemon = try DaemonProcess.started(PipeStream.configuration())
        let writer = try daemon.openPipe()
        let pieces = ExampleGIF.pieces(delays: [4, 4, 4])
        try writer.write(contentsOf: pieces[0...1].flatMap(\.self))
        try daemon.waitUntil("it runs") { try daemon.states() == ["running"] }
        #expect(try daemon.command("cancel", "1").status == 0)
        try daemon.waitUntil("its end") { try daemon.states() == ["cancelled"] }
        // The rest of it is passed over.
        try writer.write(contentsOf: pieces[2...].flatMap(\.self))
        try writer.write(contentsOf: ExampleGIF.drifting(frames: 5))
        try writer.close()
        try daemon.waitUntil("the next") { try daemon.states() == ["done", "cancelled"] }
        #expect(try daemon.pictures("out/pipe-2.y4m") == 5 && !daemon.exists("out/pipe-1.y4m"))
    }

    // MARK: Folders

    /// More changes than the kernel keeps: those it lost are found by looking.
    @Test func anOverflowLosesNothing() throws {
        let daemon = try DaemonProcess.started(Self.folderStream())
        try daemon.waitUntil("the folder") { daemon.exists("in") }
        usleep(300_000)
        let text = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
        let limit = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(daemon.processIdentifier, SIGSTOP)
        for number in 0...limit { close(creat("\(daemon.state)/in/.\(number)", 0o600)) }
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/late.gif")
        kill(daemon.processIdentifier, SIGCONT)
        try daemon.waitUntil("the late file") { daemon.exists("out/late.y4m") }
        #expect(daemon.log.contains("too many changes at once"))
        try FaultNotes.note("inotify overflows", "the folder is looked through, done")
    }

    /// A folder of another machine: what is written there raises no event here. Found without being told to poll.
    @Test func aFolderOfAnotherMachineIsPolled() throws {
        let daemon = try DaemonProcess(
            // Nobody sees the writer close it: pauses have to be shorter.
            Self.folderStream("", "poll_interval = 0.2").replacingOccurrences(of: "settle = 0.2", with: "settle = 1.5"))
        for folder in ["in", "there"] {
            try FileManager.default.createDirectory(
                atPath: "\(daemon.state)/\(folder)", withIntermediateDirectories: true)
        }
        // bindfs stays, and would keep Foundation waiting for the descriptors that its children inherit.
        let mount = """
            which bindfs > /dev/null || exit 1
            ( for number in {3..255}; do eval "exec $number>&-"; done; exec bindfs "$0/there" "$0/in" )
            """
        guard try Tool.run("/bin/bash", ["-c", mount, daemon.state]).status == 0 else {
            print("######## SKIPPED: no FUSE file system can be mounted here (bindfs, /dev/fuse) ########")
            return
        }
        defer { _ = try? Tool.run("/bin/bash", ["-c", "umount -l '\(daemon.state)/in'"]) }
        try daemon.start()
        try daemon.waitUntilReady()
        usleep(500_000)
        for frames in [3, 5] {
            try daemon.drop(ExampleGIF.drifting(frames: frames), "there/\(frames).gif")
            try daemon.waitUntil("the video") { daemon.exists("out/\(frames).y4m") }
            #expect(try daemon.pictures("out/\(frames).y4m") == frames)
        }
        // Written on the spot, slowly, and dropped again.
        let bytes = ExampleGIF.drifting(frames: 7)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(daemon.state)/there/5.gif"))
        try file.truncate(atOffset: 0)
        for start in stride(from: 0, to: bytes.count, by: bytes.count / 4) {
            try file.write(contentsOf: bytes[start..<min(start + bytes.count / 4, bytes.count)])
            usleep(150_000)
        }
        try file.close()
        try daemon.waitUntil("its new version") { try daemon.pictures("out/5.y4m") == 7 }
        #expect(daemon.stop() == 0)
    }

    // MARK: Disks

    /// Journal and videos on a disk that is full: nothing is lost, nothing is half there, a kill included.
    @Test func aFullDiskIsWaitedFor() throws {
        let daemon = try DaemonProcess(Self.folderStream("retries = 100"))
        try FileManager.default.createDirectory(atPath: daemon.state, withIntermediateDirectories: true)
        let mounted = try Tool.run(
            "/bin/bash", ["-c", "mount -t tmpfs -o size=2m,mode=755 none '\(daemon.state)'"]
        )
        guard mounted.status == 0 else {
            print("######## SKIPPED: no file system can be mounted here: \(mounted.errors) ########")
            return
        }
        defer { _ = try? Tool.run("/bin/bash", ["-c", "umount -l '\(daemon.state)'"]) }
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("the folder") { daemon.exists("in") }
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/before.gif")
        try daemon.waitUntil("it is done") { try daemon.states() == ["done"] }
        let gif = ExampleGIF.drifting(frames: 40)
        for round in 0..<2 {
            try daemon.drop(gif, "in/\(round).gif.part")
            let filling = "dd if=/dev/zero of='\(daemon.state)/filler' bs=4096 2> /dev/null"
            #expect(try Tool.run("/bin/bash", ["-c", filling]).status != 0)
            rename("\(daemon.state)/in/\(round).gif.part", "\(daemon.state)/in/\(round).gif")
            try daemon.waitUntil("the disk is complained about") {
                daemon.log.matches(of: #/No space left|disk is full/#).count > round
            }
            usleep(500_000)
            #expect(!daemon.exists("out/\(round).y4m"))
            if round == 1 {
                daemon.kill9()
                try daemon.start()
            }
            unlink("\(daemon.state)/filler")
            try daemon.waitUntil("the video") { daemon.exists("out/\(round).y4m") }
            #expect(try daemon.pictures("out/\(round).y4m") == 40)
        }
        try daemon.waitUntilReady()
        try daemon.waitUntil("the end of all") { try daemon.states() == ["done", "done", "done"] }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out")
        #expect(names.sorted() == ["0.y4m", "1.y4m", "before.y4m"])
        #expect(daemon.stop() == 0)
        try FaultNotes.note("the disk is full, journal included", "jobs wait until it has room, done")
    }
}
