import Configuration
import Control

/// A job as the journal holds it.
struct JobRecord: Sendable {
    /// Where it is. `settling` is `running` for everybody else: its outcome is written down, and what follows from that
    /// (the output's name, the original's place) is being done, or will be at the next start.
    enum State: String, Sendable {
        case queued, running, settling, done, failed, cancelled

        var info: JobInfo.State {
            switch self {
            case .queued: .queued
            case .running, .settling: .running
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
    var source: String
    /// Its path below the stream's folder; nil where it was submitted.
    var relative: String?
    var output: String?
    /// Attempts begun, for whatever reason.
    var attempts: Int
    /// Attempts that failed.
    var failures: Int
    /// Attempts that ended with the daemon.
    var interruptions: Int
    /// Not before that time, in seconds since 1970.
    var notBefore: Double
    var fingerprint: Fingerprint?
    /// What came with a submission.
    var request: JobRequest?
    var created: Double
    var started: Double?
    var finished: Double?
    var frames: Int?
    var pictures: Int?
    var error: String?
    var settlement: Settlement?

    /// The name of the unfinished output of an attempt, in the output's folder.
    func partialPath(attempt: Int) -> String? {
        guard let output else { return nil }
        let name = Files.name(of: output)
        return "\(Files.folder(of: output))/.gif2videod-\(id)-\(attempt).partial\(Files.split(name).ending)"
    }

    /// The name of a copy of the original, or of the text beside it, while it grows in a folder.
    func partialPath(in folder: String) -> String { "\(folder)/.gif2videod-\(id).partial" }

    var info: JobInfo {
        var info = JobInfo(
            job: id, stream: stream, state: state.info, source: source, attempts: attempts, created: created)
        info.output = output
        info.started = started
        info.finished = finished
        info.nextAttempt = state == .queued && notBefore > 0 && attempts > 0 ? notBefore : nil
        info.frames = frames
        info.pictures = pictures
        info.error = error
        return info
    }
}

/// What came with a submission: who submitted, and what shall be different from the stream.
struct JobRequest: Codable, Hashable, Sendable {
    var peer: Peer
    var options: SubmitOptions?
    /// Encoder, or y4m, rgb24, rgba, of an explicit output.
    var encoder: String?
}

/// What is left to do for a job whose outcome is certain, so that it can be done after a crash.
struct Settlement: Codable, Hashable, Sendable {
    /// What becomes of the original.
    enum Original: Codable, Hashable, Sendable {
        case keep
        case delete
        /// To this path; `reason` is written beside it (`.txt`).
        case move(to: String, reason: String?)
    }

    /// done or failed.
    var succeeded: Bool
    /// The finished video that gets its name, by inode; nil: there is none.
    var outputInode: UInt64?
    var original: Original
}
