import Filesystem
import Glibc

/// Finds programs as a shell does, but only in absolute folders of PATH: a child's working directory holds what others wrote.
enum ProgramSearch {
    enum Failure: Error {
        case notInstalled
        case notExecutable
    }

    /// - Parameters:
    ///   - command: an absolute path, or a name without a slash.
    ///   - folders: as in PATH; nil: the usual ones.
    /// - Returns: the program's absolute path.
    static func find(_ command: Path, in folders: [UInt8]?) throws(Failure) -> Path {
        let usual = Array("/usr/local/bin:/usr/bin:/bin".utf8)
        let folders = (folders ?? usual).split(separator: UInt8(ascii: ":")).compactMap { Path(bytes: $0) }
        let candidates =
            command.isAbsolute
            ? [command] : command.isEntryName ? folders.filter(\.isAbsolute).map { $0.appending(command) } : []
        if let found = candidates.first(where: isProgram) { return found }
        throw candidates.contains { $0.withCString { access($0, F_OK) } == 0 } ? .notExecutable : .notInstalled
    }

    /// The same with this process's PATH.
    static func find(_ command: Path) throws(Failure) -> Path {
        try find(command, in: getenv("PATH").map { Array(String(cString: $0).utf8) })
    }

    private static func isProgram(_ path: Path) -> Bool {
        var status = stat()
        return path.withCString { stat($0, &status) == 0 && access($0, X_OK) == 0 }
            && status.st_mode & S_IFMT == S_IFREG
    }
}
