import Filesystem
import Glibc

/// FIFOs by name.
enum FIFO {
    /// Opens a FIFO, nonblocking; creates it, and the folders above it, where it is missing. A link at the end of the path is
    /// not followed: only a FIFO is opened.
    /// - Parameters:
    ///   - access: O_RDONLY or O_WRONLY.
    ///   - mode: permission bits of a new one, whatever the umask.
    /// - Returns: nil where it is opened for writing and nobody reads.
    /// - Throws: `SystemError`; ENOTSUP where something else has the name.
    static func open(_ path: Path, _ access: Int32, mode: UInt32) throws(SystemError) -> Int32? {
        let folder = try Folder(path.folder, creating: 0o777)
        let isNew = path.name.withCString { mkfifoat(folder.descriptor, $0, mode) } == 0
        guard isNew || errno == EEXIST else { throw SystemError(path: path, code: errno) }
        // No other kind of file is opened, not even for a moment: opening alone may do something.
        guard let named = try folder.status(path.name), named.st_mode & S_IFMT == S_IFIFO else {
            throw SystemError(path: path, code: ENOTSUP)
        }
        // A new FIFO cannot be opened for writing before somebody reads: its mode is set through the reading end.
        if isNew {
            let reading = try folder.open(path.name, O_RDONLY | O_NONBLOCK)
            defer { close(reading) }
            guard fchmod(reading, mode) == 0 else { throw SystemError(path: path, code: errno) }
        }
        let descriptor: Int32
        do {
            descriptor = try folder.open(path.name, access | O_NONBLOCK)
        } catch {
            if error.code == ENXIO { return nil }
            throw error
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            throw SystemError(path: path, code: ENOTSUP)
        }
        return descriptor
    }
}
