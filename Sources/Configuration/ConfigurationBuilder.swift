import Filesystem
import GIFDecoding
import Output
import Restoration

/// A configuration that grows file by file.
struct ConfigurationBuilder {
    private(set) var configuration: DaemonConfiguration
    /// The table of every stream, for mistakes that show later.
    private var streamTables: [TableReader] = []
    private var hasStreams = false
    private let paths: StandardPaths

    init(paths: StandardPaths) {
        self.paths = paths
        configuration = DaemonConfiguration(paths: paths)
    }

    /// Before the first `apply`, as other paths may be relative to it.
    mutating func setStateFolder(_ folder: String) {
        guard folder.hasPrefix("/") else { return }
        var moved = paths
        moved.stateFolder = folder
        let socket = configuration.control.socket
        configuration = DaemonConfiguration(paths: moved)
        configuration.control.socket = socket
    }

    /// Takes what one file says.
    mutating func apply(_ reader: TableReader) {
        var top = reader
        if let folder = top.string("state_folder"), !folder.hasPrefix("/") {
            top.report("state_folder", "\"\(folder)\" is not an absolute path")
        }
        if let folder = top.string("models") { configuration.models = folder.isEmpty ? nil : path(folder).text }
        if let table = top.table("control") { readControl(table) }
        if let table = top.table("metrics") { readMetrics(table) }
        if let table = top.table("jobs") { readJobs(table) }
        if let table = top.table("limits") { readLimits(table) }
        for (name, table) in top.tables("encoder") { readEncoder(name, table) }
        let tables = top.tableArray("stream")
        // The built-in stream is for those who have none.
        if !tables.isEmpty && !hasStreams {
            hasStreams = true
            configuration.streams = []
        }
        for table in tables {
            var reader = StreamReader(table, path: path)
            guard let stream = reader.read() else { continue }
            configuration.streams.append(stream)
            streamTables.append(table)
        }
        top.finish()
    }

    /// - Parameter text: without a NUL, as `TableReader` gives it.
    private func path(_ text: String) -> Path {
        guard let path = Path(text: text), let stateFolder = Path(text: configuration.stateFolder) else {
            preconditionFailure("a path without a NUL")
        }
        return (path.isAbsolute ? path : stateFolder.appending(path)).withoutSlashAtEnd
    }

    private mutating func readControl(_ reader: TableReader) {
        var reader = reader
        var control = configuration.control
        if let value = reader.bool("enabled") { control.enabled = value }
        if let value = reader.string("socket") {
            control.socket = value.isEmpty ? paths.socket : path(value).text ?? value
        }
        if let value = reader.mode("mode") { control.mode = value }
        if let value = reader.string("group") { control.group = value.isEmpty ? nil : value }
        if let value = reader.strings("allowed_users") { control.allowedUsers = value }
        if let value = reader.strings("output_roots") { control.outputRoots = value.map(path) }
        if let value = reader.integer("max_connections", 4...512) { control.maxConnections = value }
        reader.finish()
        configuration.control = control
    }

    private mutating func readMetrics(_ reader: TableReader) {
        var reader = reader
        var metrics = configuration.metrics
        if let value = reader.string("socket") { metrics.socket = value.isEmpty ? nil : path(value) }
        if let value = reader.mode("mode") { metrics.mode = value }
        if let value = reader.string("group") { metrics.group = value.isEmpty ? nil : value }
        if let value = reader.string("file") {
            metrics.file = value.isEmpty ? nil : path(value)
            if !value.isEmpty && !value.hasSuffix(".prom") {
                reader.report("file", "\"\(value)\": node_exporter reads files whose names end in .prom")
            }
        }
        if let value = reader.seconds("interval", 1...3600) { metrics.interval = value }
        reader.finish()
        configuration.metrics = metrics
    }

    private mutating func readJobs(_ reader: TableReader) {
        var reader = reader
        var jobs = configuration.jobs
        if let value = reader.integer("workers", 1...64) { jobs.workers = value }
        if let value = reader.integer("retries", 0...100) { jobs.retries = value }
        if let value = reader.seconds("retry_delay", 0.01...86400) { jobs.retryDelay = value }
        if let value = reader.seconds("retry_delay_limit", 0.01...86400) { jobs.retryDelayLimit = value }
        if let value = reader.integer("queue_limit", 1...10_000_000) { jobs.queueLimit = value }
        if let value = reader.integer("history", 0...10_000_000) { jobs.history = value }
        if let value = reader.seconds("stall_limit", 1...86400) { jobs.stallLimit = value }
        if let value = reader.seconds("drain", 0...86400) { jobs.drain = value }
        reader.finish()
        configuration.jobs = jobs
    }

