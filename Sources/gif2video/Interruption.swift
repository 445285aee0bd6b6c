import CLinux
import Glibc
import Output
import Threads

/// Ends the program by SIGINT, SIGTERM or SIGHUP as these do, but takes encoders and unfinished outputs along.
enum Interruption {
    /// From now on, until the program ends. Signals that were ignored (nohup) stay ignored. Once.
    /// - Throws: `OutputError.system` where the system gives no descriptor.
    static func takesOutputsAlong() throws {
        let signals = clinux_catch_signals()
        guard signals >= 0 else { throw OutputError.system(output: "signals", call: "eventfd", errno: errno) }
        _ = try NamedThread("signals") {
            var entry = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
            while poll(&entry, 1, -1) < 1 {}
            UnfinishedOutputs.abandon()
            clinux_raise_default(clinux_caught_signal())
        }
    }
}
