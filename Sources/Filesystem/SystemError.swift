import Glibc

/// A system call on a path that failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: Path
    /// The value of errno.
    public let code: Int32

    public init(path: Path, code: Int32) {
        self.path = path
        self.code = code
    }

    /// The system's words for the code.
    public var reason: String {
        switch code {
        // Said by openat2(2) with RESOLVE_NO_SYMLINKS and RESOLVE_BENEATH, and by open(2) with O_NOFOLLOW.
        case ELOOP: "a symbolic link is not followed here"
        case EXDEV: "leads out of its folder"
        case ENOTSUP: "something else than a FIFO has this name"
        case EMFILE: "too many open files (ulimit -n, LimitNOFILE)"
        // Said by open(2).
        case EAGAIN: "another process holds it (a lease)"
        default: String(cString: strerror(code))
        }
    }

    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether a path leads nowhere that may be gone to: its file is missing, or a link stands in its way.
    public var leadsNowhere: Bool { isMissing || code == ELOOP || code == EXDEV }

    /// Whether the process, or the system, has run out of something that it gets back when other work ends: descriptors or
    /// memory.
    public var isExhaustion: Bool { [EMFILE, ENFILE, ENOMEM].contains(code) }

    /// Whether the call may succeed later: the disk is full or quotas are, it fails, or a server is away for a while.
    public var mayPass: Bool { [ENOSPC, EDQUOT, EIO, ESTALE, EROFS, EINTR, ETIMEDOUT].contains(code) }

    /// Exhaustion of a call that starts a process or a thread, which may also find none left.
    /// - Parameter code: a value of errno.
    public static func isExhaustion(ofStarting code: Int32) -> Bool {
        [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(code)
    }

    public var description: String { "\(path): \(reason)" }
}
