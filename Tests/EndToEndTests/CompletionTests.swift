import Foundation
import TestSupport
import Testing

/// Completion by a real bash, with the words that only the daemon knows. Other shells: scripts/test-systemd-inside.
@Suite(.serialized) struct CompletionTests {
    /// bash's completions of the last of some words.
    private func offers(_ words: [String], _ environment: [String: String]) throws -> [String] {
        let script = """
            set -e
            PATH=$(dirname "$1"):$PATH
            shift
            source <(gif2video --generate-completion-script bash)
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
            COMP_POINT=${#COMP_LINE}
            _gif2video gif2video "${@: -1}" "${@: -2:1}" || true
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try Tool.run(
            "/bin/bash", ["-c", script, "bash", Tool.gif2video] + words, environment: environment)
        try #require(result.status == 0, "\(result.errors)")
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init).sorted()
    }

    @Test func bashKnowsCommandsStreamsAndJobs() throws {
        let daemon = try DaemonProcess.started(
            """
            [[stream]]
            name = "cats"
            source = "submitted"
            output = "out"
            encoder = "y4m"
            rate = "25"
            profile = "none"
            [[stream]]
            name = "show"
            source = "submitted"
            sink = "fifo"
            fifo = "video"
            """)
        func offers(_ words: String...) throws -> [String] {
            try self.offers(["gif2video"] + words, daemon.allEnvironment)
        }
        #expect(try offers("st") == ["stats", "status", "streams"])
        #expect(try offers("filter", "--dither", "") == ["auto", "dithered", "none"])
        #expect(try offers("filter", "--scaler", "") == ["auto", "nearest", "smooth"])
        #expect(try offers("pause", "") == ["cats", "show"])
        #expect(try offers("submit", "--stream", "ca") == ["cats"])
        #expect(try offers("play", "--stream", "") == ["show"])
        #expect(try daemon.command("pause").status == 0)
        let gif = try daemon.folder.write(ExampleGIF.drifting(frames: 2), to: "a.gif")
        for _ in 0..<2 { #expect(try daemon.command("submit", "--stream", "cats", gif).status == 0) }
        #expect(try daemon.command("cancel", "2").status == 0)
        #expect(try offers("show", "") == ["1", "2"])
        #expect(try offers("cancel", "") == ["1"])
        #expect(try offers("retry", "") == ["2"])
        #expect(daemon.stop() == 0)
        #expect(try offers("pause", "") == [])
    }
}
