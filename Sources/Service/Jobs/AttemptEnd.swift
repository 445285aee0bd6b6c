import Filesystem
import GIFDecoding
import Glibc
import Output
import Restoration
import Threads

/// How an attempt at a job ended.
enum AttemptEnd {
    /// The output is sealed, or the GIF was shown.
    case complete(Completion)
    /// Nothing can be made of the GIF.
    case bad(String)
    /// A fault that may pass.
    case passing(String)
    /// The process or the system has run out of descriptors, memory or threads, which is not this job's fault.
    case exhausted(String)
    /// The file is not there any more.
    case gone
    /// The file is another by now, or is being written.
    case changed
    case ended(RunHandle.Reason)
    /// The live sink failed, which is not the GIF's fault.
    case sinkFailed(any Error)

    /// The result of an attempt, still without a record.
    struct Completion {
        /// The sealed output; nil where nothing new was made.
        var file: StagedFile?
        let outcome: Outcome
        var frames = 0
        var pictures = 0
        /// The damage of the GIF; nil: none.
        var error: String?
    }

    /// The end of an attempt that threw an error.
    /// - Parameter isDropped: whether the GIF lies in a watched folder.
    init(_ error: any Error, of job: JobRecord, isDropped: Bool) {
        self =
            switch error {
            case let ended as RunHandle.Ended: .ended(ended.reason)
            case let error as SystemError where error.isExhaustion: .exhausted("\(error)")
            case let error as NamedThread.Failure: .exhausted("\(error)")
            case OutputError.system(_, _, let code) where SystemError.isExhaustion(ofStarting: code):
                .exhausted("\(error)")
            case let error as SystemError where error.path == job.source: Self.opening(error, isDropped)
            case let error as GIFDecodingError where !error.isUnreadable: .bad(Self.shortened("\(error)", of: job))
            case let error as CanvasTooLarge: .bad("\(error)")
            case OutputError.unsupported(_, let reason): .bad(reason)
            default: .passing("\(error)")
            }
    }

    private static func opening(_ error: SystemError, _ isDropped: Bool) -> AttemptEnd {
        if error.isMissing { return .gone }
        let reason = error.code == EINVAL ? "not a regular file" : error.reason
        // Some programs close a file that they drop before they give others the right to read it.
        let isFinal = [EINVAL, ELOOP, EXDEV].contains(error.code) || (error.code == EACCES && !isDropped)
        return isFinal ? .bad(reason) : .passing(reason)
    }

    /// A message without the path of the GIF at its beginning: the reader of a job's record has the path already.
    static func shortened(_ message: String, of job: JobRecord) -> String {
        let prefix = "\(job.source): "
        return message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
    }
}

extension GIFDecodingError {
    /// Whether the bytes could not be read, which says nothing about the GIF.
    var isUnreadable: Bool {
        if case .unreadable = reason { true } else { false }
    }
}
