import Configuration
import Filesystem
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
            _ = core.persist("queueing a job again") {
                try core.journal.interrupt(job.id, notBefore: 0, crashed: false)
            }
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
                seenNow: job.currentFingerprint.flatMap {
                    // Another version there is another job's.
                    job.fingerprint?.hasSameContent(as: $0) == true ? $0 : nil
                })
        }
        core.publish(job.id)
        return true
    }

    /// Whether the output has its name now.
    private func nameOutput(_ job: JobRecord, _ inode: UInt64) -> Bool {
        guard let output = job.output, let folder = try? job.outputFolder() else { return false }
        let sealed = StagedFile(
            sealedIn: folder, name: output.name, stagingName: job.stagingName(attempt: job.attempts), inode: inode)
        guard let sealed else { return Fingerprint.of(output.name, in: folder)?.inode == inode }
        do {
            try sealed.publish()
            return true
        } catch {
            Log.warning("\(error)", stream: job.stream, job: job.id)
            return false
        }
    }

    private func place(_ job: JobRecord, _ original: Settlement.Original) throws {
        switch original {
        case .keep: return
        case .delete:
            guard let file = job.droppedFile, let folder = try? file.folder() else { return }
            // Only the version that was worked on: another may have been dropped by now.
            guard let worked = job.fingerprint, let now = Fingerprint.of(file.relative.name, in: folder),
                worked.hasSameContent(as: now)
            else { return }
            try folder.remove(file.relative.name)
        case .move(let target, let within, let reason):
            let folder = try Self.folder(of: target, within: within)
            if let reason { try write(reason, beside: target.name, in: folder, of: job) }
            guard let file = job.droppedFile, let worked = job.fingerprint, let from = try? file.folder(),
                Fingerprint.of(file.relative.name, in: from)?.hasSameContent(as: worked) == true
            else { return }
            try FileMover(name: file.relative.name, folder: from, version: worked)
                .move(to: folder, target.name, stagingName: job.stagingName)
        }
    }

    /// Opens the folder that an original is moved to; makes it where it is missing.
    private static func folder(of target: Path, within: Path?) throws(SystemError) -> Folder {
        guard let within, let relative = target.relative(to: within) else {
            return try Folder(target.folder, creating: 0o777)
        }
        return try Folder(within, creating: 0o777).folder(relative.folder, creating: 0o777)
    }

    private func write(_ reason: String, beside name: Path, in folder: Folder, of job: JobRecord) throws {
        let file = try StagedFile(in: folder, name: name + ".txt", stagingName: job.stagingName)
        let sink = ByteSink(descriptor: try file.create(), name: "\(file.path)", closes: true)
        try sink.write(Array("\(reason.printable)\n".utf8))
        try sink.close()
        try file.seal()
        try file.publish()
    }

    /// Removes what attempts left behind. An encoder that outlived its daemon writes on where nobody sees it.
    func removePartials(of job: JobRecord) {
        guard job.attempts > 0, job.output != nil, let folder = try? job.outputFolder() else { return }
        for attempt in 1...job.attempts { folder.removeTree(job.stagingName(attempt: attempt)) }
    }

    /// What is to become of the original of a job that has ended.
    /// - Parameters:
    ///   - folder: of the job's stream; nil where originals are left alone.
    ///   - failure: why it failed; nil: it did not.
    static func original(of job: JobRecord, _ folder: FolderSource?, failure: String?) -> Settlement.Original {
        guard let folder, let relative = job.relative else { return .keep }
        func move(_ place: Path) -> Settlement.Original {
            .move(
                to: OutputNames.free(relative, in: place), within: JobPlanner.trustedRoot(of: place, folder.path),
                reason: failure)
        }
        if failure != nil { return move(folder.failed) }
        switch folder.finished {
        case .keep: return .keep
        case .delete: return .delete
        case .move(let done): return move(done)
        }
    }
}
