import CLinux
import Glibc

/// Standard error, where messages and progress go.
enum Terminal {
    /// Columns of the terminal, or nil where standard error is none, or is one that cannot clear a line (TERM=dumb).
    static var columns: Int? {
        if let kind = getenv("TERM"), strcmp(kind, "dumb") == 0 { return nil }
        let columns = Int(clinux_terminal_columns(STDERR_FILENO))
        return columns > 0 && isatty(STDERR_FILENO) == 1 ? columns : nil
    }

    /// One write(2), so that lines of several programs do not mix. Text that cannot be written is lost.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
