import Configuration
import Filesystem
import Glibc
import Output
import Threads

/// Carries out a settlement: what follows from a job's outcome. May be repeated, after a crash at any point.
struct Settler {
    let core: Core

    /// Gives the output its name, the original its place, and the job its end.
    /// - Returns: false when the output was lost; the job then waits again.
    @discardableResult
    func settle(_ job: JobRecord) -> Bool {
        guard let settlement = job.settlement else { preconditionFailure("a settlement is settled") }
        if let inode = settlement.outputInode {
            guard let hasName = patiently("naming a video", job, { try nameOutput(job, inode) }) else { return false }
            if !hasName { return makeAgain(job) }
        }
        var error = job.error
        guard let trouble = patiently("placing an original", job, { try place(job, settlement.original) }) else {
            return false
        }
        if let trouble {
            Log.error("the original stays where it is: \(trouble)", stream: job.stream, job: job.id)
            error = (error.map { "\($0); " } ?? "") + "the original stays where it is: \(trouble)"
        }
        removePartials(of: job)
        let state: JobRecord.State = settlement.succeeded ? .done : .failed
        _ = core.persist("ending a job") {
            try core.journal.finish(
                job.id, state, error: error,
                seenNow: (try? job.currentFingerprint()).flatMap {
                    // Another version there is another job's.
                    job.fingerprint?.hasSameContent(as: $0) == true ? $0 : nil
                })
        }
        core.publish(job.id)
        return true
    }

    private func makeAgain(_ job: JobRecord) -> Bool {
        Log.warning("the finished video was lost; it is made again", stream: job.stream, job: job.id)
        _ = core.persist("queueing a job again") {
            try core.journal.interrupt(job.id, notBefore: 0, crashed: false)
        }
        core.publish(job.id)
        return false
    }

    /// Does something again until it is not for want of descriptors or memory that it fails.
    /// - Returns: nil when the daemon ended before; the next start goes on from there.
    private func patiently<T>(_ what: String, _ job: JobRecord, _ body: () throws -> T) -> T? {
        var isNew = true
        while true {
            do {
                return try body()
            } catch {
                if isNew { Log.warning("\(what) waits: \(error)", stream: job.stream, job: job.id) }
                isNew = false
            }
            core.running(job.id)?.control.tick()
            if core.ended.wait(seconds: 0.2) { return nil }
        }
    }

    /// Whether the output has its name now.
    /// - Throws: `SystemError` for want of something that will be there again.
    private func nameOutput(_ job: JobRecord, _ inode: UInt64) throws -> Bool {
        guard let output = job.output else { return false }
        do {
            let folder = try job.outputFolder()
            let sealed = try StagedFile(
                sealedIn: folder, name: output.name, stagingName: job.stagingName(attempt: job.attempts), inode: inode)
            guard let sealed else { return try Fingerprint.of(output.name, in: folder)?.inode == inode }
            try sealed.publish()
            return true
        } catch {
            if error.isExhaustion { throw error }
            Log.warning("\(error)", stream: job.stream, job: job.id)
            return false
        }
    }

    /// Moves or removes the original.
    /// - Returns: why that cannot be done; nil: it is done.
    /// - Throws: `SystemError` for want of something that will be there again.
    private func place(_ job: JobRecord, _ original: Settlement.Original) throws -> String? {
        do {
            try move(job, original)
            return nil
        } catch let error as SystemError where error.isExhaustion {
            throw error
        } catch {
            return "\(error)"
        }
    }

    private func move(_ job: JobRecord, _ original: Settlement.Original) throws {
        switch original {
        case .keep: return
        case .delete:
            guard let (folder, name, _) = try workedOn(job) else { return }
            try folder.remove(name)
        case .move(let target, let within, let reason):
            let folder = try Self.folder(of: target, within: within)
            if let reason { try write(reason, beside: target.name, in: folder, of: job) }
            guard let (from, name, version) = try workedOn(job) else { return }
            try FileMover(name: name, folder: from, version: version)
                .move(to: folder, target.name, stagingName: job.stagingName)
        }
    }

    /// The original where it was dropped, in the version that was worked on; nil where another may have been dropped by now.
    private func workedOn(_ job: JobRecord) throws(SystemError) -> (Folder, name: Path, Fingerprint)? {
        guard let file = job.droppedFile, let worked = job.fingerprint,
            try file.fingerprint()?.hasSameContent(as: worked) == true
        else { return nil }
        return (try file.folder(), file.relative.name, worked)
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
