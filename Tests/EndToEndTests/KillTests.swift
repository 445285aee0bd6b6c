import Foundation
import TestSupport
import Testing

/// The daemon is killed again and again while GIFs come in every way that GIFs come; nothing is lost, nothing is half done.
@Suite(.serialized) struct KillTests {
    private static let configuration = """
        [jobs]
        workers = 2
        retry_delay = 0.05
        retry_delay_limit = 0.2
        [[stream]]
        name = "plain"
        source = "folder"
        folder = "in"
        recursive = true
        settle = 0.3
        finished = "move"
        output = "out"
        encoder = "y4m"
        rate = "25"
        profile = "none"
        [[stream]]
        name = "coded"
        source = "folder"
        folder = "in-coded"
        settle = 0.3
        finished = "delete"
        output = "out-coded"
        rate = "25"
        profile = "none"
        """

    /// The files that must be there in the end.
    private struct Expectation {
        /// Pictures by path below the output folder.
        var plain: [String: Int] = [:]
        var coded: [String: Int] = [:]
        /// Files in failed/ and what their texts say.
        var failed: [String: String] = [:]
    }

    @Test func noGIFIsLostWhenTheDaemonIsKilled() throws {
        let daemon = try DaemonProcess(Self.configuration)
        for name in ["in/sub/deeper", "in-coded", "outside"] {
            try FileManager.default.createDirectory(
                atPath: "\(daemon.state)/\(name)", withIntermediateDirectories: true)
        }
        let dropping = Dropper(state: daemon.state)
        dropping.start()
        var random = SplitMix64(seed: 6)
        var kills = 0
        while kills < 20 || !dropping.isFinished {
            try daemon.start()
            usleep(UInt32.random(in: 30_000...900_000, using: &random))
            daemon.kill9()
            kills += 1
            try #require(kills < 500, "the dropper stands still")
        }
        let expected = try dropping.result()
        try daemon.start()
        try daemon.waitUntilReady()
        var rest = ""
        do {
            try daemon.waitUntil("everything is done", seconds: 180) {
                let status = try Self.status(daemon)
                let left = try Self.files(below: "\(daemon.state)/in").filter {
                    !$0.hasPrefix("done/") && !$0.hasPrefix("failed/")
                }
                let leftCoded = try Self.files(below: "\(daemon.state)/in-coded").filter { !$0.hasPrefix("failed/") }
                rest = "\(status), in \(left), in-coded \(leftCoded)"
                return status["queued"] == 0 && status["running"] == 0 && left.isEmpty && leftCoded.isEmpty
            }
        } catch {
            let jobs = try daemon.command("jobs", "--json").output
            Issue.record("left: \(rest)\n\(String(decoding: jobs, as: UTF8.self).suffix(3000))")
            throw error
        }
        #expect(daemon.stop() == 0)
        try check(daemon, expected)
        try FaultNotes.note(
            "the daemon is killed \(kills) times while 50 GIFs come in all ways",
            "each start goes on; done, nothing half, nothing twice")
    }

