import Camera
import Filesystem
import Output
import Restoration

/// Reads one `[[stream]]`.
struct StreamReader {
    private var reader: TableReader
    private let path: (String) -> Path
    private var isSound = true

    private enum SourceKind: String, CaseIterable {
        case folder, pipe, submitted
    }

    private enum SinkKind: String, CaseIterable {
        case files, fifo, stdout, camera
    }

    private enum FinishedKind: String, CaseIterable {
        case keep, move, delete
    }

    /// - Parameter path: makes a path absolute.
    init(_ reader: TableReader, path: @escaping (String) -> Path) {
        self.reader = reader
        self.path = path
    }

    /// nil when something is missing or wrong that has no default; the reader's file then has a problem.
    mutating func read() -> StreamConfiguration? {
        let name = reader.parsed("name", "a name (letters, digits, - and _, at most 64)", Self.name)
        if name == nil { missing("name") }
        let enabled = reader.bool("enabled")
        let source = readSource()
        var restoration = readRestoration()
        let sink = readSink(&restoration)
        if case .pipe? = source, case .files? = sink, case .constant = restoration.rate {
        } else if case .pipe? = source, case .files? = sink {
            reader.report("rate", "files of a pipe need a constant rate: what comes is not known beforehand")
        }
        reader.finish()
        guard isSound, let name, let source, let sink else { return nil }
        var stream = StreamConfiguration(name: name, source: source, sink: sink)
        stream.enabled = enabled ?? true
        stream.restoration = restoration
        return stream
    }

    private mutating func missing(_ key: String) {
        isSound = false
        let whole = "\(reader.path).\(key)"
        guard !reader.file.problems.contains(where: { $0.key == whole }) else { return }
        reader.report(key, "is missing")
    }

    /// A stream's name: it stands in file names, on command lines and in the journal.
    static func name(_ text: String) -> String? {
        let isWord = text.utf8.allSatisfy { byte in
            byte < 128
                && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_"))
        }
        // "submitted" is the daemon's own.
        return isWord && (1...64).contains(text.utf8.count) && text != "submitted" ? text : nil
    }

    private mutating func readSource() -> StreamConfiguration.Source? {
        switch reader.choice("source", SourceKind.self) {
        case .folder: return readFolder().map { .folder($0) }
        case .pipe:
            guard let file = reader.string("pipe") else {
                missing("pipe")
                return nil
            }
            var pipe = PipeSource(path: path(file))
            if let mode = reader.mode("pipe_mode") { pipe.mode = mode }
            return .pipe(pipe)
        case .submitted: return .submitted
        case nil:
            missing("source")
            return nil
        }
    }

    private mutating func readFolder() -> FolderSource? {
        guard let text = reader.string("folder") else {
            missing("folder")
            return nil
        }
        var folder = FolderSource(path: path(text))
        if let value = reader.bool("recursive") { folder.recursive = value }
        if let value = reader.strings("include") { folder.include = value }
        if let value = reader.strings("exclude") { folder.exclude = value }
        if let value = reader.choice("watch", FolderSource.Watching.self) { folder.watching = value }
        if let value = reader.seconds("poll_interval", 0.05...86400) { folder.pollInterval = value }
        if let value = reader.seconds("settle", 0.05...86400) { folder.settle = value }
        let done = reader.string("done") ?? "done"
        switch reader.choice("finished", FinishedKind.self) {
        case .keep, nil: folder.finished = .keep
        case .delete: folder.finished = .delete
        case .move: folder.finished = .move(below(folder.path, done))
        }
        folder.failed = below(folder.path, reader.string("failed") ?? "failed")
        if let value = reader.bool("keep_damaged") { folder.keepDamaged = value }
        for (key, place) in [("done", below(folder.path, done)), ("failed", folder.failed)] where place == folder.path {
            reader.report(key, "is the folder that is watched")
        }
        return folder
    }

    private func below(_ folder: Path, _ name: String) -> Path {
        guard let name = Path(text: name) else { preconditionFailure("a path without a NUL") }
        return (name.isAbsolute ? name : folder.appending(name)).withoutSlashAtEnd
    }

