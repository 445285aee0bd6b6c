/// Reply of GetStatus.
public struct StatusReply: Codable, Hashable, Sendable {
    public var version: String
    public var pid: Int
    public var state: String
    public var started: Double
    public var streams: Int
    public var queued: Int
    public var running: Int
    public var done: Int
    public var failed: Int
    public var configuration: [String]

    public init(
        version: String, pid: Int, state: String, started: Double, streams: Int, queued: Int, running: Int, done: Int,
        failed: Int, configuration: [String]
    ) {
        self.version = version
        self.pid = pid
        self.state = state
        self.started = started
        self.streams = streams
        self.queued = queued
        self.running = running
        self.done = done
        self.failed = failed
        self.configuration = configuration
    }
}

/// Reply of GetStatistics.
public struct StatisticsReply: Codable, Hashable, Sendable {
    public var uptime: Double
    public var memory: Int
    public var peakMemory: Int
    public var workers: Int
    public var busyWorkers: Int
    public var queued: Int
    public var queueLimit: Int
    public var connections: Int
    public var streams: [StreamStatistics]

    public init(
        uptime: Double, memory: Int, peakMemory: Int, workers: Int, busyWorkers: Int, queued: Int, queueLimit: Int,
        connections: Int, streams: [StreamStatistics]
    ) {
        self.uptime = uptime
        self.memory = memory
        self.peakMemory = peakMemory
        self.workers = workers
        self.busyWorkers = busyWorkers
        self.queued = queued
        self.queueLimit = queueLimit
        self.connections = connections
        self.streams = streams
    }
}

/// Reply of ListStreams.
public struct StreamsReply: Codable, Sendable {
    public var streams: [StreamInfo]

    public init(streams: [StreamInfo]) {
        self.streams = streams
    }
}

/// Parameters of ListJobs.
public struct ListJobsCall: Codable, Sendable {
    public var stream: String?
    public var state: JobInfo.State?
    public var limit: Int?
    public var before: Int?

    public init(stream: String? = nil, state: JobInfo.State? = nil, limit: Int? = nil, before: Int? = nil) {
        self.stream = stream
        self.state = state
        self.limit = limit
        self.before = before
    }
}

/// Reply of ListJobs.
public struct JobsReply: Codable, Sendable {
    public var jobs: [JobInfo]

    public init(jobs: [JobInfo]) {
        self.jobs = jobs
    }
}

/// Parameters of GetJob, Cancel and Retry, and reply of Submit.
public struct JobNumber: Codable, Sendable {
    public var job: Int

    public init(job: Int) {
        self.job = job
    }
}

/// Reply of GetJob.
public struct JobReply: Codable, Sendable {
    public var job: JobInfo

    public init(job: JobInfo) {
        self.job = job
    }
}

/// Parameters of Submit.
public struct SubmitCall: Codable, Sendable {
    public var path: String
    public var stream: String?
    public var output: String?
    public var encoder: String?
    public var options: SubmitOptions?

    public init(path: String) {
        self.path = path
    }
}

/// Parameters of Pause and Resume.
public struct StreamName: Codable, Sendable {
    public var stream: String?

    public init(stream: String?) {
        self.stream = stream
    }
}

/// Parameters of Play.
public struct PlayCall: Codable, Sendable {
    public var path: String
    public var stream: String
    public var loop: Bool?
    public var now: Bool?

    public init(path: String, stream: String, loop: Bool, now: Bool) {
        self.path = path
        self.stream = stream
        self.loop = loop
        self.now = now
    }
}

/// Parameters of SetRate.
public struct SetRateCall: Codable, Sendable {
    public var stream: String
    public var rate: String?

    public init(stream: String, rate: String?) {
        self.stream = stream
        self.rate = rate
    }
}

/// Parameters of SetProfile.
public struct SetProfileCall: Codable, Sendable {
    public var stream: String
    public var profile: String?

    public init(stream: String, profile: String?) {
        self.stream = stream
        self.profile = profile
    }
}

/// Parameters of Monitor.
public struct MonitorCall: Codable, Sendable {
    public var stream: String?
    public var progress: Bool?

    public init(stream: String?, progress: Bool) {
        self.stream = stream
        self.progress = progress
    }
}

/// Replies of Monitor.
public struct EventReply: Codable, Sendable {
    public var event: ControlEvent

    public init(event: ControlEvent) {
        self.event = event
    }
}
