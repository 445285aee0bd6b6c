import Foundation
import TestSupport
import Testing

/// The daemon's metrics, as the programs of Prometheus read them.
@Suite struct MetricsTests {
    private static let hasPromtool = (try? Tool.run("promtool", ["--version"]).status == 0) ?? false

    @Test func socketAndFileTellOfAJob() throws {
        let daemon = try DaemonProcess.started(
            """
            [metrics]
            socket = "metrics"
            file = "gif2video.prom"
            interval = 1
            [[stream]]
            name = "cats"
            source = "submitted"
            output = "out"
            encoder = "y4m"
            rate = "source"
            profile = "none"
            """)
        let gif = try daemon.folder.write(ExampleGIF.drifting(frames: 3), to: "a.gif")
        #expect(try daemon.command("submit", "--wait", "--stream", "cats", gif).status == 0)
        let reply = try Tool.run(
            "socat", ["-t5", "-", "UNIX-CONNECT:\(daemon.state)/metrics"],
            input: Array("GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text\r\n\r\n".utf8))
        let text = String(decoding: reply.output, as: UTF8.self)
        #expect(text.contains("\ngif2video_jobs_total{stream=\"cats\",result=\"done\"} 1.0\n"), "\(text)")
        #expect(text.contains("\ngif2video_frames_total{stream=\"cats\"} 3.0\n"), "\(text)")
        let file = "\(daemon.state)/gif2video.prom"
        let deadline = Date(timeIntervalSinceNow: 30)
        var written = ""
        while !written.contains("gif2video_frames_total{stream=\"cats\"} 3.0\n") && Date() < deadline {
            written = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            usleep(50_000)
        }
        #expect(written.contains("gif2video_pictures_total{stream=\"cats\"} 3.0\n"), "\(written)")
        if Self.hasPromtool {
            let checked = try Tool.run("promtool", ["check", "metrics"], input: Array(written.utf8))
            #expect(checked.status == 0 && checked.output.isEmpty, "\(checked.errors)")
        } else {
            print("######## SKIPPED: there is no promtool here (Debian's prometheus), which checks metrics ########")
        }
        #expect(daemon.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(!FileManager.default.fileExists(atPath: "\(daemon.state)/metrics"))
    }

    @Test(.enabled(if: hasPromtool)) func theExamplesAlertsAreSound() throws {
        let folder = Tool.root.appendingPathComponent("Examples/prometheus").path
        for words in [["check", "rules", "\(folder)/alerts.yml"], ["test", "rules", "\(folder)/alerts-test.yml"]] {
            let result = try Tool.run("promtool", words)
            #expect(result.status == 0, "\(result.errors) \(String(decoding: result.output, as: UTF8.self))")
        }
    }

    @Test func aFileThatNobodyReadsIsAMistake() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(Array("[metrics]\nfile = \"/tmp/x.txt\"\n".utf8), to: "gif2video.toml")
        let daemon = URL(fileURLWithPath: Tool.gif2video).deletingLastPathComponent().appendingPathComponent(
            "gif2videod")
        let result = try Tool.run(daemon.path, ["--check-config", "--config", file])
        #expect(result.status == 1)
        #expect(
            String(decoding: result.output, as: UTF8.self).contains(
                "gif2video.toml:2: metrics.file: \"/tmp/x.txt\": node_exporter reads files whose names end in .prom"))
    }
}
