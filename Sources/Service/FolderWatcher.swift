import CLinux
import Configuration
import Glibc
import Threads

/// Watches the folder of one stream, on a thread of its own, and queues what is complete.
///
/// A file is complete when it was closed after writing or moved in, as inotify tells; a file that was found by looking
/// (at the start, after an overflow, where inotify is blind) when it did not change for a while and nobody has it open for
/// writing. Symbolic links are not followed: who may write into the folder does not thereby read what the daemon can.
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

    func start() {
        thread.withLock {
            $0 = NamedThread("folder-\(stream.name)") { [self] in
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

    /// What the thread knows.
    private struct Watch {
        let watcher: FolderWatcher
        let source: FolderSource
        var inotify: Int32 = -1
        /// Folders by watch descriptor, and the other way round.
        var folders: [Int32: String] = [:]
        /// Files that are there and not complete yet.
        var pending: [String: Pending] = [:]
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
                while !isStopped && inotify >= 0 { step() }
            }
            close()
        }

        // MARK: The folder

        /// Begins to watch; false where the folder is not there.
        private mutating func open() -> Bool {
            do {
                try Files.makeFolder(source.path)
            } catch {
                watcher.say("cannot watch: \(error)")
                return false
            }
            inotify = clinux_inotify()
            guard inotify >= 0 else {
                watcher.say("cannot watch \(source.path): \(String(cString: strerror(errno)))")
                return false
            }
            isPolling = source.watching == .poll || (source.watching == .auto && clinux_is_remote(source.path) == 1)
            return true
        }

        private mutating func close() {
            if inotify >= 0 { Glibc.close(inotify) }
            inotify = -1
            folders = [:]
            pending = [:]
        }

        private mutating func watch(_ folder: String) {
            let events =
                IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY | IN_CREATE | IN_DELETE | IN_DELETE_SELF
                | IN_MOVE_SELF | IN_ONLYDIR
            guard folders.count < FolderWatcher.folderLimit else {
                isPolling = true
                return
            }
            let descriptor = inotify_add_watch(inotify, folder, UInt32(events))
            if descriptor >= 0 {
                folders[descriptor] = folder
            } else if errno == ENOSPC {
                // /proc/sys/fs/inotify/max_user_watches
                Log.warning("no more inotify watches; polling", stream: watcher.stream.name)
                isPolling = true
            }
        }

        /// Whether a folder below the source belongs to it.
        private func isOurs(_ folder: String) -> Bool {
            if folder == source.failed { return false }
            if case .move(let done) = source.finished, folder == done { return false }
            if let sink = watcher.sink, folder == sink.folder { return false }
            return !isExcluded(folder)
        }

        private func relative(_ path: String) -> String { String(path.dropFirst(source.path.utf8.count + 1)) }

        private func matches(_ patterns: [String], _ path: String) -> Bool {
            let relative = relative(path)
            let name = Files.name(of: relative)
            return patterns.contains { pattern in
                pattern.contains("/") ? fnmatch(pattern, relative, FNM_PATHNAME) == 0 : fnmatch(pattern, name, 0) == 0
            }
        }

        private func isExcluded(_ path: String) -> Bool { matches(source.exclude, path) }

        private func isWanted(_ path: String) -> Bool { matches(source.include, path) && !isExcluded(path) }

        // MARK: Looking

        /// Looks through all folders: files that are new since the last look are pending.
        private mutating func lookAround() {
            nextLook = Clock.steady + source.pollInterval
            guard let seen = try? watcher.core.journal.seen(stream: watcher.stream.name) else {
                isBehind = true
                return
            }
            var found: Set<String> = []
            guard look(into: source.path, seen, &found) else { return close() }
            for path in pending.keys where !found.contains(path) { pending[path] = nil }
            for path in seen.keys where !found.contains(path) { forget(path) }
            isBehind = false
            queueComplete()
        }

        /// - Returns: false when the folder cannot be read.
        private mutating func look(into folder: String, _ seen: [String: Fingerprint], _ found: inout Set<String>)
            -> Bool
        {
            // Watched first: what comes while it is read shows twice rather than not at all.
            watch(folder)
            guard let entries = try? Files.entries(of: folder) else { return false }
            for entry in entries {
                let path = "\(folder)/\(entry.name)"
                switch entry.kind {
                case .folder where source.recursive && isOurs(path): _ = look(into: path, seen, &found)
                case .file where isWanted(path):
                    found.insert(path)
                    if seen[path]?.hasSameContent(as: entry.fingerprint) == true { continue }
                    note(path, entry.fingerprint)
                default: continue
                }
            }
            return true
        }

        private mutating func note(_ path: String, _ version: Fingerprint) {
            if pending[path]?.version == version { return }
            // The file's own times say how long it is like that already, unless they lie in the future.
            let age = Clock.wall - Double(max(version.modified, version.changed)) / 1e9
            pending[path] = Pending(version: version, since: Clock.steady - max(0, min(age, source.settle)))
        }

        /// Queues the pending files that have settled.
        private mutating func queueComplete() {
            let now = Clock.steady
            var complete: [(String, Fingerprint)] = []
            for (path, entry) in pending where now - entry.since >= source.settle {
                guard let version = Fingerprint.of(path) else {
                    pending[path] = nil
                    continue
                }
                guard version == entry.version, !hasWriter(path) else {
                    pending[path] = Pending(version: version, since: now)
                    continue
                }
                pending[path] = nil
                complete.append((path, version))
            }
            complete.sort { $0.0 < $1.0 }
            for start in stride(from: 0, to: complete.count, by: FolderWatcher.batch) {
                queue(Array(complete[start..<min(start + FolderWatcher.batch, complete.count)]), ignoringNames: true)
            }
        }

        private func hasWriter(_ path: String) -> Bool {
            let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            defer { Glibc.close(descriptor) }
            return clinux_has_writer(descriptor) == 1
        }

        private mutating func queue(_ files: [(String, Fingerprint)], ignoringNames: Bool) {
            let configuration = watcher.core.configuration
            let candidates = files.map { file in candidate(file.0, file.1, configuration) }
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

        private func candidate(
            _ path: String, _ version: Fingerprint, _ configuration: DaemonConfiguration
        ) -> Journal.Candidate {
            let relative = relative(path)
            var outputs: @Sendable (Int) -> String? = { _ in nil }
            if let sink = watcher.sink { outputs = JobPlanner.outputs(relative, sink, configuration) }
            return Journal.Candidate(source: path, relative: relative, fingerprint: version, outputs: outputs)
        }

        private mutating func forget(_ path: String) {
            pending[path] = nil
            // Gone, and there again: the event that says so follows.
            guard !Files.exists(path) else { return }
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
            let events = watcher.stop.wait(for: inotify, events: POLLIN, seconds: seconds)
            if isStopped { return }
            if events & POLLIN != 0 { readEvents() }
            if inotify < 0 { return }
            if (isPolling || isBehind) && Clock.steady >= nextLook {
                lookAround()
            } else {
                queueComplete()
            }
        }

        private mutating func readEvents() {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var complete: [(String, Fingerprint)] = []
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
                        if folder == source.path {
                            close()
                            break reading
                        }
                        // Renamed within the tree: the next look finds it under its new name.
                        isBehind = true
                        nextLook = min(nextLook, Clock.steady + 0.5)
                        continue
                    }
                    let path = "\(folder)/\(String(decoding: name, as: UTF8.self))"
                    handle(event.mask, path, &complete)
                }
            }
            if !complete.isEmpty { queue(complete, ignoringNames: false) }
            if overflowed {
                Log.warning("too many changes at once: looking through the folder", stream: watcher.stream.name)
                lookAround()
            }
        }

        private mutating func handle(_ mask: UInt32, _ path: String, _ complete: inout [(String, Fingerprint)]) {
            if mask & UInt32(IN_ISDIR) != 0 {
                guard source.recursive, isOurs(path) else { return }
                if mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 {
                    var found: Set<String> = []
                    _ = look(into: path, [:], &found)
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
                forget(path)
            } else if let version = Fingerprint.of(path) {
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
