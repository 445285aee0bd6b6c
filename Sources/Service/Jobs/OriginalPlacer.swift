import Filesystem
import Output

/// Moves or removes the original of a job that has ended.
struct OriginalPlacer {
    let job: JobRecord

    /// - Parameter isLastTry: whether an error that may pass is taken as the answer.
    /// - Returns: why that cannot be done; nil: it is done.
    /// - Throws: `SystemError` for want of descriptors or memory, and where another try may succeed.
    func place(_ original: Outcome.Original, isLastTry: Bool = true) throws -> String? {
        do {
            switch original {
            case .keep: break
            case .delete: try remove()
            case .move(let target, let within, let reason): try move(to: target, within, reason)
            }
            return nil
        } catch let error as SystemError where error.isExhaustion || (error.mayPass && !isLastTry) {
            throw error
        } catch {
            return "the original stays where it is: \(error)"
        }
    }

    private func remove() throws {
        try finishRemoval()
        guard let (folder, name, version) = try workedOn() else { return }
        try FileMover(name: name, folder: folder, version: version).remove(stagingName: job.stagingName)
    }

    /// Ends a removal that a crash interrupted: the original lies in a private folder beside its place. A file that is not
    /// the version that was worked on goes back where it was dropped.
    private func finishRemoval() throws(SystemError) {
        guard let file = job.droppedFile, let folder = try? file.folder() else { return }
        for name in PrivateFolder.names(job.stagingName) {
            guard let place = try PrivateFolder.open(name, in: folder) else { break }
            let found = try Fingerprint.of(FileMover.removedName, in: place)
            let isWorkedOn = found.flatMap { found in job.fingerprint.map { found.hasSameContent(as: $0) } } ?? false
            if found != nil && !isWorkedOn {
                try place.move(FileMover.removedName, to: folder, file.relative.name)
            }
            PrivateFolder.remove(place, name, in: folder)
        }
    }

    private func move(to target: Path, _ within: Path?, _ reason: String?) throws {
        let folder = try Self.folder(of: target, within: within)
        do {
            if let reason { try write(reason, beside: target.name, in: folder) }
        } catch {
            // The original goes all the same; the reason stands in the journal, too.
            Log.warning("no reason is written: \(error)", stream: job.stream, job: job.id)
        }
        guard let (from, name, version) = try workedOn() else { return }
        try FileMover(name: name, folder: from, version: version)
            .move(to: folder, target.name, stagingName: job.stagingName)
    }

    /// The original where it was dropped, in the version that was worked on; nil where another may have been dropped by now.
    private func workedOn() throws(SystemError) -> (Folder, name: Path, Fingerprint)? {
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

    private func write(_ reason: String, beside name: Path, in folder: Folder) throws {
        let file = try StagedFile(in: folder, name: OutputNames.shortened(name, ".txt"), stagingName: job.stagingName)
        let sink = ByteSink(descriptor: try file.create(), name: "\(file.path)", closes: true)
        try sink.write(Array("\(reason.printable)\n".utf8))
        try sink.close()
        try file.seal()
        try file.publish()
    }
}
