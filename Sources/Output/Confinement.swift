import CLinux
import Filesystem
import Glibc
import Threads

/// The rights that encoders do without: they can write to nothing but their private folder and graphics cards, open no sockets,
/// gain no privileges by set-user-ID programs, and neither trace nor signal other processes. They can read what this process can.
///
/// Landlock and seccomp take rights from a thread and from what it starts. So encoders are started by a thread that ends at once,
/// and no other program is between.
public enum Confinement {
    /// Runs `body` on a thread without these rights.
    /// - Parameter folder: the one that can be written to.
    static func run(
        in folder: Folder, _ body: @escaping @Sendable () throws(ProcessSpawn.Failure) -> pid_t
    ) throws(ProcessSpawn.Failure) -> pid_t {
        let result = Monitor<Result<pid_t, ProcessSpawn.Failure>?>(nil)
        do throws(NamedThread.Failure) {
            let thread = try NamedThread("spawn") {
                let made = confined(folder, body)
                result.withLock { $0 = made }
            }
            thread.join()
        } catch {
            throw ProcessSpawn.Failure(code: error.code)
        }
        guard let result = result.withLock({ $0 }) else { preconditionFailure("a thread that ended without a result") }
        return try result.get()
    }

    private static func confined(
        _ folder: Folder, _ body: () throws(ProcessSpawn.Failure) -> pid_t
    ) -> Result<pid_t, ProcessSpawn.Failure> {
        guard clinux_confine_thread(folder.descriptor) == 0 else { return .failure(ProcessSpawn.Failure(code: errno)) }
        do throws(ProcessSpawn.Failure) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }

    /// The rights that this system cannot take from encoders, as sentences; empty where it can take all.
    public static var gaps: [String] {
        let means = clinux_confinement()
        var gaps: [String] = []
        if means & Int32(CLINUX_LANDLOCK) == 0 {
            gaps.append("this system has no Landlock: encoders can write wherever the daemon can")
        }
        if means & Int32(CLINUX_SECCOMP) == 0 {
            gaps.append("this system has no seccomp filters: encoders can use the network as the daemon can")
        }
        return gaps
    }
}
