import Configuration
import Filesystem

/// The daemon's statistics on a socket and in a file, as far as that is configured.
final class Metrics: Sendable {
    private let endpoint: MetricsEndpoint?
    private let file: MetricsFile?

    /// Starts what is configured.
    /// - Parameter report: asked for every answer and every version of the file. Any thread.
    /// - Throws: `Daemon.StartFailure`.
    init(_ configuration: MetricsConfiguration, report: @escaping @Sendable () throws -> [MetricFamily]) throws {
        endpoint = try configuration.socket.map { path in
            guard let text = path.text else {
                throw Daemon.StartFailure(description: "the metrics socket \(path): its name is not UTF-8")
            }
            return MetricsEndpoint(
                socket: try ControlSocket.listen(
                    "metrics", path: text, mode: configuration.mode, group: configuration.group), report: report)
        }
        file = configuration.file.map { MetricsFile(path: $0, report: report) }
        do {
            try endpoint?.start()
            try file?.start(every: configuration.interval)
        } catch {
            end()
            throw Daemon.StartFailure(description: "\(error)")
        }
    }

    func end() {
        file?.end()
        endpoint?.end()
    }
}

extension Daemon {
    /// All numbers as they are now.
    /// - Throws: the journal's errors.
    func metricsReport() throws -> MetricsReport {
        let handler = ControlHandler(daemon: self)
        return MetricsReport(
            version: Self.version, started: started, isJournalInPlace: context.ledger.journal.isInPlace,
            isPaused: scheduler.isPaused, statistics: try handler.statistics(), streams: try handler.streams())
    }
}