    private mutating func readSink(_ restoration: inout RestorationConfiguration) -> StreamConfiguration.Sink? {
        switch reader.choice("sink", SinkKind.self) {
        case .files, nil:
            let format = FileSink.Format(reader.string("encoder") ?? "mp4")
            guard let folder = reader.string("output") else {
                missing("output")
                return nil
            }
            if case .plain(let plain) = format { check(restoration, plain, key: "encoder") }
            var files = FileSink(folder: path(folder), format: format)
            files.repetition = readRepetition()
            return .files(files)
        case .fifo:
            let format = readLiveFormat(restoration)
            guard let file = reader.string("fifo") else {
                missing("fifo")
                return nil
            }
            return .fifo(path: path(file), format: format)
        case .stdout: return .standardOutput(format: readLiveFormat(restoration))
        case .camera: return readCamera(&restoration)
        }
    }

    private mutating func readRepetition() -> Repetition {
        let times = reader.integer("repeat", 1...Repetition.maximum) ?? 1
        let seconds = reader.seconds("at_least", 0...Double(Repetition.longest)) ?? 0
        guard seconds > 0 else { return .times(times) }
        if times > 1 { reader.report("at_least", "stands beside repeat: one of them, not both") }
        return .atLeast(seconds: seconds)
    }

    /// A camera has a size from its beginning.
    private mutating func readCamera(_ restoration: inout RestorationConfiguration) -> StreamConfiguration.Sink? {
        let size = restoration.size ?? .pixels(CameraFormat.usualSize)
        restoration.size = size
        switch size {
        case .pixels(let size):
            if !CameraFormat.isUsable(size) { reader.report("size", "a camera has even sides from 2 to 8192") }
        case .factor: reader.report("size", "a camera has one size for all GIFs, such as \(CameraFormat.usualSize)")
        }
        if restoration.background == .transparent {
            reader.report("background", "a camera does not keep transparency; name a color")
        }
        checkRate(restoration)
        guard let device = reader.string("device"), !device.isEmpty else {
            missing("device")
            return nil
        }
        var camera = CameraSink(device: device)
        if let value = reader.choice("pixels", CameraPixels.self) { camera.pixels = value }
        if let value = reader.choice("fit", Letterbox.Fit.self) { camera.fit = value }
        if let value = reader.choice("idle", VirtualCamera.Idle.self) { camera.idle = value }
        if let value = reader.string("card"), !value.isEmpty { camera.card = path(value) }
        return .camera(camera)
    }

    private mutating func readLiveFormat(_ restoration: RestorationConfiguration) -> StreamFormat {
        let format = reader.choice("format", StreamFormat.self) ?? .y4m
        check(restoration, format, key: "format")
        checkRate(restoration)
        return format
    }

    private func checkRate(_ restoration: RestorationConfiguration) {
        if case .constant = restoration.rate { return }
        reader.report("rate", "a live sink needs a constant rate: GIFs of different speeds share it")
    }

    private func check(_ restoration: RestorationConfiguration, _ format: StreamFormat, key: String) {
        if restoration.background == .transparent && format != .rgba {
            reader.report("background", "\(format.rawValue) does not keep transparency; rgba does")
        }
    }

    private mutating func readRestoration() -> RestorationConfiguration {
        var restoration = RestorationConfiguration()
        if let value = reader.parsed("rate", OutputRate.syntax, { OutputRate($0) }) {
            restoration.rate = value
        }
        if let value = reader.choice("profile", ProfileChoice.self) { restoration.profile = value }
        if let value = reader.choice("dither", RestorationOptions.DitherChoice.self) { restoration.dither = value }
        let background = reader.parsed("background", "a color (#rrggbb, black, white) or transparent") {
            Background($0)
        }
        if let background { restoration.background = background }
        if let value = reader.bool("loop") { restoration.loop = value }
        if let value = reader.bool("keep_up") { restoration.keepUp = value }
        if let value = reader.parsed("size", OutputSize.syntax, { OutputSize($0) }) { restoration.size = value }
        if let value = reader.choice("scaler", Letterbox.Scaler.self) { restoration.scaler = value }
        return restoration
    }
}
