import Foundation
import TestSupport
import Testing

/// `gif2video convert` and `compare` on full disks, with encoders that fail or hang, and when they are ended.
@Suite struct ConvertFaultTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func convert(
        _ input: String, _ output: String, _ more: String..., environment: [String: String] = [:]
    ) throws -> Tool.Result {
        try Tool.run(
            Tool.gif2video, ["convert", "-q", "--profile", "none", input, "-o", output] + more, environment: environment
        )
    }

    /// Frames that hardly compress.
    private func noisyGIF(frames: Int, width: Int = 64, height: Int = 48) throws -> String {
        var random = SplitMix64(seed: 1)
        let palette = (0..<64).flatMap { (index: Int) -> [UInt8] in
            [UInt8(index * 4), UInt8(index * 3), UInt8(255 - index * 4)]
        }
        let images = (0..<frames).map { (frame: Int) -> GIFImage in
            let indices = (0..<width * height).map { (pixel: Int) -> UInt8 in
                UInt8((pixel % width + pixel / width + frame * 2 + Int(random.next() % 8)) % 64)
            }
            return GIFImage(width: width, height: height, indices: indices).with { $0.delay = 4 }
        }
        return try folder.write(
            GIFWriter.gif(width: width, height: height, palette: palette, images: images), to: "in.gif")
    }

    private func size(_ name: String) throws -> Int { try folder.read(name).count }

    // MARK: Full disks

    /// The disk holds the video's first part, or all but its end: the trailer, an index, the last flush.
    @Test(
        .enabled(if: SmallDisk.isAvailable, "needs the right to mount: root, or user namespaces"),
        arguments: ["mp4", "mkv", "webm", "y4m"], [10, 100])
    func aFullDiskLeavesNothing(kind: String, frames: Int) throws {
        let gif = try noisyGIF(frames: frames)
        try #require(try convert(gif, folder.path("out.\(kind)")).status == 0)
        let pages = try (size("out.\(kind)") - 1) / 4096
        try #require(pages > 0)
        let disk = folder.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        for pages in Set([pages, pages - 1, (pages + 1) / 2, 1]).filter({ $0 > 0 }) {
            let result = try SmallDisk.run(
                Tool.gif2video, ["convert", "-q", "--profile", "none", gif, "-o", "\(disk)/out.\(kind)"], disk: disk,
                kibibytes: pages * 4)
            #expect(result.status == 2, "\(pages) pages: \(result)")
            #expect(result.contents.isEmpty, "\(pages) pages: \(result)")
            #expect(result.errors.contains("out.\(kind): "), "\(pages) pages: \(result)")
        }
    }

    /// ffmpeg 5.1 without -xerror: only the check of the video tells.
    @Test(
        .enabled(if: SmallDisk.isAvailable, "needs the right to mount: root, or user namespaces"),
        arguments: ["mp4", "mkv", "webm"])
    func aFullDiskIsSeenThoughTheEncoderDoesNotTell(kind: String) throws {
        let gif = try noisyGIF(frames: 8)
        try #require(try convert(gif, folder.path("out.\(kind)")).status == 0)
        let pages = try (size("out.\(kind)") - 1) / 4096
        let path = try fakePath(
            ffmpeg: """
                words=()
                for word; do [ "$word" = -xerror ] || words+=("$word"); done
                PATH=${PATH#*:} ffmpeg "${words[@]}" || true
                """)
        let disk = folder.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let result = try SmallDisk.run(
            Tool.gif2video, ["convert", "-q", "--profile", "none", gif, "-o", "\(disk)/out.\(kind)"], disk: disk,
            kibibytes: pages * 4, environment: path)
        #expect(result.status == 2 && result.contents.isEmpty, "\(result)")
        #expect(result.errors.contains("not whole: "), "\(result)")
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount: root, or user namespaces"))
    func aSheetOnAFullDiskLeavesNothing() throws {
        let gif = try folder.write(ExampleGIF.drifting(width: 96, height: 64, delays: [8, 8, 8]), to: "in.gif")
        let sheet = ["compare", gif, "--profile", "live", "--zoom", "4", "-o"]
        try #require(try Tool.run(Tool.gif2video, sheet + [folder.path("sheet.png")]).status == 0)
        let pages = try (size("sheet.png") - 1) / 4096
        try #require(pages > 0)
        let disk = folder.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        for pages in Set([pages, 1]) {
            let result = try SmallDisk.run(
                Tool.gif2video, sheet + ["\(disk)/sheet.png"], disk: disk, kibibytes: pages * 4)
            #expect(result.status == 2 && result.contents.isEmpty, "\(result)")
            #expect(result.errors.contains("sheet.png: ") && result.errors.contains("No space left"), "\(result)")
        }
    }

    // MARK: Encoders

    /// PATH with a folder first, that holds an `ffmpeg` of Bash.
    private func fakePath(ffmpeg script: String) throws -> [String: String] {
        let programs = folder.path("programs")
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        try Data("#!/bin/bash\n\(script)\n".utf8).write(to: URL(fileURLWithPath: "\(programs)/ffmpeg"))
        chmod("\(programs)/ffmpeg", 0o755)
        return ["PATH": "\(programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"]
    }

    private func videoGIF() throws -> String { try folder.write(ExampleGIF.drifting(frames: 30), to: "in.gif") }

    @Test func anEncoderThatWritesRubbishAndEndsWellIsCaught() throws {
        let path = try fakePath(ffmpeg: #"cat > /dev/null; head -c 50000 /dev/zero > "${!#}""#)
        let result = try convert(videoGIF(), folder.path("out.mp4"), environment: path)
        #expect(result.status == 2 && result.errors.contains("out.mp4: not whole: ffprobe: "), "\(result.errors)")
        #expect(!result.errors.contains("verify"), "convert has no configuration to change")
        #expect(try folder.contents == ["in.gif", "programs"])
    }

    @Test func anEncoderThatHangsIsEnded() throws {
        let path = try fakePath(ffmpeg: "sleep 10000")
        let result = try convert(videoGIF(), folder.path("out.mp4"), "--stall-limit", "1", environment: path)
        #expect(result.status == 2)
        #expect(result.errors.contains("ffmpeg took no picture for 1 s and was ended"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif", "programs"])
        #expect(try convert(videoGIF(), folder.path("out.mp4"), "--stall-limit", "0").status == 64)
    }

    @Test func anFFmpegWithoutTheEncoderIsNamed() throws {
        let path = try fakePath(ffmpeg: "cat > /dev/null; echo \"Unknown encoder 'libx264'\" >&2; exit 1")
        let result = try convert(videoGIF(), folder.path("out.mp4"), environment: path)
        #expect(result.status == 2)
        #expect(
            result.errors.hasSuffix(
                "ffmpeg: Unknown encoder 'libx264'; this ffmpeg was built without it, and 'ffmpeg -encoders' lists what "
                    + "it has\n"), "\(result.errors)")
    }

    @Test func withoutFFprobeItSaysSo() throws {
        _ = try fakePath(ffmpeg: "cat > /dev/null")
        let result = try convert(
            videoGIF(), folder.path("out.mp4"), environment: ["PATH": "\(folder.path("programs"))"])
        #expect(result.status == 2)
        #expect(result.errors.contains("ffprobe: it is not installed (on Debian: apt-get install ffmpeg)"))
    }

    /// Only what is in absolute folders of PATH is run.
    @Test func aProgramOfTheWorkingFolderIsNotRun() throws {
        _ = try fakePath(ffmpeg: "touch \(folder.path("was-run"))")
        let script = "cd \(folder.path("programs")); PATH=.: exec \"$@\""
        let result = try Tool.run(
            "/bin/bash",
            [
                "-c", script, "bash", Tool.gif2video, "convert", "--profile", "none", try videoGIF(), "-o",
                folder.path("out.mp4"),
            ])
        #expect(result.status == 2 && result.errors.contains("not installed"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif", "programs"])
    }

    /// With every number of descriptors it either works or says that there are too few, and leaves nothing.
    @Test func fewDescriptorsAreAnErrorThatSaysSo() throws {
        let gif = try videoGIF()
        var statuses: Set<Int32> = []
        for limit in 8...32 {
            let result = try Tool.run(
                "/bin/bash",
                [
                    "-c", "ulimit -n \(limit); exec \"$@\"", "bash", Tool.gif2video, "convert", "-q", "--profile",
                    "none",
                    gif, "-o", folder.path("out.mkv"),
                ])
            statuses.insert(result.status)
            if result.status == 0 {
                try FileManager.default.removeItem(atPath: folder.path("out.mkv"))
            } else {
                #expect(result.status == 2, "\(limit) descriptors: \(result.errors)")
                // OpenBLAS and the like may say it in their own words.
                #expect(result.errors.contains("gif2video: "), "\(limit) descriptors: \(result.errors)")
            }
            #expect(try folder.contents == ["in.gif"], "\(limit) descriptors: \(result.errors)")
        }
        #expect(statuses == [0, 2])
    }

    /// Each failure gives back what it took.
    @Test func manyFailuresInARowNeedNoMoreDescriptors() throws {
        let path = try fakePath(ffmpeg: "echo no mood >&2; exit 1")
        let gifs = try (0..<40).map { try folder.write(ExampleGIF.drifting(frames: 2), to: "\($0).gif") }
        let result = try Tool.run(
            "/bin/bash",
            [
                "-c", "ulimit -n 40; exec \"$@\"", "bash", Tool.gif2video, "convert", "-q", "--profile", "none",
                "-o", folder.path("videos") + "/",
            ] + gifs, environment: path)
        #expect(result.status == 2)
        #expect(result.errors.components(separatedBy: "no mood").count == 41, "\(result.errors)")
    }

    // MARK: Outputs that are no files

    @Test func onlyRegularFilesAreReplaced() throws {
        let gif = try videoGIF()
        try #require(mkfifo(folder.path("fifo.y4m"), 0o600) == 0)
        symlink("/dev/null", folder.path("null.mp4"))
        for name in ["fifo.y4m", "null.mp4"] {
            let result = try convert(gif, folder.path(name))
            #expect(result.status == 2 && result.errors.contains("\(name): no regular file"), "\(result.errors)")
        }
        let sheet = try Tool.run(Tool.gif2video, ["compare", "--profile", "live", gif, "-o", "/dev/stdout"])
        #expect(sheet.status == 2 && sheet.errors.contains("/dev/stdout: "), "\(sheet.errors)")
        #expect(try folder.contents == ["fifo.y4m", "in.gif", "null.mp4"])
    }

    // MARK: Signals

    /// A conversion that goes on until it is ended.
    private func running(
        _ name: String, through shell: String? = nil, environment: [String: String] = [:]
    ) throws -> Process {
        let gif = try folder.write(
            ExampleGIF.drifting(width: 320, height: 240, delays: [Int](repeating: 400, count: 80)), to: "in.gif")
        let command = [Tool.gif2video, "convert", "-q", gif, "-o", folder.path(name)]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "\(shell ?? ":"); exec \"$@\"", "bash"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// The child of a process that runs a program of this name, once there is one. Encoders may write no file that could say it.
    private func child(_ name: String, of parent: Int32, while process: Process) throws -> Int32 {
        while true {
            for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
                guard let number = Int32(entry),
                    let stat = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8),
                    let end = stat.lastIndex(of: ")"), stat[..<end].hasSuffix("(\(name)")
                else { continue }
                // State, then the parent.
                let fields = stat[stat.index(after: end)...].split(separator: " ")
                if fields.count > 1, Int32(fields[1]) == parent { return number }
            }
            try #require(process.isRunning)
            usleep(10_000)
        }
    }

    /// The encoder of a conversion and the helper that it started.
    private func encoder(of process: Process) throws -> (leader: Int32, helper: Int32) {
        let leader = try child("ffmpeg", of: process.processIdentifier, while: process)
        return (leader, try child("sleep", of: leader, while: process))
    }

    private func waitUntilEnded(_ process: Int32) {
        while let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            status.split(separator: ")").last?.hasPrefix(" Z") == false
        {
            usleep(10_000)
        }
    }

    /// Takes pictures until their end, beside a helper.
    private func patientEncoder() throws -> [String: String] {
        try fakePath(
            ffmpeg: """
                sleep 10000 &
                cat > "${!#}"
                """)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalTakesTheEncoderAlong(signal: Int32) throws {
        let process = try running("out.mp4", environment: patientEncoder())
        let (leader, helper) = try encoder(of: process)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
        waitUntilEnded(leader)
        waitUntilEnded(helper)
        #expect(try folder.contents == ["in.gif", "programs"])
    }

    /// As nohup and a shell's background jobs have it.
    @Test func aSignalThatIsIgnoredStaysIgnored() throws {
        let process = try running("out.mp4", through: "trap '' HUP INT", environment: patientEncoder())
        _ = try encoder(of: process)
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        func mask(_ name: String) -> UInt64 {
            let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line.flatMap { UInt64($0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces), radix: 16) }
                ?? 0
        }
        let (hangUp, interrupt, terminate) = (UInt64(1), UInt64(2), UInt64(1) << 14)
        #expect(mask("SigIgn") & (hangUp | interrupt | terminate) == hangUp | interrupt)
        #expect(mask("SigCgt") & (hangUp | interrupt | terminate) == terminate)
        for signal in [SIGHUP, SIGINT, SIGTERM] { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
    }

    /// Nothing can be done then; the encoder sees the end of its input and ends by itself.
    @Test func aKilledConversionLeavesNothingUnderTheName() throws {
        let process = try running("out.mp4", environment: patientEncoder())
        let (leader, helper) = try encoder(of: process)
        kill(process.processIdentifier, SIGKILL)
        waitUntilEnded(leader)
        // Foundation waits for everybody who has the descriptors that it gave to the process.
        kill(helper, SIGKILL)
        process.waitUntilExit()
        let contents = try folder.contents
        #expect(!contents.contains("out.mp4"), "\(contents)")
    }
}