    private static func status(_ daemon: DaemonProcess) throws -> [String: Int] {
        let output = try daemon.command("status", "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(output)) as? [String: Any] ?? [:]
        return object.compactMapValues { $0 as? Int }
    }

    /// Relative paths of all files, hidden ones too.
    private static func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    private func check(_ daemon: DaemonProcess, _ expected: Expectation) throws {
        let plain = try Self.files(below: "\(daemon.state)/out")
        #expect(plain == expected.plain.keys.sorted())
        for (name, pictures) in expected.plain {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(daemon.state)/out/\(name)"))
            let header = try #require(bytes.firstIndex(of: UInt8(ascii: "\n"))) + 1
            let frame = 48 * 32 * 3 + 6
            #expect((bytes.count - header) % frame == 0 && (bytes.count - header) / frame == pictures, "\(name)")
        }
        let coded = try Self.files(below: "\(daemon.state)/out-coded")
        #expect(coded == expected.coded.keys.sorted())
        for (name, pictures) in expected.coded {
            let probe = try Tool.run(
                "ffprobe",
                [
                    "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of",
                    "default=nw=1:nk=1", "\(daemon.state)/out-coded/\(name)",
                ])
            #expect(String(decoding: probe.output, as: UTF8.self) == "\(pictures)\n", "\(name)")
        }
        let failed = try Self.files(below: "\(daemon.state)/in/failed")
        let expectedFiles = expected.failed.keys.flatMap { [$0, "\($0).txt"] }.sorted()
        #expect(failed == expectedFiles)
        for (name, word) in expected.failed {
            let text = try String(contentsOfFile: "\(daemon.state)/in/failed/\(name).txt", encoding: .utf8)
            #expect(text.contains(word), "\(name): \(text)")
        }
        let leftovers = try Self.files(below: daemon.state).filter { $0.contains("partial") || $0.contains("/.") }
        #expect(leftovers.isEmpty)
    }

    /// Drops 50 GIFs and more in the course of some seconds, on a thread of its own.
    private final class Dropper: @unchecked Sendable {
        private let state: String
        private let lock = NSLock()
        private var finished: Result<Expectation, any Error>?
        private var expected = Expectation()

        init(state: String) {
            self.state = state
        }

        func start() {
            Thread.detachNewThread { [self] in
                let result = Result { try drop() }
                lock.withLock { finished = result }
            }
        }

        var isFinished: Bool { lock.withLock { finished != nil } }

        func result() throws -> Expectation {
            try #require(lock.withLock { finished }).get()
        }

        private func drop() throws -> Expectation {
            for index in 0..<50 {
                usleep(100_000)
                let frames = 3 + index % 7
                let name = "\(index)"
                switch index % 10 {
                case 0: try write(ExampleGIF.drifting(frames: frames), to: "in/\(name).gif", pieces: 1)
                case 1: try write(ExampleGIF.drifting(frames: frames), to: "in/\(name).gif", pieces: 6)
                case 2:
                    try write(ExampleGIF.drifting(frames: frames), to: "outside/\(name).gif", pieces: 1)
                    try move("outside/\(name).gif", "in/\(name).gif")
                case 3:
                    try write(ExampleGIF.drifting(frames: frames), to: "in/\(name).part", pieces: 3)
                    try move("in/\(name).part", "in/\(name).gif")
                case 4:
                    // Dropped twice: the second is what counts.
                    try write(ExampleGIF.drifting(frames: 2), to: "in/\(name).gif", pieces: 1)
                    usleep(150_000)
                    try write(ExampleGIF.drifting(frames: frames), to: "in/\(name).gif", pieces: 1)
                case 5:
                    try write(ExampleGIF.drifting(frames: frames), to: "in/sub/\(name).gif", pieces: 2)
                    expected.plain["sub/\(name).y4m"] = frames
                    continue
                case 6:
                    // One stem, two files.
                    try write(ExampleGIF.drifting(frames: frames), to: "in/sub/deeper/\(name).gif", pieces: 1)
                    expected.plain["sub/deeper/\(name).y4m"] = frames
                    continue
                case 7:
                    try breakIt(name, kind: index / 10)
                    continue
                default:
                    try write(
                        ExampleGIF.drifting(frames: frames), to: "in-coded/\(name).gif", pieces: index % 10 == 8 ? 1 : 4
                    )
                    expected.coded["\(name).mp4"] = frames
                    continue
                }
                expected.plain["\(name).y4m"] = frames
            }
            return expected
        }

        private func breakIt(_ name: String, kind: Int) throws {
            let path = "in/\(name).gif"
            switch kind {
            case 0:
                try write(Array("no GIF at all".utf8), to: path, pieces: 1)
                expected.failed["\(name).gif"] = "not a GIF"
            case 1:
                let dot = GIFImage(width: 1, height: 1, index: 1)
                let huge = GIFWriter.gif(width: 65535, height: 65535, palette: [0, 0, 0, 9, 9, 9], images: [dot])
                try write(huge, to: path, pieces: 1)
                expected.failed["\(name).gif"] = "65535x65535"
            case 2:
                try write([], to: path, pieces: 1)
                expected.failed["\(name).gif"] = "empty"
            case 3:
                let pieces = ExampleGIF.pieces(delays: [Int](repeating: 4, count: 6))
                let cut = pieces[0...3].flatMap(\.self) + pieces[4].prefix(pieces[4].count / 2)
                try write(cut, to: path, pieces: 3)
                expected.failed["\(name).gif"] = "the video holds"
                expected.plain["\(name).y4m"] = 4
            default:
                try write(Array(ExampleGIF.drifting(frames: 3).prefix(10)), to: path, pieces: 1)
                expected.failed["\(name).gif"] = "ends inside"
            }
        }

        /// Writes in pieces, slowly.
        private func write(_ bytes: [UInt8], to name: String, pieces: Int) throws {
            let path = "\(state)/\(name)"
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            let size = max(1, (bytes.count + pieces - 1) / pieces)
            for start in stride(from: 0, to: bytes.count, by: size) {
                try file.write(contentsOf: bytes[start..<min(start + size, bytes.count)])
                if pieces > 1 { usleep(120_000) }
            }
            try file.close()
        }

        private func move(_ from: String, _ to: String) throws {
            try FileManager.default.moveItem(atPath: "\(state)/\(from)", toPath: "\(state)/\(to)")
        }
    }
}
