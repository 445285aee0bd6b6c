import Camera
import Configuration
import Filesystem
import Foundation
import Media
import Output
import Restoration
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    private let folder: TemporaryFolder
    private let paths: StandardPaths

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        paths = StandardPaths(
            environment: { ["STATE_DIRECTORY": folder.path("state"), "RUNTIME_DIRECTORY": folder.path("run")][$0] },
            isRoot: true, exists: { _ in false })
    }

    private func load(_ text: String, dropIns: [String: String] = [:]) throws -> DaemonConfiguration {
        let file = try folder.write(Array(text.utf8), to: "gif2video.toml")
        if !dropIns.isEmpty {
            try FileManager.default.createDirectory(atPath: folder.path("conf.d"), withIntermediateDirectories: true)
        }
        for (name, text) in dropIns { _ = try folder.write(Array(text.utf8), to: "conf.d/\(name)") }
        return try ConfigurationLoader(file: file, paths: paths).load()
    }

    /// The mistakes, without the folder's name.
    private func mistakes(_ text: String, dropIns: [String: String] = [:]) throws -> [String] {
        do {
            _ = try load(text, dropIns: dropIns)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map {
                $0.description.replacingOccurrences(of: folder.url.path + "/", with: "")
            }
        }
    }

    private static let stream = """
        [[stream]]
        name = "a"
        source = "folder"
        folder = "in"
        output = "out"

        """

    private static let cameraMistakes: [(String, String)] = [
        ("", "gif2video.toml:1: stream[0].device: is missing"),
        ("device = \"x\"\nsize = \"641x480\"", "stream[0].size: a camera has even sides"),
        ("device = \"x\"\nsize = \"4x\"", "stream[0].size: a camera has one size for all GIFs"),
        ("device = \"x\"\nscaler = \"sharp\"", "stream[0].scaler: "),
        ("device = \"x\"\nrate = \"2x\"", "stream[0].rate: a live sink needs a constant rate"),
        ("device = \"x\"\nbackground = \"transparent\"", "a camera does not keep transparency"),
        ("device = \"x\"\npixels = \"bgr\"", "stream[0].pixels: "),
        (
            "device = \"x\"\n[[stream]]\nname = \"two\"\nsource = \"submitted\"\nsink = \"camera\"\ndevice = \"x\"",
            "stream[1].device: stream \"cam\" has the same"
        ),
    ]

    @Test(arguments: cameraMistakes)
    func mistakesOfCameras(keys: String, message: String) throws {
        let found = try mistakes(Self.camera + keys)
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    private static let camera = """
        [[stream]]
        name = "cam"
        source = "submitted"
        sink = "camera"

        """

    // MARK: Valid configurations

    @Test func nothingAtAllServesADropFolder() throws {
        let configuration = try ConfigurationLoader(paths: paths).load()
        #expect(configuration == DaemonConfiguration(paths: paths))
        let stream = try #require(configuration.streams.first)
        #expect(configuration.streams.count == 1)
        guard case .folder(let source) = stream.source, case .files(let sink) = stream.sink else {
            Issue.record("not from folder to files")
            return
        }
        #expect(
            source.path == Path(text: folder.path("state/drop"))
                && sink.folder == Path(text: folder.path("state/video")))
        #expect(configuration.control.socket == folder.path("run/control"))
    }

    /// The commented file says the defaults: uncommented, it changes nothing.
    @Test func theShippedFileSaysTheDefaults() throws {
        let shipped = try String(
            contentsOf: Tool.root.appendingPathComponent("Config/gif2video.toml"), encoding: .utf8)
        #expect(try load(shipped) == DaemonConfiguration(paths: paths))
        let keys = shipped.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            let isKey = line.wholeMatch(of: /#(\[.*\]|[a-z_]+ = .*| {4}".*|\])/) != nil
            return isKey ? line.dropFirst() : line
        }
        // A stream has one source and one sink; its other keys are unknown there.
        let foreign = [
            "pipe = ", "pipe_mode = ", "fifo = ", "format = ", "size = ", "state_folder = ", "device = ", "pixels = ",
            "fit = ", "idle = ", "card = ",
        ]
        let whole = keys.filter { line in !foreign.contains { line.hasPrefix($0) } }.joined(separator: "\n")
        #expect(try load(whole) == DaemonConfiguration(paths: paths))
    }

    @Test(arguments: [
        ("", Repetition.times(1)), ("repeat = 3", .times(3)), ("at_least = 12.5", .atLeast(Rational(25, 2))),
        ("repeat = 1\nat_least = 2", .atLeast(Rational(2))),
    ])
    func theRepetitionOfAFileIsRead(keys: String, expected: Repetition) throws {
        let sink = try load(Self.stream + keys).streams.first?.sink
        guard case .files(let files) = sink else {
            Issue.record("\(String(describing: sink))")
            return
        }
        #expect(files.repetition == expected)
    }

    @Test func aRepetitionIsOneOfTwoKeysAndOfFilesOnly() throws {
        #expect(
            try mistakes(Self.stream + "repeat = 2\nat_least = 3").contains { $0.contains("one of them, not both") })
        #expect(try mistakes(Self.stream + "repeat = 0").contains { $0.contains("0 is not between 1 and 100000") })
        let live = "[[stream]]\nname = \"a\"\nsource = \"submitted\"\nsink = \"stdout\"\nrepeat = 2"
        #expect(try mistakes(live).contains { $0.contains("there is no such key") })
    }

    @Test func everyKeyOfAFolderStreamIsRead() throws {
        let configuration = try load(
            """
            state_folder = "/srv/state"
            [[stream]]
            name = "all"
            enabled = false
            source = "folder"
            folder = "/srv/in/"
            recursive = true
            include = ["*.gif", "sub/*"]
            exclude = ["x*"]
            watch = "poll"
            poll_interval = 0.5
            settle = 7
            finished = "move"
            done = "/srv/done"
            failed = "bad"
            keep_damaged = false
            rate = "2x"
            profile = "quality"
            dither = "dithered"
            background = "transparent"
            loop = true
            size = "640x480"
            scaler = "nearest"
            output = "videos"
            encoder = "webm"
            """)
        let stream = try #require(configuration.stream("all"))
        var source = FolderSource(path: "/srv/in")
        source.recursive = true
        source.include = ["*.gif", "sub/*"]
        source.exclude = ["x*"]
        source.watching = .poll
        source.pollInterval = 0.5
        source.settle = 7
        source.finished = .move("/srv/done")
        source.failed = "/srv/in/bad"
        source.keepDamaged = false
        #expect(stream.source == .folder(source) && !stream.enabled)
        #expect(stream.sink == .files(FileSink(folder: "/srv/state/videos", format: .encoder("webm"))))
        #expect(
            stream.restoration.rate == .multiple(2) && stream.restoration.scaler == .nearest
                && stream.restoration.size == .pixels(PixelSize(width: 640, height: 480)))
        #expect(stream.restoration.profile == .quality && stream.restoration.loop)
        #expect(stream.restoration.background == .transparent && stream.restoration.dither == .dithered)
    }

    @Test func pipesAndLiveSinksAreRead() throws {
        let configuration = try load(
            """
            [[stream]]
            name = "live"
            source = "pipe"
            pipe = "gifs"
            pipe_mode = "0600"
            sink = "fifo"
            fifo = "/run/video"
            format = "rgba"
            background = "transparent"
            [[stream]]
            name = "out"
            source = "submitted"
            sink = "stdout"
            size = "3x"
            """)
        var pipe = try PipeSource(path: #require(Path(text: folder.path("state/gifs"))))
        pipe.mode = 0o600
        #expect(configuration.streams[0].source == .pipe(pipe))
        #expect(configuration.streams[0].sink == .fifo(path: "/run/video", format: .rgba))
        #expect(configuration.streams[1].source == .submitted && configuration.streams[1].isOnStandardOutput)
        #expect(configuration.streams[1].restoration.size == .factor(3))
        #expect(configuration.streams[1].restoration.scaler == .auto)
    }

    /// A camera has a size, whether one was named or not.
    @Test func camerasAreRead() throws {
        let configuration = try load(
            """
            [limits]
            replay_memory = 64
            [[stream]]
            name = "plain"
            source = "submitted"
            sink = "camera"
            device = "GIF2Video"
            [[stream]]
            name = "full"
            source = "submitted"
            sink = "camera"
            device = "/dev/video7"
            pixels = "nv12"
            fit = "crop"
            idle = "card"
            card = "card.gif"
            size = "1280x720"
            """)
        #expect(configuration.limits.replayMemory == 64)
        #expect(configuration.streams[0].sink == .camera(CameraSink(device: "GIF2Video")))
        #expect(configuration.streams[0].restoration.size == .pixels(PixelSize(width: 640, height: 480)))
        var camera = CameraSink(device: "/dev/video7")
        camera.pixels = .nv12
        camera.fit = .crop
        camera.idle = .card
        camera.card = Path(text: folder.path("state/card.gif"))
        #expect(configuration.streams[1].sink == .camera(camera) && configuration.streams[1].sink.isLive)
        #expect(configuration.streams[1].restoration.size == .pixels(PixelSize(width: 1280, height: 720)))
    }

    @Test func dropInsAddStreamsAndReplaceKeys() throws {
        let configuration = try load(
            "[jobs]\nworkers = 3\nretries = 1\n" + Self.stream,
            dropIns: [
                "20.toml": "[jobs]\nworkers = 5\n",
                "10.toml": "[jobs]\nworkers = 4\n"
                    + Self.stream.replacingOccurrences(of: "\"a\"", with: "\"b\"")
                    .replacingOccurrences(of: "\"in\"", with: "\"in2\""),
                "ignored.txt": "nonsense",
            ])
        #expect(configuration.jobs.workers == 5 && configuration.jobs.retries == 1)
        #expect(configuration.streams.map(\.name) == ["a", "b"])
    }

    @Test func anEncoderIsATemplate() throws {
        let configuration = try load(
            """
            [encoder.gray]
            extension = "mkv"
            command = ["enc", "{width}x{height}", "{rate}", "{output}"]
            """)
        let encoder = try #require(configuration.encoders["gray"])
        #expect(encoder.fileExtension == "mkv" && !encoder.template.keepsAlpha)
        #expect(encoder.template.verification == .pictures)
        #expect(configuration.encoders.keys.sorted() == ["ffv1", "gray", "mp4", "prores", "webm"])
    }

    @Test(arguments: VideoVerification.allCases)
    func anEncoderSaysHowFarItsVideosAreChecked(verification: VideoVerification) throws {
        let configuration = try load(
            "[encoder.own]\nverify = \"\(verification.rawValue)\"\ncommand = [\"enc\", \"{output}\"]")
        #expect(configuration.encoders["own"]?.template.verification == verification)
    }

    // MARK: Invalid configurations

    @Test(arguments: [
        ("workers = 2", "gif2video.toml:1: workers: there is no such key"),
        ("[jobs]\nworkesr = 2", "gif2video.toml:2: jobs.workesr: there is no such key; did you mean workers?"),
        ("[jobs]\nworkers = 0", "gif2video.toml:2: jobs.workers: 0 is not between 1 and 64"),
        ("[jobs]\nworkers = \"2\"", "gif2video.toml:2: jobs.workers: expected a whole number, found a string"),
        ("\n\n[control]\nmode = \"rw\"", "gif2video.toml:4: control.mode: \"rw\" is not an octal mode such as 0660"),
        (stream + "rate = \"0\"", "gif2video.toml:6: stream[0].rate: \"0\" is not a rate"),
        (stream + "sorce = 1", "gif2video.toml:6: stream[0].sorce: there is no such key; did you mean source?"),
        (stream + stream, "gif2video.toml:7: stream[1].name: there are two streams \"a\""),
        (
            stream + "encoder = \"avi\"",
            "gif2video.toml:6: stream[0].encoder: \"avi\" is none of ffv1, mp4, prores, webm, y4m"
        ),
        ("[[stream]]\nname = \"a\"\nsource = \"folder\"", "gif2video.toml:1: stream[0].folder: is missing"),
        (stream + "background = \"transparent\"", "stream[0].background: the encoder \"mp4\" does not keep"),
        ("[encoder.x]\ncommand = [\"a\", \"{size}\"]", "gif2video.toml:2: encoder.x.command: {size} is none of"),
        (
            "[encoder.x]\ncommand = [\"a\", \"{output}\"]\nverify = \"all\"",
            "gif2video.toml:3: encoder.x.verify: \"all\" is not one of \"pictures\", \"opens\", \"none\""
        ),
        (
            "[encoder.x]\ncommand = [\"./a\", \"{output}\"]",
            "gif2video.toml:2: encoder.x.command: ./a must be an absolute path, or a name"
        ),
        ("[encoder.x]\ncommand = [\"a\"]", "encoder.x.command: does not say where the video goes"),
        ("[encoder.x]\ncommand = [\"a\",\n 1]", "gif2video.toml:2: encoder.x.command: expected an array of strings"),
        ("a = 1\nb = [1,\n\nc", "gif2video.toml:4: "),
        ("[,]", "gif2video.toml:1: a table's header has no name"),
        ("[jobs]\nworkers = 1\n[ [x]]", "gif2video.toml:3: a table's header has no name"),
        ("a = [\n[1],\n]\n[[\n", "gif2video.toml:4: a table's header has no name"),
        ("\u{FEFF}[,]", "gif2video.toml:1: a table's header has no name"),
        ("\u{FEFF}[jobs]\nworkers = 0", "gif2video.toml:2: jobs.workers: 0 "),
        ("a = [\"{x}\", }\"]", "gif2video.toml:1: an array ends with }: write ]"),
        ("a = [\n[1, 2],\n}", "gif2video.toml:3: an array ends with }: write ]"),
        ("a = {b = [{c = 1}, }}", "gif2video.toml:1: an array ends with }: write ]"),
        ("a = }", "gif2video.toml:1: "), ("a = {b = ]}", "gif2video.toml:1: "), ("a = [,]", "gif2video.toml:1: "),
        ("[", "gif2video.toml:1: "), ("[]", "gif2video.toml:1: "), ("[x", "gif2video.toml:1: "),
        ("state_folder = \"here\"", "gif2video.toml:1: state_folder: \"here\" is not an absolute path"),
        (
            "[[stream]]\nname = \"p\"\nsource = \"pipe\"\npipe = \"p\"\noutput = \"o\"\nrate = \"source\"",
            "gif2video.toml:6: stream[0].rate: files of a pipe need a constant rate"
        ),
    ])
    func everyMistakeHasAFileALineAndAKey(text: String, message: String) throws {
        let found = try mistakes(text)
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    @Test func allMistakesOfAllFilesAreNamedAtOnce() throws {
        let found = try mistakes(
            "[jobs]\nworkers = 0\nx = 1\n", dropIns: ["a.toml": "# one\n[limits]\nframes = -1\n", "b.toml": "="])
        #expect(found.count == 4, "\(found)")
        #expect(found.contains("conf.d/a.toml:3: limits.frames: -1 is not between 0 and 1000000000"))
    }

    @Test func aMissingFileIsAMistakeWhenItWasNamed() throws {
        #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader(file: folder.path("none.toml"), paths: paths).load()
        }
    }

    /// Strings, comments and brackets that look like keys do not confuse the lines.
    @Test func linesAreRightWhateverStandsBetween() throws {
        let text = """
            # [jobs]
            models = '''
            [jobs]
            workers = 9
            '''
            [encoder."my enc"]
            command = [ # "x = 1"
              "a=b", 'c"d', "{output}", "\\"]",
            ]
            extension = "m\\"v"
            [jobs]
            workers = 99
            """
        let found = try mistakes(text)
        #expect(found == ["gif2video.toml:12: jobs.workers: 99 is not between 1 and 64"], "\(found)")
    }
}
