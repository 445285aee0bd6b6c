import CLinux
import Glibc

/// A file in the state folder that a crashing daemon leaves behind: it tells a crash from a kill.
enum CrashNote {
    private static func path(_ stateFolder: String) -> String { "\(stateFolder)/crashed" }

    /// From this call on, a signal that ends the process by its own fault (SIGSEGV, a Swift trap, the watchdog's SIGABRT ...) is
    /// noted there.
    static func arm(_ stateFolder: String) {
        clinux_note_crashes(path(stateFolder))
    }

    /// "signal 4"; nil where the last run did not crash.
    static func read(_ stateFolder: String) -> String? {
        guard let file = fopen(path(stateFolder), "re") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 32)
        guard fgets(&text, 31, file) != nil else { return "an unknown signal" }
        let number = String(decoding: text.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "signal \(number)"
    }

    static func remove(_ stateFolder: String) {
        unlink(path(stateFolder))
    }
}
