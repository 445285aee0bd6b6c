/// A job, as the IDL's type Job says it.
public struct JobInfo: Codable, Hashable, Sendable {
    public enum State: String, Codable, CaseIterable, Sendable {
        case queued, running, done, failed, cancelled

        /// Whether nothing more happens to it by itself.
        public var isFinal: Bool { self != .queued && self != .running }
    }

    public var job: Int
    public var stream: String
    public var state: State
    public var source: String
    public var output: String?
    public var attempts: Int
    public var created: Double
    public var started: Double?
    public var finished: Double?
    public var nextAttempt: Double?
    public var frames: Int?
    public var pictures: Int?
    public var progress: Double?
    public var error: String?

    public init(job: Int, stream: String, state: State, source: String, attempts: Int, created: Double) {
        self.job = job
        self.stream = stream
        self.state = state
        self.source = source
        self.attempts = attempts
        self.created = created
    }
}

/// A stream, as the IDL's type Stream says it.
public struct StreamInfo: Codable, Hashable, Sendable {
    public var stream: String
    public var source: String
    public var sourcePath: String?
    public var sink: String
    public var sinkPath: String?
    public var live: Bool
    public var state: String
    public var detail: String?
    public var rate: String
    public var profile: String
    public var queued: Int
    public var running: Int

    public init(
        stream: String, source: String, sourcePath: String?, sink: String, sinkPath: String?, live: Bool, state: String,
        detail: String?, rate: String, profile: String, queued: Int, running: Int
    ) {
        self.stream = stream
        self.source = source
        self.sourcePath = sourcePath
        self.sink = sink
        self.sinkPath = sinkPath
        self.live = live
        self.state = state
        self.detail = detail
        self.rate = rate
        self.profile = profile
        self.queued = queued
        self.running = running
    }
}

/// Counts of a stream's work since the daemon started: the IDL's type StreamStatistics.
public struct StreamStatistics: Codable, Hashable, Sendable {
    public var stream: String
    public var done = 0
    public var failed = 0
    public var frames = 0
    public var pictures = 0
    public var videoSeconds = 0.0
    public var busySeconds = 0.0
    public var speed = 0.0
    public var latency50: Double?
    public var latency90: Double?
    public var latency99: Double?
    public var degradations = 0
    public var repeats = 0
    public var missed = 0
    public var queued = 0
    public var running = 0

    public init(stream: String) {
        self.stream = stream
    }
}

/// Something that happened, as the IDL's type Event says it.
public struct ControlEvent: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable {
        case job, progress, stream, daemon
    }

    public var time: Double
    public var kind: Kind
    public var stream: String?
    public var job: JobInfo?
    public var message: String?

    public init(time: Double, kind: Kind, stream: String? = nil, job: JobInfo? = nil, message: String? = nil) {
        self.time = time
        self.kind = kind
        self.stream = stream
        self.job = job
        self.message = message
    }
}

/// Settings that differ from the stream's: the IDL's type Options.
public struct SubmitOptions: Codable, Hashable, Sendable {
    public var rate: String?
    public var profile: String?
    public var dither: String?
    public var background: String?
    public var loop: Bool?

    public init() {}
}
