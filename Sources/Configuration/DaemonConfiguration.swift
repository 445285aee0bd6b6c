public import Filesystem
public import GIFDecoding
import Restoration

/// Everything that the daemon can be told, checked and complete: what `Config/gif2video.toml` describes.
public struct DaemonConfiguration: Hashable, Sendable {
    /// Folder of the journal; relative paths of the configuration lie in it, too.
    public var stateFolder: String
    /// Folder of the networks; nil: found beside the program.
    public var models: String?
    public var control: ControlConfiguration
    public var metrics = MetricsConfiguration()
    public var jobs = JobConfiguration()
    public var limits = LimitConfiguration()
    /// By name; `mp4`, `webm`, `prores` and `ffv1` are always there.
    public var encoders = EncoderConfiguration.standard
    public var streams: [StreamConfiguration] = []

    /// Without any file: `drop` in the state folder is watched, videos go to `video` beside it.
    public init(paths: StandardPaths) {
        stateFolder = paths.stateFolder
        control = ControlConfiguration(socket: paths.socket)
        guard let folder = Path(text: stateFolder) else { preconditionFailure("a state folder without a NUL") }
        streams = [
            StreamConfiguration(
                name: "drop", source: .folder(FolderSource(path: folder.appending("drop"))),
                sink: .files(FileSink(folder: folder.appending("video"), format: .encoder("mp4"))))
        ]
    }

    /// The stream of that name.
    public func stream(_ name: String) -> StreamConfiguration? {
        streams.first { $0.name == name }
    }
}

/// The control socket.
public struct ControlConfiguration: Hashable, Sendable {
    /// Whether there is one.
    public var enabled = true
    public var socket: String
    /// Permission bits of the socket.
    public var mode: UInt32 = 0o660
    /// Group that owns the socket; nil: the daemon's own.
    public var group: String?
    /// Users, by name or number, that may connect beside root and the daemon's own; empty: everybody who can.
    public var allowedUsers: [String] = []
    /// Folders that `submit --output` may write into.
    public var outputRoots: [Path] = []
    /// Clients at a time; the one that was silent longest makes room for the next.
    public var maxConnections = 64

    public init(socket: String) {
        self.socket = socket
    }
}

/// Socket and file for the daemon's statistics, as metrics for Prometheus.
public struct MetricsConfiguration: Hashable, Sendable {
    /// Unix socket that answers HTTP requests for `/metrics`; nil: none.
    public var socket: Path?
    /// Permission bits of the socket.
    public var mode: UInt32 = 0o660
    /// Group that owns the socket; nil: the daemon's own.
    public var group: String?
    /// File for node_exporter's textfile collector; nil: none.
    public var file: Path?
    /// Seconds after which the file is written again.
    public var interval = 15.0

    public init() {}
}

/// How jobs are run and remembered.
public struct JobConfiguration: Hashable, Sendable {
    /// Files restored at a time.
    public var workers = 2
    /// Further attempts after a fault that may pass.
    public var retries = 5
    /// Seconds before the second attempt; doubled before each further one, up to `retryDelayLimit`.
    public var retryDelay = 5.0
    public var retryDelayLimit = 600.0
    /// Seconds before the next attempt.
    /// - Parameter failures: attempts that failed before the last one.
    public func delay(afterFailures failures: Int) -> Double {
        min(retryDelay * Double(1 << min(failures, 30)), retryDelayLimit)
    }

    /// Jobs that may wait; more are refused or, from folders, left where they are for later.
    public var queueLimit = 100_000
    /// Finished jobs that are remembered.
    public var history = 10_000
    /// Seconds that a job may spend without any progress: then its encoder is killed.
    public var stallLimit = 300.0
    /// Seconds that running jobs get to end in when the daemon is stopped.
    public var drain = 20.0

    public init() {}
}

/// Limits on one GIF.
public struct LimitConfiguration: Hashable, Sendable {
    public var megapixels = 64
    /// GiB that a GIF's canvas may make necessary.
    public var memory = 4
    /// MiB of restored pictures that are kept of GIFs that were played, all together.
    public var replayMemory = 256
    /// nil: no limit.
    public var frames: Int?
    /// Seconds that a GIF may play for.
    public var duration = DecodingLimits.usualDuration
    /// MiB that a GIF may hold between two images.
    public var padding = DecodingLimits.usualPadding >> 20
    /// Pictures that may be made of one GIF.
    public var pictures = RestorationOptions.usualPictures

    public init() {}

    public var decoding: DecodingLimits {
        DecodingLimits(
            maxCanvasPixels: megapixels << 20, maxFrames: frames, maxMemory: memory << 30, maxDuration: duration,
            maxPadding: padding << 20)
    }
}
