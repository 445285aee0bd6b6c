import CLinux
import Configuration
import Filesystem
import Glibc
import Threads

/// The knowledge of a folder watcher's thread. Paths are relative to the watched folder, which is ".".
struct FolderWatch {
    let watcher: FolderWatcher
    let source: FolderSource
    let filter: FolderFilter
    /// The watched folder; nil while it is not there.
    var root: Folder?
    /// nil where inotify cannot be used.
    var changes: FolderChanges?
    /// Files that are there and not complete yet.
    var pending: [Path: Pending] = [:]
    /// Whether there are files that could not be looked at, or whose jobs did not fit into the queue or the journal.
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
        filter = FolderFilter(source: watcher.source, sink: watcher.sink)
    }

    mutating func run() {
        while !watcher.thread.isStopped {
            guard open() else {
                watcher.thread.stop.wait(seconds: 1)
                continue
            }
            watcher.say(nil)
            lookAround()
            while !watcher.thread.isStopped && root != nil { step() }
        }
    }

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
        changes = FolderChanges()
        if changes == nil {
            // /proc/sys/fs/inotify/max_user_instances, or no descriptor left.
            let reason = String(cString: strerror(errno))
            pollInstead("no inotify instance is left (\(reason); fs.inotify.max_user_instances)")
        }
        return true
    }

    mutating func close() {
        changes = nil
        root = nil
        pending = [:]
    }

    mutating func pollInstead(_ reason: String) {
        guard !isPolling else { return }
        isPolling = true
        Log.warning(
            "\(reason): looking through the folder every \(source.pollInterval) s", stream: watcher.stream.name)
    }

    /// Makes another look due soon.
    mutating func lookSoon() {
        isBehind = true
        nextLook = min(nextLook, Clock.steady + 0.5)
    }

    /// Waits for changes, or until something is due, and sees to it.
    private mutating func step() {
        let seconds: Double
        if !pending.isEmpty {
            seconds = min(0.25, source.settle / 2)
        } else if isPolling || isBehind {
            seconds = max(0.01, min(nextLook - Clock.steady, 5))
        } else {
            seconds = 5
        }
        // If there is no inotify (-1), this only waits.
        let events = watcher.thread.stop.wait(for: changes?.descriptor ?? -1, events: POLLIN, seconds: seconds)
        if watcher.thread.isStopped { return }
        if events & POLLIN != 0 { takeChanges() }
        if root == nil { return }
        if (isPolling || isBehind) && Clock.steady >= nextLook {
            lookAround()
        } else {
            queueComplete()
        }
    }
}
