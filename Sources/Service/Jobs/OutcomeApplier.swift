import Configuration
import Filesystem
import Glibc
import Output
import Threads

/// Carries out a settlement: what follows from a job's outcome. May be repeated, after a crash at any point.
struct OutcomeApplier {
    let core: Core

    /// Gives the output its name, the original its place, and the job its end.
    /// - Returns: false when the output cannot have its name; the job then waits again or has failed.
    @discardableResult
    func settle(_ record: JobRecord) -> Bool {
        guard let settlement = record.settlement else { preconditionFailure("a settlement is settled") }
        var job = record
        if let inode = settlement.outputInode {
            guard let naming = patiently("naming a video", job, { try nameOutput(&job, inode) }) else { return false }
            switch naming {
            case .named: break
            case .failed(let reason, let isFinal):
                giveUp(job, reason, isFinal: isFinal)
                return false
            }
            _ = core.persist("noting a video") { [job] in
                // An inode's number alone may be another file's later.
                if let output = job.output, let file = try? Fingerprint.of(output.name, in: job.outputFolder()),
                    file.inode == inode
                {
                    try core.journal.notePublished(output, file, settlement.content)
                }
            }
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

    /// How giving a video its name ended.
    private enum Naming {
        case named
        /// - isFinal: whether another attempt would end no better.
        case failed(String, isFinal: Bool)
    }

    /// Queues a job for its next attempt; the last one counts as failed.
    func tryAgain(_ job: JobRecord, _ reason: String) {
        removePartials(of: job)
        let delay = core.configuration.jobs.delay(afterFailures: job.failures)
        Log.warning("\(reason); trying again in \(delay) s", stream: job.stream, job: job.id)
        _ = core.persist("queueing a job again") {
            try core.journal.requeue(job.id, notBefore: Clock.wall + delay, error: reason, countsAttempt: true)
        }
        core.publish(job.id)
    }

    /// The finished video has no name: the job is done again after a while, or has failed.
    private func giveUp(_ job: JobRecord, _ reason: String, isFinal: Bool) {
        guard isFinal || job.failures >= core.configuration.jobs.retries else { return tryAgain(job, reason) }
        Log.warning("\(job.source): \(reason)", stream: job.stream, job: job.id)
        fail(job, reason)
    }

    /// Ends a job as failed, and puts its original aside.
    func fail(_ job: JobRecord, _ reason: String) {
        let folder = JobPlanner.plan(job, core)?.folder
        let settlement = Settlement(
            succeeded: false, outputInode: nil, original: Self.original(of: job, folder, failure: reason))
        let settled = core.persist("a job's outcome") {
            try core.journal.settle(job.id, settlement, frames: 0, pictures: 0, error: reason)
            return try core.journal.job(job.id)
        }
        if let record = settled, let record { settle(record) }
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

    /// Gives the sealed video its name. A file that the daemon did not put there is not replaced: the video gets another name.
    /// - Throws: `SystemError` for want of something that will be there again; the journal's errors.
    private func nameOutput(_ job: inout JobRecord, _ inode: UInt64) throws -> Naming {
        while true {
            guard let output = job.output else { return .failed("it has no output any more", isFinal: true) }
            do {
                let folder = try job.outputFolder()
                let sealed = try StagedFile(
                    sealedIn: folder, name: output.name, stagingName: job.stagingName(attempt: job.attempts),
                    inode: inode)
                guard let sealed else {
                    let isNamed = try Fingerprint.of(output.name, in: folder)?.inode == inode
                    return isNamed ? .named : .failed("the finished video was lost", isFinal: false)
                }
                try sealed.publish(
                    replacing: try core.journal.published(output).map { known in
                        .only { $0.st_mode & S_IFMT == S_IFREG && known.hasSameContent(as: Fingerprint($0)) }
                    } ?? .none)
                return .named
            } catch let error as SystemError where !error.isExhaustion {
                guard error.code == EEXIST else {
                    let mayPass = [ENOSPC, EDQUOT, EIO, ESTALE, EROFS].contains(error.code)
                    return .failed("\(error)", isFinal: !mayPass)
                }
                guard let other = try core.journal.claimAnother(for: job, otherOutputs(job)) else {
                    return .failed("there is a file of the name \(output) already", isFinal: true)
                }
                job.output = other
            }
        }
    }

    /// Names that the output of a job may have instead; none where its submitter chose one, or it came through a pipe.
    private func otherOutputs(_ job: JobRecord) -> (Int) -> Path? {
        guard job.stream != JobPlanner.submitted, job.relative != nil || job.request != nil,
            case .files(let sink)? = JobPlanner.stream(job.stream, core)?.sink
        else { return { _ in nil } }
        return JobPlanner.outputs(job.relative ?? job.source.name, sink, core.configuration)
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
            guard let (folder, name, version) = try workedOn(job) else { return }
            try FileMover(name: name, folder: folder, version: version).remove(stagingName: job.stagingName)
        case .move(let target, let within, let reason):
            let folder = try Self.folder(of: target, within: within)
            do {
                if let reason { try write(reason, beside: target.name, in: folder, of: job) }
            } catch {
                // The original goes all the same; the reason stands in the journal, too.
                Log.warning("no reason is written: \(error)", stream: job.stream, job: job.id)
            }
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
        let file = try StagedFile(in: folder, name: OutputNames.shortened(name, ".txt"), stagingName: job.stagingName)
        let sink = ByteSink(descriptor: try file.create(), name: "\(file.path)", closes: true)
        try sink.write(Array("\(reason.printable)\n".utf8))
        try sink.close()
        try file.seal()
        try file.publish()
    }

    /// Removes what attempts left behind. An encoder that outlived its daemon writes on where nobody sees it.
    func removePartials(of job: JobRecord) {
        guard job.attempts > 0, job.output != nil, let folder = try? job.outputFolder() else { return }
        for attempt in 1...job.attempts {
            for name in PrivateFolder.names(job.stagingName(attempt: attempt)) {
                guard let status = try? folder.status(name), status.st_mode & S_IFMT == S_IFDIR else { break }
                PrivateFolder.remove(name, in: folder)
            }
        }
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
