import Filesystem
import Glibc
import Output
import Threads

/// Writes the metrics into a file again and again, each time as a whole: for node_exporter's textfile collector.
final class MetricsFile: Sendable {
    private let path: Path
    private let report: @Sendable () throws -> [MetricFamily]
    private let task = Monitor<RepeatedTask?>(nil)
    private let lastFailure = Monitor<String?>(nil)

    /// - Parameters:
    ///   - path: of the file.
    ///   - report: asked each time.
    init(path: Path, report: @escaping @Sendable () throws -> [MetricFamily]) {
        self.path = path
        self.report = report
    }

    /// - Parameter interval: seconds between two times.
    /// - Throws: `NamedThread.Failure`.
    func start(every interval: Double) throws {
        write()
        let started = try RepeatedTask("metrics-file", every: interval) { [self] in write() }
        task.withLock { $0 = started }
    }

    /// Removes the file, too: its numbers are no longer true.
    func end() {
        task.withLock { $0 }?.end()
        _ = path.withCString { unlink($0) }
    }

    /// Says once that it cannot be written.
    private func write() {
        var failure: String?
        do {
            try replace(with: MetricsFormat.text.text(try report()))
        } catch {
            failure = "\(error)"
        }
        let isNew = lastFailure.withLock { last in
            defer { last = failure }
            return failure != nil && failure != last
        }
        if isNew, let failure { Log.warning("the metrics' file \(path): \(failure)") }
    }

    /// - Throws: `SystemError`, `OutputError`.
    private func replace(with text: String) throws {
        let folder = try Folder(path.folder)
        // A name that the collector does not look at.
        let growing = ("." as Path) + path.name + (".new" as Path)
        let descriptor = try folder.open(growing, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        let sink = ByteSink(descriptor: descriptor, name: "\(path)", closes: true)
        // The collector has another user, whatever the daemon's umask.
        fchmod(descriptor, 0o644)
        try sink.write(Array(text.utf8))
        try sink.close()
        try folder.move(growing, to: folder, path.name, replacing: true)
    }
}
