import Configuration
import Filesystem
import Glibc
import Output

/// Gives a sealed video its name. A file that the daemon did not put there is not replaced: the video gets another name.
struct OutputPublisher {
    let journal: Journal
    let planner: JobPlanner

    enum Naming {
        case named
        /// - isFinal: whether another attempt would end no better.
        case failed(String, isFinal: Bool)
    }

    /// - Parameters:
    ///   - job: gets the output that the video was named as.
    ///   - inode: of the sealed video.
    /// - Throws: `SystemError` for want of descriptors or memory; the journal's errors.
    func publish(_ job: inout JobRecord, _ inode: UInt64) throws -> Naming {
        while true {
            guard let output = job.output else { return .failed("it has no output any more", isFinal: true) }
            do {
                return try publish(job, as: output, inode)
            } catch let error as SystemError where error.code == EEXIST {
                guard let other = try journal.claimAnother(for: job, otherOutputs(job)) else {
                    return .failed("there is a file of the name \(output) already", isFinal: true)
                }
                job.output = other
            } catch let error as SystemError where !error.isExhaustion {
                if try isNamed(job, output, inode) {
                    // To make the video again would make a second one.
                    Log.warning(
                        "\(output) has its name, which a power loss may undo: \(error)", stream: job.stream, job: job.id
                    )
                    return .named
                }
                return .failed("\(error)", isFinal: !error.mayPass)
            }
        }
    }

    private func publish(_ job: JobRecord, as output: Path, _ inode: UInt64) throws -> Naming {
        let folder = try job.outputFolder()
        let sealed = try StagedFile(
            sealedIn: folder, name: output.name, stagingName: job.stagingName(attempt: job.attempts), inode: inode)
        guard let sealed else {
            return try isNamed(job, output, inode) ? .named : .failed("the finished video was lost", isFinal: false)
        }
        try sealed.publish(
            replacing: try journal.published(output).map { known in
                .only { $0.st_mode & S_IFMT == S_IFREG && known.hasSameContent(as: Fingerprint($0)) }
            } ?? .none)
        return .named
    }

    /// Whether the video has its name.
    private func isNamed(_ job: JobRecord, _ output: Path, _ inode: UInt64) throws(SystemError) -> Bool {
        try Fingerprint.of(output.name, in: try job.outputFolder())?.inode == inode
    }

    /// Names that the output of a job may have instead; none where its submitter chose one, or it came through a pipe.
    private func otherOutputs(_ job: JobRecord) -> (Int) -> Path? {
        guard job.stream != JobPlanner.submitted, job.canBeRepeated,
            case .files(let sink)? = planner.stream(job.stream)?.sink
        else { return { _ in nil } }
        return planner.outputs(job.relative ?? job.source.name, sink)
    }
}
