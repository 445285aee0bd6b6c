import Configuration
import Filesystem
import Glibc
import Threads

/// Seeing to changes.
extension FolderWatch {
    mutating func takeChanges() {
        var complete: [(Path, Fingerprint)] = []
        var isOverflow = false
        changing: for change in changes?.read() ?? [] {
            switch change {
            case .overflow: isOverflow = true
            case .folderGone("."):
                close()
                break changing
            // Renamed within the tree: the next look finds it under its new name.
            case .folderGone: lookSoon()
            case .entry(let path, let mask) where mask & UInt32(IN_ISDIR) != 0: changed(folder: path, mask)
            case .entry(let path, let mask): changed(file: path, mask, &complete)
            }
        }
        if !complete.isEmpty { queue(complete, ignoringNames: false) }
        if isOverflow {
            Log.warning("too many changes at once: looking through the folder", stream: watcher.stream.name)
            lookAround()
        }
    }

    private mutating func changed(folder path: Path, _ mask: UInt32) {
        guard filter.takes(folder: path) else { return }
        if mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 {
            var found: Set<Path> = []
            look(into: path, [:], &found)
        } else if mask & UInt32(IN_MOVED_FROM | IN_DELETE) != 0 {
            // A look misses the files that were in it.
            lookSoon()
        }
    }

    private mutating func changed(file path: Path, _ mask: UInt32, _ complete: inout [(Path, Fingerprint)]) {
        guard filter.takes(file: path) else { return }
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
