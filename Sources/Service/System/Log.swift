import CLinux
import CSystemd
import Filesystem
import Glibc
import Threads

/// The daemon's messages: to the systemd journal with fields, else a line on standard error. Any thread.
///
/// `error`: something that somebody has to look at. `warning`: a GIF or a try failed, the daemon goes on. `notice`:
/// started, stopped, reloaded. `info`: every job. `debug`: only worth reading when looking for a fault.
public enum Log {
    /// The numbers are those of syslog.
    public enum Level: Int32, Sendable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7
    }

    private static let threshold = Monitor(Level.info)
    private static let isJournal = clinux_stderr_is_journal() == 1

    /// Messages above this level are dropped.
    public static func setThreshold(_ level: Level) {
        threshold.withLock { $0 = level }
    }

    public static func error(_ message: String, stream: String? = nil, job: Int? = nil) {
        write(.error, message, stream, job)
    }

    public static func warning(_ message: String, stream: String? = nil, job: Int? = nil) {
        write(.warning, message, stream, job)
    }

    public static func notice(_ message: String, stream: String? = nil, job: Int? = nil) {
        write(.notice, message, stream, job)
    }

    public static func info(_ message: String, stream: String? = nil, job: Int? = nil) {
        write(.info, message, stream, job)
    }

    public static func debug(_ message: String, stream: String? = nil, job: Int? = nil) {
        write(.debug, message, stream, job)
    }

    private static func write(_ level: Level, _ message: String, _ stream: String?, _ job: Int?) {
        guard level.rawValue <= threshold.withLock({ $0.rawValue }) else { return }
        // File names and what others said may hold line breaks and worse; a line is a message.
        let text = message.printable
        if isJournal && writeToJournal(level, text, stream, job) { return }
        let place = (stream.map { "\($0): " } ?? "") + (job.map { "job \($0): " } ?? "")
        let bytes = Array("gif2videod: \(level == .error ? "error: " : "")\(place)\(text)\n".utf8)
        // One write(2), so that lines of several programs do not mix.
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func writeToJournal(_ level: Level, _ text: String, _ stream: String?, _ job: Int?) -> Bool {
        var fields = ["PRIORITY=\(level.rawValue)", "MESSAGE=\(text)", "SYSLOG_IDENTIFIER=gif2videod"]
        if let stream { fields.append("GIF2VIDEO_STREAM=\(stream)") }
        if let job { fields.append("GIF2VIDEO_JOB=\(job)") }
        let copies = fields.map { field in (strdup(field), field.utf8.count) }
        defer { for (copy, _) in copies { free(copy) } }
        let vectors = copies.map { iovec(iov_base: $0.0, iov_len: $0.1) }
        return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
    }
}
