import Glibc

/// A folder that this process's user made for itself in a folder that others may write into.
///
/// Only this user can enter it. Others may rename it and give its name to something else. So it is used through its descriptor,
/// and an entry of its name is opened or removed only if it holds the marker, an empty folder that only the maker can have put
/// there. (The marker is a folder because one is made without a descriptor, of which there may be none left.) A process that is
/// killed before it has made the marker leaves an empty folder, which is removed as well: nothing is lost with it.
public enum PrivateFolder {
    private static let marker: Path = ".gif2video"
    /// Names that are tried.
    private static let mostNames = 16
    /// How often a removal is tried. Nobody looks for the folder of a job that is done: one error must not leave it behind.
    private static let removals = 3

    /// The names that `make` tries: `name`, `name-2`, `name-3` ...
    public static func names(_ name: Path) -> [Path] {
        (1...mostNames).map { number in number == 1 ? name : name + (Path(text: "-\(number)") ?? "") }
    }

    /// Makes a private folder. One of the name that was made before is removed; something else leaves the name to itself.
    /// - Returns: the folder, and the name that it got.
    /// - Throws: `SystemError`; EEXIST where others have taken all names.
    public static func make(_ name: Path, in parent: Folder) throws(SystemError) -> (folder: Folder, name: Path) {
        for candidate in names(name) {
            remove(candidate, in: parent)
            if candidate.withCString({ mkdirat(parent.descriptor, $0, 0o700) }) != 0 {
                if errno == EEXIST { continue }
                throw SystemError(path: parent.path.appending(candidate), code: errno)
            }
            do throws(SystemError) {
                let folder = try parent.folder(candidate)
                guard isOurs(folder) else { continue }
                try mark(folder)
                return (folder, candidate)
            } catch {
                _ = candidate.withCString { unlinkat(parent.descriptor, $0, AT_REMOVEDIR) }
                throw error
            }
        }
        throw SystemError(path: parent.path.appending(name), code: EEXIST)
    }

    /// Opens a private folder.
    /// - Returns: nil if no entry has the name, or something else has it.
    /// - Throws: `SystemError` where that cannot be told.
    public static func open(_ name: Path, in parent: Folder) throws(SystemError) -> Folder? {
        do throws(SystemError) {
            let folder = try parent.folder(name)
            guard isOurs(folder), try folder.status(marker) != nil else { return nil }
            return folder
        } catch {
            if error.leadsNowhere || error.code == EACCES { return nil }
            throw error
        }
    }

    private static func isOurs(_ folder: Folder) -> Bool {
        var status = stat()
        return fstat(folder.descriptor, &status) == 0 && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }

    private static func mark(_ folder: Folder) throws(SystemError) {
        guard marker.withCString({ mkdirat(folder.descriptor, $0, 0o700) }) == 0 else {
            throw SystemError(path: folder.path.appending(marker), code: errno)
        }
    }

    /// Removes a private folder with all that is in it; anything else stays.
    public static func remove(_ name: Path, in parent: Folder) {
        if let folder = try? open(name, in: parent) {
            remove(folder, name, in: parent)
        } else if let folder = try? parent.folder(name), isOurs(folder) {
            // Fails where there is anything in it.
            _ = name.withCString { unlinkat(parent.descriptor, $0, AT_REMOVEDIR) }
        }
    }

    /// Removes a private folder that is open, with all that is in it.
    public static func remove(_ folder: Folder, _ name: Path, in parent: Folder) {
        for _ in 0..<removals {
            for entry in (try? folder.names()) ?? [] where entry != marker { folder.removeTree(entry) }
            _ = marker.withCString { unlinkat(folder.descriptor, $0, AT_REMOVEDIR) }
            guard name.withCString({ unlinkat(parent.descriptor, $0, AT_REMOVEDIR) }) != 0 else { return }
        }
        // Something is left behind: it is removed the next time.
        try? mark(folder)
    }
}
