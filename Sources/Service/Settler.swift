import Configuration
import Glibc
import Output

/// Carries out a settlement: what follows from a job's outcome. May be repeated, after a crash at any point.
struct Settler {
    let core: Core

    /// Gives the output its name, the original its place, and the job its end.
    /// - Returns: false when the output was lost; the job then waits again.
    @discardableResult
    func settle(_ job: JobRecord) -> Bool {
        guard let settlement = job.settlement else { preconditionFailure("a settlement is settled") }
        if let inode = settlement.outputInode, !nameOutput(job, inode) {
            Log.warning("the finished video was lost; it is made again", stream: job.stream, job: job.id)
            _ = core.persist("queueing a job again") { try core.journal.interrupt(job.id, notBefore: 0) }
            core.publish(job.id)
            return false
        }
        var error = job.error
        do {
            try place(job, settlement.original)
        } catch let failure {
            Log.error("the original stays where it is: \(failure)", stream: job.stream, job: job.id)
            error = (error.map { "\($0); " } ?? "") + "the original stays where it is: \(failure)"
        }
        removePartials(of: job)
        let state: JobRecord.State = settlement.succeeded ? .done : .failed
        _ = core.persist("ending a job") {
            try core.journal.finish(
                job.id, state, error: error,
                seenNow: Fingerprint.of(job.source).flatMap {
                    // Another version there is another job's.
                    job.fingerprint?.hasSameContent(as: $0) == true ? $0 : nil
                })
        }
        core.publish(job.id)
        return true
    }

    /// Whether the output has its name now.
    private func nameOutput(_ job: JobRecord, _ inode: UInt64) -> Bool {
        guard let output = job.output, let partial = job.partialPath(attempt: job.attempts) else { return false }
        if Fingerprint.of(partial)?.inode == inode {
            guard rename(partial, output) == 0 else { return false }
            try? AtomicFile.sync(Files.folder(of: output), output: output)
            return true
        }
        return Fingerprint.of(output)?.inode == inode
    }

    private func place(_ job: JobRecord, _ original: Settlement.Original) throws {
        // Only the version that was worked on: another may have been dropped by now.
        func isStillThere() -> Bool {
            guard let worked = job.fingerprint, let now = Fingerprint.of(job.source) else { return false }
            return worked.hasSameContent(as: now)
        }
        switch original {
        case .keep: return
        case .delete:
            if isStillThere() && unlink(job.source) != 0 { throw Files.Failure(path: job.source, code: errno) }
        case .move(let target, let reason):
            let partial = job.partialPath(in: Files.folder(of: target))
            if let reason {
                let file = AtomicFile(path: "\(target).txt", partialPath: partial)
                try Files.makeFolder(Files.folder(of: target))
                let sink = try ByteSink(creating: file.partialPath)
                try sink.write(Array("\(reason)\n".utf8))
                try sink.close()
                try file.commit()
            }
            guard isStillThere() else { return }
            try Files.makeFolder(Files.folder(of: target))
            try Files.move(job.source, to: target, partial: partial)
        }
    }

    /// Removes what attempts left behind. An encoder that outlived its daemon writes on where nobody sees it.
    func removePartials(of job: JobRecord) {
        guard job.attempts > 0 else { return }
        for attempt in 1...job.attempts {
            if let partial = job.partialPath(attempt: attempt) { unlink(partial) }
        }
    }

    /// What is to become of the original of a job that has ended.
    /// - Parameters:
    ///   - folder: of the job's stream; nil where originals are left alone.
    ///   - failure: why it failed; nil: it did not.
    static func original(of job: JobRecord, _ folder: FolderSource?, failure: String?) -> Settlement.Original {
        guard let folder, let relative = job.relative else { return .keep }
        if let failure { return .move(to: freeName(relative, in: folder.failed), reason: failure) }
        switch folder.finished {
        case .keep: return .keep
        case .delete: return .delete
        case .move(let done): return .move(to: freeName(relative, in: done), reason: nil)
        }
    }

    /// A name in a folder that neither the file nor the text beside it has: `cat.gif`, `cat-2.gif` ...
    static func freeName(_ relative: String, in folder: String) -> String {
        var number = 1
        while true {
            let path = Files.name(number, for: relative, in: folder)
            if !Files.exists(path) && !Files.exists("\(path).txt") { return path }
            number += 1
        }
    }
}
