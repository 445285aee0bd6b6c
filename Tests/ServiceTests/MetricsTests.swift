import Control
import Filesystem
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct MetricsTests {
    /// Numbers that differ from each other, with a name that has to be escaped.
    private static var report: MetricsReport {
        var drop = StreamStatistics(stream: "drop")
        drop.done = 3
        drop.failed = 1
        drop.videoSeconds = 2.5
        drop.latency50 = 20
        var other = StreamStatistics(stream: "submitted")
        other.queued = 7
        return MetricsReport(
            version: "1.2 \"x\"", started: 1e9, isJournalInPlace: true, isPaused: false,
            statistics: StatisticsReply(
                uptime: 60, memory: 1000, peakMemory: 2000, workers: 2, busyWorkers: 1, queued: 7, queueLimit: 9,
                connections: 4, streams: [drop, other]),
            streams: [
                StreamInfo(
                    stream: "drop", source: "folder", sourcePath: "/a", sink: "files", sinkPath: "/b", live: false,
                    state: "waiting", detail: nil, rate: "30", profile: "auto", queued: 0, running: 0)
            ])
    }

    @Test func openMetricsHasUnitsAndAnEnd() {
        let text = MetricsFormat.openMetrics.text(Self.report.families)
        let lines = text.split(separator: "\n")
        for line in [
            "# TYPE gif2video_jobs counter", "gif2video_jobs_total{stream=\"drop\",result=\"done\"} 3.0",
            "gif2video_jobs_total{stream=\"drop\",result=\"failed\"} 1.0", "# UNIT gif2video_memory_bytes bytes",
            "gif2video_jobs_queued{stream=\"submitted\"} 7.0", "gif2video_stream_running{stream=\"drop\"} 0.0",
            "gif2video_build_info{version=\"1.2 \\\"x\\\"\"} 1.0",
            "gif2video_picture_latency_seconds{stream=\"drop\",quantile=\"0.5\"} 0.02",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)\n\(text)")
        }
        #expect(text.hasSuffix("\n# EOF\n"))
    }

    @Test func theOlderFormatNamesCountersAsTheirSamples() {
        let text = MetricsFormat.text.text(Self.report.families)
        #expect(text.contains("# TYPE gif2video_video_seconds_total counter\n"))
        #expect(text.contains("\ngif2video_video_seconds_total{stream=\"drop\"} 2.5\n"))
        #expect(!text.contains("# UNIT") && !text.contains("# EOF"))
    }

    /// docs/metrics.md has a row for every metric, with its kind, and no other.
    @Test func theDocumentListsThem() throws {
        let document = try String(contentsOf: Tool.root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
        let rows = document.matches(of: /\| `(gif2video_[a-z_]+)` \| ([a-z]+) \|/).map { "\($0.1) \($0.2)" }
        let made = Self.report.families.map {
            "\($0.name)\($0.kind == .counter ? "_total" : "") \($0.kind.rawValue)"
        }
        #expect(rows == made)
    }

    // MARK: The socket

    private func endpoint(_ folder: TemporaryFolder) throws -> MetricsEndpoint {
        let socket = try ControlSocket.listen("metrics", path: folder.path("metrics"), mode: 0o600, group: nil)
        let endpoint = MetricsEndpoint(socket: socket) { Self.report.families }
        try endpoint.start()
        return endpoint
    }

    private func ask(_ folder: TemporaryFolder, _ request: String) throws -> String {
        let result = try Tool.run(
            "socat", ["-t5", "-", "UNIX-CONNECT:\(folder.path("metrics"))"], input: Array(request.utf8))
        return String(decoding: result.output, as: UTF8.self)
    }

    @Test func theSocketSpeaksHTTP() throws {
        let folder = try TemporaryFolder()
        let endpoint = try endpoint(folder)
        defer { endpoint.end() }
        let plain = try ask(folder, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(plain.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "\(plain)")
        #expect(plain.hasSuffix("\r\n\r\n" + MetricsFormat.text.text(Self.report.families)))
        let open = try ask(
            folder, "GET /metrics?x=y HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n")
        #expect(open.hasSuffix("# EOF\n") && open.contains("openmetrics-text; version=1.0.0"), "\(open)")
        #expect(try ask(folder, "GET / HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        #expect(try ask(folder, "POST /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 405 "))
        #expect(try ask(folder, "rubbish\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        #expect(try ask(folder, String(repeating: "x", count: 10_000)) == "")
    }

    /// A client that says nothing is left after a while; the next is answered.
    @Test func aSilentClientDoesNotStopOthers() throws {
        let folder = try TemporaryFolder()
        let endpoint = try endpoint(folder)
        defer { endpoint.end() }
        let silent = Process()
        silent.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        silent.arguments = ["socat", "-u", "UNIX-CONNECT:\(folder.path("metrics"))", "STDOUT"]
        try silent.run()
        #expect(try ask(folder, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
        silent.terminate()
        silent.waitUntilExit()
    }

    // MARK: The file

    @Test func theFileIsReplacedAndGoesAtTheEnd() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("gif2video.prom")
        let file = MetricsFile(path: try #require(Path(text: path))) { Self.report.families }
        try file.start(every: 3600)
        #expect(try folder.contents == ["gif2video.prom"])
        #expect(String(decoding: try folder.read("gif2video.prom"), as: UTF8.self).contains("gif2video_workers 2.0\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        file.end()
        #expect(try folder.contents == [])
    }
}
