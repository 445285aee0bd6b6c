import Configuration
import Filesystem

/// The outcome of a job as the journal keeps it, so that it can be applied after a crash.
struct Outcome: Codable, Hashable, Sendable {
    /// The last place of the original.
    enum Original: Codable, Hashable, Sendable {
        case keep
        case delete
        /// It is moved to this path, without following a link below the folder `within`; `reason` is written beside it (`.txt`).
        case move(to: Path, within: Path?, reason: String?)
    }

    /// done or failed.
    var succeeded: Bool
    /// The finished video that gets its name, or has it, by inode; nil: there is none.
    var outputInode: UInt64?
    var original: Original
    /// The content of the GIF that a new video was made of; nil where it need not be known again.
    var content: ContentMark?
}

extension Outcome.Original {
    /// - Parameters:
    ///   - job: has ended.
    ///   - folder: of the job's stream; nil where originals are left alone.
    ///   - failure: why it failed; nil: it did not.
    init(of job: JobRecord, _ folder: FolderSource?, failure: String?) {
        self = .keep
        guard let folder, let relative = job.relative else { return }
        func move(_ place: Path) -> Outcome.Original {
            .move(
                to: OutputNames.free(relative, in: place), within: JobPlanner.trustedRoot(of: place, folder.path),
                reason: failure)
        }
        switch folder.finished {
        case _ where failure != nil: self = move(folder.failed)
        case .keep: break
        case .delete: self = .delete
        case .move(let done): self = move(done)
        }
    }
}
