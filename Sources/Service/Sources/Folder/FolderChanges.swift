import CLinux
import Filesystem
import Glibc

/// The changes in a tree of folders, as inotify(7) tells them. One thread.
final class FolderChanges {
    enum Change {
        /// An entry changed; `mask` holds the bits of inotify.
        case entry(Path, mask: UInt32)
        /// A watched folder was removed, renamed or unmounted.
        case folderGone(Path)
        /// Changes were lost.
        case overflow
    }

    /// Folders that are watched at most.
    static let folderLimit = 8192

    let descriptor: Int32
    /// Folders by watch descriptor.
    private var folders: [Int32: Path] = [:]

    /// nil, with errno, where the system has no inotify instance or no descriptor left.
    init?() {
        descriptor = clinux_inotify()
        if descriptor < 0 { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Begins to report the changes in a folder.
    /// - Parameter relative: the folder's path in the changes.
    /// - Returns: why no more folders can be watched; nil where they can.
    func watch(_ folder: Folder, _ relative: Path) -> String? {
        guard folders.count < Self.folderLimit else { return "more than \(Self.folderLimit) folders" }
        let events =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY | IN_CREATE | IN_DELETE | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR
        // The path leads to the folder that was opened, even if another one has its name by now.
        let watch = inotify_add_watch(descriptor, "/proc/self/fd/\(folder.descriptor)", UInt32(events))
        if watch >= 0 { folders[watch] = relative }
        guard watch < 0, errno == ENOSPC || errno == ENOMEM else { return nil }
        return "no more inotify watches (fs.inotify.max_user_watches)"
    }

    /// Takes changes that have come; there may be more.
    func read() -> [Change] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        var changes: [Change] = []
        var at = 0
        while at < count {
            let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: inotify_event.self) }
            let name = buffer[(at + 16)..<(at + 16 + Int(event.len))].prefix { $0 != 0 }
            at += 16 + Int(event.len)
            if let change = change(event, name) { changes.append(change) }
        }
        return changes
    }

    private func change(_ event: inotify_event, _ name: ArraySlice<UInt8>) -> Change? {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return .overflow }
        guard let folder = folders[event.wd] else { return nil }
        if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
            folders[event.wd] = nil
            return .folderGone(folder)
        }
        return Path(bytes: name).map { .entry(folder.appending($0), mask: event.mask) }
    }
}
