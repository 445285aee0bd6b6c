import Configuration
import Control
import Filesystem

/// A job as the journal holds it.
struct JobRecord: Sendable {
    /// A job that is `ending` is `running` for clients: its outcome is recorded, and is being applied (the output gets its name,
    /// the original its place), or will be at the next start.
    enum State: String, Sendable {
        case queued, running, done, failed, cancelled
        case ending = "settling"

        var info: JobInfo.State {
            switch self {
            case .queued: .queued
            case .running, .ending: .running
            case .done: .done
            case .failed: .failed
            case .cancelled: .cancelled
            }
        }
    }

    var id: Int
    var stream: String
    var state: State
    /// The GIF's absolute path; for what came through a pipe, the pipe's.
    var source: Path
    /// Its path below the stream's folder; nil where it was submitted.
    var relative: Path?
    var output: Path?
    /// A folder of the configuration that holds the output: no link below it is followed. nil in journals of old versions.
    var outputRoot: Path?
    /// Whether the output existed, made of this very GIF, when the job was queued: nothing need be made then.
    var mayBeMade: Bool
    /// Whether somebody asked for this job: then a video that is there is made again.
    var isAskedFor: Bool
    /// Attempts begun, for any reason.
    var attempts: Int
    /// Attempts that failed.
    var failures: Int
    /// Attempts that ended with the daemon.
    var interruptions: Int
    /// Attempts during which the daemon crashed.
    var crashes: Int
    /// The earliest time of the next attempt, in seconds since 1970.
    var notBefore: Double
    var fingerprint: Fingerprint?
    /// nil where the job was not submitted.
    var request: JobRequest?
    var created: Double
    var started: Double?
    var finished: Double?
    var frames: Int?
    var pictures: Int?
    var error: String?
    /// nil until it is recorded.
    var outcome: Outcome?

    /// Whether its GIF can be read again; one that came through a pipe cannot.
    var canBeRepeated: Bool { relative != nil || request != nil }

    /// The GIF in its watched folder; nil where it was not dropped into one.
    var droppedFile: DroppedFile? {
        guard let relative, let root = source.removing(relative) else { return nil }
        return DroppedFile(root: root, relative: relative)
    }

    /// The version of the file that lies there now; nil where there is none.
    /// - Throws: `SystemError` where that cannot be told.
    func currentFingerprint() throws(SystemError) -> Fingerprint? {
        if let droppedFile { try droppedFile.fingerprint() } else { try Fingerprint.of(source) }
    }

    /// Opens the folder of the output.
    /// - Parameter mode: makes it, with these permission bits, where it is missing.
    /// - Throws: `SystemError`.
    func outputFolder(creating mode: UInt32? = nil) throws(SystemError) -> Folder {
        guard let output else { preconditionFailure("a job without an output has no folder for it") }
        guard let outputRoot, let relative = output.relative(to: outputRoot) else {
            return try Folder(output.folder, creating: mode)
        }
        return try Folder(outputRoot, creating: mode).folder(relative.folder, creating: mode)
    }

    /// The name of the private folder in which the output of an attempt grows.
    func stagingName(attempt: Int) -> Path { Path(text: ".gif2videod-\(id)-\(attempt).partial") ?? "" }

    /// The name of the private folder in which a copy of the original, or the text beside it, grows.
    var stagingName: Path { Path(text: ".gif2videod-\(id).partial") ?? "" }

    var info: JobInfo {
        var info = JobInfo(
            job: id, stream: stream, state: state.info, source: source.exchanged, attempts: attempts, created: created)
        info.output = output?.exchanged
        info.started = started
        info.finished = finished
        info.nextAttempt = state == .queued && notBefore > 0 && attempts > 0 ? notBefore : nil
        info.frames = frames
        info.pictures = pictures
        info.error = error
        return info
    }
}

/// A submission: who submitted, and what shall be different from the stream.
struct JobRequest: Codable, Hashable, Sendable {
    var peer: Peer
    var options: SubmitOptions?
    /// Encoder, or y4m, rgb24, rgba, of an explicit output.
    var encoder: String?
}

extension Path {
    /// The form for the control socket: the path itself where it is UTF-8, else with escapes for the other bytes.
    var exchanged: String { text ?? description }
}
