public import Camera
public import Filesystem
import Media
public import Output
public import Restoration

/// A source, a restoration and a sink.
public struct StreamConfiguration: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        case folder(FolderSource)
        case pipe(PipeSource)
        /// Nothing but what is submitted through the control socket.
        case submitted
    }

    public enum Sink: Hashable, Sendable {
        case files(FileSink)
        /// Raw video on a FIFO.
        case fifo(path: Path, format: StreamFormat)
        /// Raw video on the daemon's standard output.
        case standardOutput(format: StreamFormat)
        /// A virtual camera.
        case camera(CameraSink)

        /// Whether somebody watches while it is made.
        public var isLive: Bool {
            if case .files = self { return false }
            return true
        }
    }

    public var name: String
    public var enabled = true
    public var source: Source
    public var sink: Sink
    public var restoration = RestorationConfiguration()

    public init(name: String, source: Source, sink: Sink) {
        self.name = name
        self.source = source
        self.sink = sink
    }

    /// Whether it is shown on the daemon's standard output.
    public var isOnStandardOutput: Bool {
        if case .standardOutput = sink { true } else { false }
    }

    /// Shows it there, as Y4M unless it is shown there already.
    /// - Returns: false, with nothing changed, where its rate is not constant.
    public mutating func showOnStandardOutput() -> Bool {
        guard case .constant = restoration.rate else { return false }
        if !isOnStandardOutput { sink = .standardOutput(format: .y4m) }
        return true
    }
}

/// A folder that is watched.
public struct FolderSource: Hashable, Sendable {
    /// How changes are noticed.
    public enum Watching: String, CaseIterable, Sendable {
        /// inotify, and polling where the file system is another machine's.
        case auto
        case inotify
        case poll
    }

    /// The handling of a GIF whose video is done.
    public enum Finished: Hashable, Sendable {
        case keep
        case delete
        /// Into this folder.
        case move(Path)
    }

    public var path: Path
    public var recursive = false
    /// File name patterns (`*`, `?`, `[a-z]`); one with a slash is matched with the path below the folder.
    /// The case of letters does not matter.
    public var include = ["*.gif"]
    public var exclude = [".*"]
    public var watching = Watching.auto
    /// Seconds between two looks, where it is polled.
    public var pollInterval = 5.0
    /// Seconds without a change after which a file counts as complete if no process was seen closing it.
    public var settle = 2.0
    public var finished = Finished.keep
    /// Folder for GIFs that cannot be restored.
    public var failed: Path
    /// Whether the frames before a damage become a video.
    public var keepDamaged = true

    public init(path: Path) {
        self.path = path
        failed = path.appending("failed")
    }
}

/// A FIFO that GIFs are written into, one after the other.
public struct PipeSource: Hashable, Sendable {
    public var path: Path
    /// Permission bits, where the daemon creates it.
    public var mode: UInt32 = 0o660

    public init(path: Path) {
        self.path = path
    }
}

/// Video files in a folder.
public struct FileSink: Hashable, Sendable {
    /// The encoder or format of a file.
    public enum Format: Hashable, Sendable {
        /// The encoder command of this name.
        case encoder(String)
        /// No encoder.
        case plain(StreamFormat)

        /// By name: a format that needs no encoder, else the encoder that is called so.
        public init(_ name: String) {
            self = StreamFormat(rawValue: name).map { .plain($0) } ?? .encoder(name)
        }
    }

    public var folder: Path
    public var format: Format
    /// How often a file shows its GIF.
    public var repetition = Repetition.times(1)

    public init(folder: Path, format: Format) {
        self.folder = folder
        self.format = format
    }
}

/// A virtual camera. Its size and rate are those of the stream's restoration.
public struct CameraSink: Hashable, Sendable {
    /// A path, or a card's label.
    public var device: String
    public var pixels = CameraPixels.yuyv
    public var fit = Letterbox.Fit.letterbox
    public var idle = VirtualCamera.Idle.last
    /// A GIF whose first frame is shown where there is nothing to show; nil: the built-in card.
    public var card: Path?

    public init(device: String) {
        self.device = device
    }
}

/// Options of the pictures that are made.
public struct RestorationConfiguration: Hashable, Sendable {
    public var rate = OutputRate.constant(Rational(30))
    public var profile = ProfileChoice.auto
    public var dither = RestorationOptions.DitherChoice.auto
    public var background = Background.color(.white)
    public var loop = false
    /// Whether a live sink that falls behind gives up in-betweens and more, instead of being late; a camera always does.
    public var keepUp = false
    /// Pictures are fitted into it; nil: the GIF's own size, and on a live sink the first GIF's. In pixels for a camera.
    public var size: OutputSize?
    public var scaler = Letterbox.Scaler.auto

    public init() {}
}
