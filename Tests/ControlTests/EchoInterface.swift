import Control
import Foundation
import TestSupport
import Testing

/// A small interface to test the server with.
struct EchoInterface: VarlinkInterface {
    let name = "org.example.echo"
    let description = "interface org.example.echo\nmethod Echo(text: string) -> (text: string)\n"
    let opened: @Sendable (VarlinkStream) -> Void

    struct Text: Codable, Sendable, Equatable {
        var text: String
    }

    func answer(_ call: VarlinkCall) throws -> VarlinkAnswer {
        var arguments = VarlinkArguments(call.parameters)
        switch call.method {
        case "Echo":
            let text = try arguments.string("text")
            try arguments.finish()
            return .reply(Text(text: text))
        case "Slow":
            usleep(200_000)
            return .reply(Text(text: "slow"))
        case "Fail": throw VarlinkError("org.example.echo.Failed", ["why": .string("asked to")])
        case "Follow": return .stream(opened)
        default: throw VarlinkError.methodNotFound("\(name).\(call.method)")
        }
    }
}

/// A server with a socket of its own.
final class TestServer {
    let folder: TemporaryFolder
    let server: VarlinkServer
    var path: String { folder.path("socket") }

    init(
        limits: VarlinkServer.Limits = VarlinkServer.Limits(),
        isAllowed: @escaping @Sendable (Peer) -> Bool = { _ in true },
        opened: @escaping @Sendable (VarlinkStream) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        let listener = RawClient.listen(folder.path("socket"))
        try #require(listener >= 0)
        server = VarlinkServer(
            listener: listener, limits: limits,
            product: VarlinkProduct(vendor: "v", product: "p", version: "1", url: "u"),
            interfaces: [EchoInterface(opened: opened)], isAllowed: isAllowed)
        try server.start()
    }

    deinit {
        // Waits for the server's threads, whatever a test left open.
        server.end()
    }

    func client() throws -> VarlinkClient { try VarlinkClient(path: path) }
}
