import CLinux
import Glibc
import Threads

/// A child process that leads a process group, and with it the processes that it starts itself, unless they leave the
/// group. Any thread may kill it, while one thread waits for it.
final class ProcessGroup: Sendable {
    /// Readable when the child has ended; -1 where the system gives none.
    let exitDescriptor: Int32
    /// nil from the moment its number may be another process's.
    private let leader: Monitor<pid_t?>

    init(_ leader: pid_t) {
        exitDescriptor = clinux_process_descriptor(leader)
        self.leader = Monitor(leader)
    }

    deinit {
        if exitDescriptor >= 0 { close(exitDescriptor) }
    }

    /// Kills the child and its group, unless `end` has returned.
    func kill() {
        leader.withLock { leader in
            if let leader { Glibc.kill(-leader, SIGKILL) }
        }
    }

    /// Whether the child has ended.
    var hasEnded: Bool {
        leader.withLock { leader in
            guard let leader else { return true }
            var about = siginfo_t()
            while waitid(P_PID, id_t(leader), &about, WEXITED | WNOWAIT | WNOHANG) != 0 {
                guard errno == EINTR else { return true }
            }
            return about.si_signo != 0
        }
    }

    /// Waits for the child's end, and kills what is left of its group.
    /// - Returns: the status as waitpid(2) gives it; nil when that was done before.
    func end() -> Int32? {
        guard let number = leader.withLock({ $0 }) else { return nil }
        var about = siginfo_t()
        // First without taking its number away, as that blocks.
        while waitid(P_PID, id_t(number), &about, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        return leader.withLock { leader in
            // The number is the group's for as long as the child was not waited for.
            Glibc.kill(-number, SIGKILL)
            var status: Int32 = 0
            while waitpid(number, &status, 0) < 0 && errno == EINTR {}
            leader = nil
            return status
        }
    }
}