    private mutating func readLimits(_ reader: TableReader) {
        var reader = reader
        var limits = configuration.limits
        if let value = reader.integer("megapixels", 1...4096) { limits.megapixels = value }
        if let value = reader.integer("memory", 1...1024) { limits.memory = value }
        if let value = reader.integer("replay_memory", 0...1_048_576) { limits.replayMemory = value }
        if let value = reader.integer("frames", 0...1_000_000_000) { limits.frames = value == 0 ? nil : value }
        if let value = reader.integer("duration", 1...DecodingLimits.longestDuration) { limits.duration = value }
        if let value = reader.integer("padding", 1...1_048_576) { limits.padding = value }
        if let value = reader.integer("pictures", 1...1_000_000_000) { limits.pictures = value }
        reader.finish()
        configuration.limits = limits
    }

    private mutating func readEncoder(_ name: String, _ reader: TableReader) {
        var reader = reader
        if StreamFormat(rawValue: name) != nil {
            reader.report("command", "\(name) needs no encoder; another name, please")
        }
        let alpha = reader.bool("alpha") ?? false
        let fileExtension = reader.parsed("extension", "a file name extension without its dot") { text in
            let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 != UInt8(ascii: "/") }
            return isWord && !text.hasPrefix(".") ? text : nil
        }
        let levels = VideoVerification.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        let verification = reader.parsed("verify", "one of \(levels)") { VideoVerification(rawValue: $0) } ?? .pictures
        let isConfined = reader.bool("confined") ?? true
        let command = reader.strings("command")
        if let command {
            let mistakes = EncoderTemplate.mistakes(in: command)
            for mistake in mistakes { reader.report("command", mistake) }
            if mistakes.isEmpty {
                configuration.encoders[name] = EncoderConfiguration(
                    template: EncoderTemplate(
                        command: command, keepsAlpha: alpha, verification: verification, isConfined: isConfined),
                    fileExtension: fileExtension ?? name)
            }
        } else if !reader.file.problems.contains(where: { $0.key == "\(reader.path).command" }) {
            reader.report("command", "is missing")
        }
        reader.finish()
    }

    /// Finds the mistakes that show only when all files are read.
    func checkWhole() {
        var names: Set<String> = []
        var places: [String: String] = [:]
        func claim(_ place: String, _ key: String, _ stream: StreamConfiguration, _ reader: TableReader) {
            if let other = places[place] { reader.report(key, "stream \"\(other)\" has the same") }
            places[place] = stream.name
        }
        for (stream, reader) in zip(configuration.streams, streamTables) {
            if !names.insert(stream.name).inserted {
                reader.report("name", "there are two streams \"\(stream.name)\"")
            }
            guard stream.enabled else { continue }
            switch stream.source {
            case .folder(let folder): claim("folder \(folder.path)", "folder", stream, reader)
            case .pipe(let pipe): claim("fifo \(pipe.path)", "pipe", stream, reader)
            case .submitted: break
            }
            switch stream.sink {
            case .fifo(let path, _): claim("fifo \(path)", "fifo", stream, reader)
            case .standardOutput: claim("standard output", "sink", stream, reader)
            case .camera(let camera): claim("camera \(camera.device)", "device", stream, reader)
            case .files(let files): checkEncoder(files, stream, reader)
            }
        }
    }

    private func checkEncoder(_ files: FileSink, _ stream: StreamConfiguration, _ reader: TableReader) {
        guard case .encoder(let name) = files.format else { return }
        guard let encoder = configuration.encoders[name] else {
            let known = configuration.encoders.keys.sorted() + StreamFormat.allCases.map(\.rawValue)
            return reader.report("encoder", "\"\(name)\" is none of \(known.joined(separator: ", "))")
        }
        if stream.restoration.background == .transparent && !encoder.template.keepsAlpha {
            reader.report("background", "the encoder \"\(name)\" does not keep transparency (alpha = true)")
        }
    }
}
