import CSystemd
import Filesystem
import Glibc
import Threads

/// Talks to systemd; without systemd everything here does nothing. Any thread.
enum ServiceManager {
    /// The daemon serves.
    static func ready() {
        notify("READY=1")
    }

    static func status(_ text: String) {
        notify("STATUS=\(text.printable)")
    }

    /// The configuration is being read again; `ready` says when that is over.
    static func reloading() {
        notify("RELOADING=1\nMONOTONIC_USEC=\(Int(Clock.steady * 1e6))")
    }

    static func stopping() {
        notify("STOPPING=1")
    }

    /// Alive, and getting on with its work.
    static func watchdog() {
        notify("WATCHDOG=1")
    }

    /// Stopping takes this long yet; to be said again before that time is over.
    static func extendTimeout(seconds: Double) {
        notify("EXTEND_TIMEOUT_USEC=\(Int(seconds * 1e6))")
    }

    private static func notify(_ state: String) {
        sd_notify(0, state)
    }

    /// Seconds between two watchdog messages, half of what systemd allows; nil where it does not watch.
    static var watchdogInterval: Double? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? Double(microseconds) / 2e6 : nil
    }

    /// The listening socket that systemd handed over: the only one, or the one named `varlink`. Once: later there is none.
    static func listener() -> Int32? {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else { return nil }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        let first: Int32 = 3
        if count == 1 { return first }
        for index in 0..<Int(count) {
            if let name = names[index], strcmp(name, "varlink") == 0 { return first + Int32(index) }
        }
        return nil
    }
}
