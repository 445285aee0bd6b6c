import CLinux
import Configuration
import Filesystem
import Glibc
import Threads

/// Watches the folder of one stream, on a thread of its own, and queues what is complete.
///
/// A file is complete when it was closed after writing or moved in, as inotify tells; a file that was found by looking
/// (at the start, after an overflow, where inotify is blind) when it did not change for a while and nobody has it open for
/// writing. Symbolic links are not followed, and everything is looked at relative to the open folder: whoever may write into it
/// does not thereby read what the daemon can.
final class FolderWatcher: Sendable {
    /// Files that are queued in one transaction.
    static let batch = 256
    /// Folders that are watched; below more, changes are found by polling.
    static let folderLimit = 8192

    private let core: Core
    private let scheduler: Scheduler
    private let stream: StreamConfiguration
    private let source: FolderSource
    private let sink: FileSink?
    private let stop = StopSignal()
    private let detail = Monitor<String?>("is being looked through")
    private let thread = Monitor<NamedThread?>(nil)

    init(_ core: Core, _ scheduler: Scheduler, _ stream: StreamConfiguration, _ source: FolderSource) {
        self.core = core
        self.scheduler = scheduler
        self.stream = stream
        self.source = source
        if case .files(let sink) = stream.sink { self.sink = sink } else { sink = nil }
    }

    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        try thread.withLock {
            $0 = try NamedThread("folder-\(stream.name)") { [self] in
                var watch = Watch(self)
                watch.run()
            }
        }
    }

    /// Stops watching; returns when the thread has ended.
    func end() {
        stop.raise()
        thread.withLock { $0 }?.join()
    }

    /// What is wrong or waited for; nil when all is well.
    var state: String? { detail.withLock { $0 } }

    private func say(_ text: String?) {
        let isNew = detail.withLock { detail in
            defer { detail = text }
            return detail != text
        }
        guard isNew else { return }
        if let text { Log.warning(text, stream: stream.name) }
        core.events.stream(stream.name, text ?? "watching \(source.path)")
    }

    /// The outputs of a file of the folder.
    private func candidate(_ relative: Path, _ version: Fingerprint, _ configuration: DaemonConfiguration)
        -> Journal.Candidate
    {
        var outputs: @Sendable (Int) -> Path? = { _ in nil }
        if let sink { outputs = JobPlanner.outputs(relative, sink, configuration) }
        return Journal.Candidate(
            source: source.path.appending(relative), relative: relative, fingerprint: version,
            outputRoot: sink.map { JobPlanner.outputRoot($0, stream) }, outputs: outputs)
    }

    /// What the thread knows. Paths are relative to the watched folder, which is ".".
    private struct Watch {
        let watcher: FolderWatcher
        let source: FolderSource
        /// The watched folder; nil while it is not there.
        var root: Folder?
        var inotify: Int32 = -1
        /// Folders by watch descriptor.
        var folders: [Int32: Path] = [:]
        /// Files that are there and not complete yet.
        var pending: [Path: Pending] = [:]
        /// Files whose jobs did not fit into the queue, or the journal.
        var isBehind = false
        var nextLook = 0.0
        var isPolling = false

        struct Pending {
            var version: Fingerprint
            /// When it was first seen like that.
            var since: Double
        }

        init(_ watcher: FolderWatcher) {
            self.watcher = watcher
            source = watcher.source
        }

        private var isStopped: Bool { watcher.stop.isRaised || watcher.core.draining.isRaised }

        mutating func run() {
            while !isStopped {
                guard open() else {
                    watcher.stop.wait(seconds: 1)
                    continue
                }
                watcher.say(nil)
                lookAround()
                while !isStopped && root != nil { step() }
            }
            close()
        }

        // MARK: The folder

        /// Begins to watch; false where the folder is not there.
        private mutating func open() -> Bool {
            do {
                root = try Folder(source.path, creating: 0o777)
            } catch {
                watcher.say("cannot watch: \(error)")
                return false
            }
            isPolling =
                source.watching == .poll || (source.watching == .auto && clinux_is_remote("\(source.path)") == 1)
            inotify = clinux_inotify()
            if inotify < 0 {
                // /proc/sys/fs/inotify/max_user_instances, or no descriptor left.
                let reason = String(cString: strerror(errno))
                pollInstead("no inotify instance is left (\(reason); fs.inotify.max_user_instances)")
            }
            return true
        }

        private mutating func close() {
            if inotify >= 0 { Glibc.close(inotify) }
            inotify = -1
            root = nil
            folders = [:]
            pending = [:]
        }

        private mutating func pollInstead(_ reason: String) {
            guard !isPolling else { return }
            isPolling = true
            Log.warning(
                "\(reason): looking through the folder every \(source.pollInterval) s", stream: watcher.stream.name)
        }

        private mutating func watch(_ folder: Folder, _ relative: Path) {
            guard inotify >= 0 else { return }
            let events =
                IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY | IN_CREATE | IN_DELETE | IN_DELETE_SELF
                | IN_MOVE_SELF | IN_ONLYDIR
            guard folders.count < FolderWatcher.folderLimit else {
                return pollInstead("more than \(FolderWatcher.folderLimit) folders")
            }
            // By descriptor: what was opened is what is watched.
            let descriptor = inotify_add_watch(inotify, "/proc/self/fd/\(folder.descriptor)", UInt32(events))
            if descriptor >= 0 {
                folders[descriptor] = relative
            } else if errno == ENOSPC || errno == ENOMEM {
                pollInstead("no more inotify watches (fs.inotify.max_user_watches)")
            }
        }

        /// Whether a folder below the source belongs to it.
        private func isOurs(_ relative: Path) -> Bool {
            let path = source.path.appending(relative)
            if path == source.failed { return false }
            if case .move(let done) = source.finished, path == done { return false }
            if let sink = watcher.sink, path == sink.folder { return false }
            return !isExcluded(relative)
        }

        /// Small and capital letters of ASCII are the same: cameras and old disks write `CAT.GIF`, people `Cat.Gif`.
        private func matches(_ patterns: [String], _ relative: Path) -> Bool {
            patterns.contains { pattern in
                let isWhole = pattern.contains("/")
                return (isWhole ? relative : relative.name).withCString {
                    clinux_matches(pattern, $0, isWhole ? 1 : 0) != 0
                }
            }
        }

        private func isExcluded(_ relative: Path) -> Bool { matches(source.exclude, relative) }

        private func isWanted(_ relative: Path) -> Bool { matches(source.include, relative) && !isExcluded(relative) }

        // MARK: Looking

        /// Looks through all folders: files that are new since the last look are pending.
        private mutating func lookAround() {
            nextLook = Clock.steady + source.pollInterval
            guard let root, let known = try? watcher.core.journal.seen(stream: watcher.stream.name) else {
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
                    // Of a folder that this stream watched before.
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
        private mutating func look(into relative: Path, _ seen: [Path: Fingerprint], _ found: inout Set<Path>) {
            let names: [Path]
            let folder: Folder
            do {
                guard let opened = try root?.folder(relative) else { return }
                folder = opened
                // Watched first: what comes while it is read shows twice rather than not at all.
                watch(folder, relative)
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
                case S_IFDIR where source.recursive && isOurs(path): look(into: path, seen, &found)
                case S_IFREG where isWanted(path):
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

        /// Of a file as it is now.
        private enum Now {
            case version(Fingerprint)
            case gone
            case unknown
        }

        private mutating func now(_ relative: Path) -> Now {
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

        /// Queues the pending files that have settled.
        private mutating func queueComplete() {
            let time = Clock.steady
            var complete: [(Path, Fingerprint)] = []
            for (path, entry) in pending where time - entry.since >= source.settle {
                switch now(path) {
                case .gone: pending[path] = nil
                case .unknown: continue
                case .version(let version) where version == entry.version && !hasWriter(path):
                    pending[path] = nil
                    complete.append((path, version))
                case .version(let version): pending[path] = Pending(version: version, since: time)
                }
            }
            complete.sort { $0.0 < $1.0 }
            for start in stride(from: 0, to: complete.count, by: FolderWatcher.batch) {
                queue(Array(complete[start..<min(start + FolderWatcher.batch, complete.count)]), ignoringNames: true)
            }
        }

        private func hasWriter(_ path: Path) -> Bool {
            guard let descriptor = try? root?.open(path, O_RDONLY | O_NONBLOCK) else { return false }
            defer { Glibc.close(descriptor) }
            return clinux_has_writer(descriptor) == 1
        }

        private mutating func queue(_ files: [(Path, Fingerprint)], ignoringNames: Bool) {
            let configuration = watcher.core.configuration
            let candidates = files.map { watcher.candidate($0.0, $0.1, configuration) }
            do {
                let queued = try watcher.core.journal.enqueue(
                    candidates, stream: watcher.stream.name, limit: configuration.jobs.queueLimit,
                    ignoringNames: ignoringNames)
                for job in queued.jobs { watcher.core.events.job(job.info) }
                // What found no room is found again later.
                if queued.isFull { isBehind = true }
                if !queued.jobs.isEmpty { watcher.scheduler.poke() }
                watcher.say(nil)
            } catch {
                // Said once, however long the disk is full.
                watcher.say("cannot queue files: \(error)")
                isBehind = true
            }
        }

        private mutating func forget(relative: Path) {
            pending[relative] = nil
            // Gone, and there again: the event that says so follows.
            guard case .gone = now(relative) else { return }
            forget(source.path.appending(relative))
        }

        private func forget(_ path: Path) {
            guard let cancelled = try? watcher.core.journal.forget(path, stream: watcher.stream.name) else { return }
            watcher.core.events.job(cancelled.info)
        }

        // MARK: Waiting

        private mutating func step() {
            let seconds: Double
            if !pending.isEmpty {
                seconds = min(0.25, source.settle / 2)
            } else if isPolling || isBehind {
                seconds = max(0.01, min(nextLook - Clock.steady, 5))
            } else {
                seconds = 5
            }
            // Without inotify (-1) this only waits.
            let events = watcher.stop.wait(for: inotify, events: POLLIN, seconds: seconds)
            if isStopped { return }
            if events & POLLIN != 0 { readEvents() }
            if root == nil { return }
            if (isPolling || isBehind) && Clock.steady >= nextLook {
                lookAround()
            } else {
                queueComplete()
            }
        }

        private mutating func readEvents() {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var complete: [(Path, Fingerprint)] = []
            var overflowed = false
            reading: while true {
                let count = read(inotify, &buffer, buffer.count)
                guard count > 0 else { break }
                var at = 0
                while at < count {
                    let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: inotify_event.self) }
                    let name = buffer[(at + 16)..<(at + 16 + Int(event.len))].prefix { $0 != 0 }
                    at += 16 + Int(event.len)
                    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                        overflowed = true
                        continue
                    }
                    guard let folder = folders[event.wd] else { continue }
                    if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
                        folders[event.wd] = nil
                        if folder == "." {
                            close()
                            break reading
                        }
                        // Renamed within the tree: the next look finds it under its new name.
                        isBehind = true
                        nextLook = min(nextLook, Clock.steady + 0.5)
                        continue
                    }
                    guard let name = Path(bytes: name) else { continue }
                    handle(event.mask, folder.appending(name), &complete)
                }
            }
            if !complete.isEmpty { queue(complete, ignoringNames: false) }
            if overflowed {
                Log.warning("too many changes at once: looking through the folder", stream: watcher.stream.name)
                lookAround()
            }
        }

        private mutating func handle(_ mask: UInt32, _ path: Path, _ complete: inout [(Path, Fingerprint)]) {
            if mask & UInt32(IN_ISDIR) != 0 {
                guard source.recursive, isOurs(path) else { return }
                if mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 {
                    var found: Set<Path> = []
                    look(into: path, [:], &found)
                } else if mask & UInt32(IN_MOVED_FROM | IN_DELETE) != 0 {
                    // The files that were in it are missed by a look.
                    isBehind = true
                    nextLook = min(nextLook, Clock.steady + 0.5)
                }
                return
            }
            guard isWanted(path) else { return }
            if mask & UInt32(IN_MOVED_FROM | IN_DELETE) != 0 {
                complete.removeAll { $0.0 == path }
                forget(relative: path)
            } else if case .version(let version) = now(path) {
                if mask & UInt32(IN_CLOSE_WRITE | IN_MOVED_TO) != 0 {
                    pending[path] = nil
                    complete.removeAll { $0.0 == path }
                    complete.append((path, version))
                } else {
                    // Created or written: pending, in case that nobody is ever seen closing it.
                    pending[path] = Pending(version: version, since: Clock.steady)
                }
            }
        }
    }
}
