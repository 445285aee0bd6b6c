import Foundation
import TestSupport
import Testing

/// GIFs that come to `convert`, `probe` and `compare` in other ways than as a file.
@Suite struct InputTests {
    private let folder: TemporaryFolder
    private let gif: String
    /// The video of a regular file of the same bytes.
    private let expected: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        gif = try folder.write(ExampleGIF.drifting(delays: [6, 15, 30, 9]), to: "in.gif")
        try FileManager.default.createDirectory(atPath: folder.path("tmp"), withIntermediateDirectories: true)
        let result = try Tool.run(
            Tool.gif2video,
            ["convert", "-q", "--profile", "none", "--rate", "source", gif, "-o", folder.path("expected.y4m")])
        try #require(result.status == 0, "\(result.errors)")
        expected = try folder.read("expected.y4m")
        try FileManager.default.removeItem(atPath: folder.path("expected.y4m"))
    }

    /// Runs a script in the folder with the program as `$P`; copies go to the folder `tmp`.
    private func bash(_ script: String) throws -> Tool.Result {
        try Tool.run(
            "/bin/bash", ["-c", "cd \(folder.url.path) && \(script)"],
            environment: ["P": Tool.gif2video, "TMPDIR": folder.path("tmp")])
    }

    private static let convert = "$P convert -q --profile none --rate source -o out.y4m"
    /// Ways to hand a GIF over, by what comes before, the word that names it, and what comes behind.
    private static let ways = [
        ("", "-", "< in.gif"), ("", "/dev/stdin", "< in.gif"), ("cat in.gif |", "-", ""),
        ("cat in.gif |", "/dev/stdin", ""), ("", "<(cat in.gif)", ""),
        ("mkfifo fifo; cat in.gif > fifo &", "fifo", "&& rm fifo"),
        ("cp in.gif ./- &&", "./-", "&& rm ./-"), ("cat in.gif |", "-", "5<&0"),
        // Another process has read the line before the GIF.
        ("(echo rubbish; cat in.gif) > tmp/a; {  read line;", "-", "; } < tmp/a; rm tmp/a"),
    ]

    @Test(arguments: ways.indices) func convertMakesWhatItMakesOfAFile(way: Int) throws {
        let (before, word, behind) = Self.ways[way]
        let result = try bash("\(before) \(Self.convert) \(word) \(behind)")
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(try folder.read("out.y4m") == expected)
        // Nothing is left of a copy.
        #expect(try folder.contents == ["in.gif", "out.y4m", "tmp"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("tmp")).isEmpty)
    }

    @Test(arguments: ways.indices) func probeSeesTheWholeGIF(way: Int) throws {
        let (before, word, behind) = Self.ways[way]
        let result = try bash("\(before) $P probe --json --profile none \(word) \(behind)")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any], "\(result.errors)")
        #expect(object["delays"] as? [Int] == [6, 15, 30, 9] && object["problem"] is NSNull?)
        if word == "-" { #expect(object["file"] as? String == "standard input") }
    }

    @Test func compareReadsAPipe() throws {
        let result = try bash(
            "cat in.gif | $P compare --profile live - -o a.png && $P compare --profile live in.gif -o b.png")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try folder.read("a.png") == folder.read("b.png"))
    }

    /// The writer is still there: what would be read behind the trailer would be waited for.
    @Test func noByteBehindTheTrailerIsWaitedFor() throws {
        let result = try bash("mkfifo fifo && exec 3<>fifo && cat in.gif >&3 && $P probe --profile none fifo")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    /// An endless input that is none.
    @Test func whatIsNoGIFIsNotReadToItsEnd() throws {
        let result = try bash("$P probe --profile none /dev/zero")
        #expect(result.status == 1 && result.errors.contains("/dev/zero: byte 6: not a GIF"), "\(result.errors)")
    }

    @Test(arguments: ["convert -o out.y4m", "probe", "compare -o out.png"])
    func aFIFOWithoutAWriterCanBeInterrupted(command: String) throws {
        try #require(mkfifo(folder.path("fifo"), 0o600) == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments = command.split(separator: " ").map(String.init) + ["--profile", "live", "fifo"]
        process.currentDirectoryURL = folder.url
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The place where it waits, as far as the system tells; interrupted before, it has to end as well.
        let deadline = Date().addingTimeInterval(5)
        while Date() < deadline, !waitsInOpen(process.processIdentifier) { usleep(10_000) }
        #expect(process.isRunning)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGINT)
        #expect(try folder.contents == ["fifo", "in.gif", "tmp"])
    }

    private func waitsInOpen(_ process: Int32) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/wchan", encoding: .utf8))?.contains("wait_for_partner") == true
    }

    @Test func aCopyThatFindsNoRoomIsAnErrorThatSaysSo() throws {
        let missing = try bash("cat in.gif | TMPDIR=/no/such $P probe -")
        #expect(missing.status == 2, "\(missing.errors)")
        #expect(
            missing.errors.contains("standard input: ")
                && missing.errors.contains("a copy in /no/such fails: No such file"))
        #expect(missing.errors.contains("TMPDIR"))
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount: root, or user namespaces"))
    func aFullDiskIsNamed() throws {
        _ = try folder.write(
            ExampleGIF.drifting(width: 320, height: 240, delays: [Int](repeating: 4, count: 100)), to: "large.gif")
        try #require(try folder.read("large.gif").count > 16_384)
        let result = try SmallDisk.run(
            "/bin/bash", ["-c", "cat \(folder.path("large.gif")) | \(Tool.gif2video) probe -"],
            disk: folder.path("tmp"), kibibytes: 8, environment: ["TMPDIR": folder.path("tmp")])
        #expect(result.status == 2 && result.contents.isEmpty, "\(result)")
        #expect(result.errors.contains("standard input: ") && result.errors.contains("No space left"), "\(result)")
    }

    @Test(arguments: ["-", "/dev/stdin", "<(cat in.gif)"])
    func aFolderNeedsANameForStandardInput(word: String) throws {
        let result = try bash("cat in.gif | $P convert \(word) -o videos/")
        #expect(result.status == 64 && result.errors.contains("-o FILE"), "\(result.errors)")
        #expect(!result.errors.contains("Usage"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif", "tmp"])
    }

    @Test func aFolderIsNoGIF() throws {
        let result = try bash("$P probe tmp")
        #expect(
            result.status == 2 && result.errors == "gif2video: tmp: cannot open: Is a directory\n", "\(result.errors)")
    }

    /// Mistakes of the command line are explained; what is found out later is said in one line.
    @Test func errorsFoundWhileRunningPrintNoUsage() throws {
        for script in [
            "$P convert in.gif in.gif -o out.mp4", "$P convert in.gif -o out.avi",
            "$P convert --background transparent in.gif -o out.mp4",
            "$P compare --crop 5x5+900+900 in.gif -o out.png", "$P compare --profile none in.gif -o out.png",
        ] {
            let result = try bash(script)
            #expect(result.status != 0 && result.errors.hasPrefix("gif2video: "), "\(script): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(script): \(result.errors)")
        }
        #expect(try bash("$P convert --stall-limit 0 in.gif -o out.mp4").errors.contains("Usage: "))
    }

    @Test(arguments: ["", "--json"]) func probeSaysThatItsWordsAreLost(option: String) throws {
        let folder = try TemporaryFolder()
        let gif = try folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif")
        let script = "\"$0\" probe \(option) --profile none \"$1\" > /dev/full"
        let result = try Tool.run("/bin/bash", ["-c", script, Tool.gif2video, gif])
        #expect(result.status == 2)
        #expect(result.errors == "gif2video: standard output: write: No space left on device\n")
    }
}
