import Configuration
import Filesystem
import Glibc
import Threads

/// Looking through the folders.
extension FolderWatch {
    /// Looks through all folders: files that are new since the last look are pending.
    mutating func lookAround() {
        nextLook = Clock.steady + source.pollInterval
        guard let root, let known = try? watcher.context.ledger.journal.seen(stream: watcher.stream.name) else {
            isBehind = true
            return
        }
        // The configured path may lead to another folder by now.
        guard isInPlace(root) else { return close() }
        var seen: [Path: Fingerprint] = [:]
        for (path, version) in known {
            if let relative = path.relative(to: source.path) {
                seen[relative] = version
            } else if !OutputNames.exists(path) {
                // This stream watched another folder before.
                forget(path)
            }
        }
        var found: Set<Path> = []
        isBehind = false
        look(into: ".", seen, &found)
        // A folder that could not be looked into says nothing about its files.
        if !isBehind {
            watcher.say(nil)
            for relative in pending.keys where !found.contains(relative) { pending[relative] = nil }
            for relative in seen.keys where !found.contains(relative) { forget(relative: relative) }
        }
        queueComplete()
    }

    private func isInPlace(_ root: Folder) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(root.descriptor, &opened) == 0 && source.path.withCString { stat($0, &named) } == 0
            && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
    }

    /// Notes the files of a folder, and of those below it. `isBehind` says afterwards whether something could not be read.
    mutating func look(into relative: Path, _ seen: [Path: Fingerprint], _ found: inout Set<Path>) {
        let names: [Path]
        let folder: Folder
        do {
            guard let opened = try root?.folder(relative) else { return }
            folder = opened
            // Watched first: a file that comes while the names are read shows twice rather than not at all.
            if let refusal = changes?.watch(folder, relative) { pollInstead(refusal) }
            names = try folder.names()
        } catch {
            // A folder that has gone has no files; any other is looked at again.
            if !error.leadsNowhere { cannotLook(error) }
            return
        }
        for name in names {
            let path = relative.appending(name)
            guard let status = try? folder.status(name) else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR where filter.takes(folder: path): look(into: path, seen, &found)
            case S_IFREG where filter.takes(file: path):
                found.insert(path)
                let version = Fingerprint(status)
                if seen[path]?.hasSameContent(as: version) != true { note(path, version) }
            default: continue
            }
        }
    }

    private mutating func cannotLook(_ error: SystemError) {
        isBehind = true
        watcher.say("cannot look at everything: \(error)")
    }

    private mutating func note(_ path: Path, _ version: Fingerprint) {
        if pending[path]?.version == version { return }
        // The file's own times say how long it is like that already, unless they lie in the future.
        let age = Clock.wall - Double(max(version.modified, version.changed)) / 1e9
        pending[path] = Pending(version: version, since: Clock.steady - max(0, min(age, source.settle)))
    }

    /// The answer to a look at a file.
    enum Now {
        case version(Fingerprint)
        case gone
        case unknown
    }

    mutating func now(_ relative: Path) -> Now {
        do throws(SystemError) {
            guard let root else { return .unknown }
            let folder = try root.folder(relative.folder)
            return try Fingerprint.of(relative.name, in: folder).map { .version($0) } ?? .gone
        } catch {
            if error.leadsNowhere { return .gone }
            cannotLook(error)
            return .unknown
        }
    }
}
