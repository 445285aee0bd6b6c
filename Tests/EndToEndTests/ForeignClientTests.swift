import Foundation
import TestSupport
import Testing

/// Clients that are none of ours: the `varlink` package of PyPI and socat.
@Suite(.serialized) struct ForeignClientTests {
    private func started() throws -> DaemonProcess { try .started(FolderStream.configuration()) }

    /// Python's own client: its proxy parses the IDL, so it has to be right; and its command line.
    @Test func thePackageOfPyPISpeaksToIt() throws {
        let daemon = try started()
        let gif = try daemon.folder.write(ExampleGIF.drifting(delays: [4, 4, 4]), to: "a.gif")
        let script = Tool.root.appendingPathComponent("scripts/test-varlink-client").path
        let result = try Tool.run(
            script, [daemon.socket, gif, daemon.folder.path("gif2video.toml")], environment: daemon.allEnvironment)
        if result.status == 77 {
            print("######## SKIPPED: the package varlink of PyPI cannot be had here ########")
            return
        }
        #expect(result.status == 0, "\(result.errors)\(String(decoding: result.output, as: UTF8.self))")
        #expect(daemon.stop() == 0)
    }

    @Test func socatSpeaksToIt() throws {
        guard try Tool.run("/bin/bash", ["-c", "command -v socat"]).status == 0 else {
            print("######## SKIPPED: there is no socat here ########")
            return
        }
        let daemon = try started()
        let call = #"printf '{"method":"io.gif2video.Control.ListStreams"}\0'"#
        let result = try Tool.run(
            "/bin/bash", ["-c", "\(call) | socat -t5 - UNIX-CONNECT:\(daemon.socket) | tr '\\0' '\\n'"])
        let reply = String(decoding: result.output, as: UTF8.self)
        #expect(reply.contains(#""stream":"drop""#), "\(reply) \(result.errors)")
    }
}
