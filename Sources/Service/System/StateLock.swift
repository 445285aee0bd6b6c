import Filesystem
import Glibc
import Threads

/// The lock of a state folder, held for the daemon's life: there is one daemon a state folder.
final class StateLock: Sendable {
    private let folder: String
    private let descriptor: Monitor<Int32>

    /// Makes the folder where it is missing, and takes its lock.
    /// - Throws: `Daemon.StartFailure`.
    init(_ folder: String) throws {
        self.folder = folder
        descriptor = Monitor(try Self.take(folder))
    }

    deinit {
        close(descriptor.withLock { $0 })
    }

    private static func take(_ folder: String) throws -> Int32 {
        let opened: Int32
        do {
            guard let path = Path(text: folder) else { throw SystemError(path: "", code: EINVAL) }
            opened = try Folder(path, creating: 0o750).open("lock", O_RDWR | O_CREAT, mode: 0o600)
        } catch {
            throw Daemon.StartFailure(
                description:
                    "the state folder: \(error); state_folder in the configuration, or XDG_STATE_HOME, names another")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno == EWOULDBLOCK ? "another gif2videod works there" : String(cString: strerror(errno))
            close(opened)
            throw Daemon.StartFailure(description: "\(folder): \(reason)")
        }
        return opened
    }

    /// Takes the lock again where its file was deleted.
    /// - Throws: `Daemon.StartFailure` where another daemon works there by now.
    func renewIfMissing() throws {
        var (held, named) = (stat(), stat())
        let old = descriptor.withLock { $0 }
        if fstat(old, &held) == 0, stat("\(folder)/lock", &named) == 0, held.st_ino == named.st_ino { return }
        let new = try Self.take(folder)
        descriptor.withLock { $0 = new }
        close(old)
    }
}
