import Control
import Foundation
import TestSupport
import Testing
import Threads

/// The server against clients of every manner (UAPI.20).
@Suite(.serialized) struct VarlinkServerTests {
    private func raw(_ server: TestServer) throws -> RawClient { try #require(RawClient(server.path)) }

    private static let echo = #"{"method":"org.example.echo.Echo","parameters":{"text":"hi"}}"# + "\0"

    // MARK: Calls

    @Test func aCallIsAnswered() throws {
        let server = try TestServer()
        let reply = try server.client().call(
            "org.example.echo.Echo", EchoInterface.Text(text: "häl\"lo"), as: EchoInterface.Text.self)
        #expect(reply.text == "häl\"lo")
    }

    @Test func pipelinedCallsAreAnsweredInOrder() throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(#"{"method":"org.example.echo.Slow"}"# + "\0" + Self.echo + Self.echo)
        #expect(client.receive() == #"{"parameters":{"text":"slow"}}"#)
        #expect(client.receive() == #"{"parameters":{"text":"hi"}}"#)
        #expect(client.receive() == #"{"parameters":{"text":"hi"}}"#)
    }

    @Test func aMessageMayComeByteByByte() throws {
        let server = try TestServer()
        let client = try raw(server)
        for byte in Self.echo.utf8 { client.send([byte]) }
        #expect(client.receive() == #"{"parameters":{"text":"hi"}}"#)
    }

    @Test(arguments: ["", #","parameters":null"#, #","parameters":{}"#])
    func noParametersAreSaidInThreeWays(parameters: String) throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(#"{"method":"org.varlink.service.GetInfo"\#(parameters)}"# + "\0")
        let info = try #require(client.receive())
        #expect(info.contains(#""interfaces":["org.example.echo","org.varlink.service"]"#), "\(info)")
    }

    @Test func onewayCallsAreNotAnswered() throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(#"{"method":"org.example.echo.Fail","oneway":true}"# + "\0" + Self.echo)
        #expect(client.receive() == #"{"parameters":{"text":"hi"}}"#)
    }

    @Test func aClientMayEndItsSideFirst() throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(#"{"method":"org.example.echo.Slow"}"# + "\0")
        client.endSending()
        #expect(client.receive() == #"{"parameters":{"text":"slow"}}"#)
        #expect(client.receive() == nil)
    }

    @Test func interfacesDescribeThemselves() throws {
        struct Name: Encodable {
            let interface: String
        }
        struct Description: Decodable {
            let description: String
        }
        let server = try TestServer()
        let client = try server.client()
        for interface in ["org.example.echo", "org.varlink.service"] {
            let reply = try client.call(
                "org.varlink.service.GetInterfaceDescription", Name(interface: interface), as: Description.self)
            #expect(reply.description.contains("interface \(interface)"))
        }
    }

    // MARK: Errors

    @Test(arguments: [
        ("org.example.echo.Fail", "{}", "org.example.echo.Failed", #""why":"#),
        ("org.example.echo.None", "{}", "org.varlink.service.MethodNotFound", #""method":"#),
        ("org.example.none.Echo", "{}", "org.varlink.service.InterfaceNotFound", #""interface":"#),
        ("Echo", "{}", "org.varlink.service.InterfaceNotFound", #""interface":"#),
        ("org.example.echo.Echo", "{}", "org.varlink.service.InvalidParameter", #""parameter":"text"}"#),
        ("org.example.echo.Echo", #"{"text":7}"#, "org.varlink.service.InvalidParameter", #""parameter":"text"}"#),
        (
            "org.example.echo.Echo", #"{"text":"a","more":1}"#, "org.varlink.service.InvalidParameter",
            #""parameter":"more"}"#
        ),
        ("org.example.echo.Follow", "{}", "org.varlink.service.ExpectedMore", "}"),
    ])
    func errorsHaveNamesAndParameters(method: String, parameters: String, error: String, parameter: String) throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(#"{"method":"\#(method)","parameters":\#(parameters)}"# + "\0" + Self.echo)
        let reply = try #require(client.receive())
        #expect(reply.contains(#""error":"\#(error)""#) && reply.contains(#"{\#(parameter)"#), "\(reply)")
        // The connection goes on.
        #expect(client.receive() == #"{"parameters":{"text":"hi"}}"#)
    }

    @Test func ourClientThrowsThem() throws {
        let server = try TestServer()
        let client = try server.client()
        #expect(throws: VarlinkError("org.example.echo.Failed", ["why": .string("asked to")])) {
            try client.call("org.example.echo.Fail", NoParameters(), as: NoParameters.self)
        }
    }

    @Test(arguments: [
        "hello\0", "[]\0", "{}\0", #"{"method":1}"# + "\0", #"{"method":"a.b","extra":1}"# + "\0",
        #"{"method":"a.b","more":1}"# + "\0", #"{"method":"a.b","more":true,"oneway":true}"# + "\0",
        #"{"method":"a.b","parameters":[]}"# + "\0", #"{"method":"a.b""# + "\0", "\0",
    ])
    func whatIsNoCallEndsTheConnection(message: String) throws {
        let server = try TestServer()
        let client = try raw(server)
        client.send(message)
        #expect(client.receive() == nil)
        let other = try raw(server)
        other.send(Self.echo)
        #expect(other.receive() != nil)
    }

    @Test func strangersAreRefused() throws {
        let server = try TestServer(isAllowed: { _ in false })
        let client = try raw(server)
        client.send(Self.echo)
        let reply = try #require(client.receive())
        #expect(reply.contains("io.gif2video.Control.PermissionDenied") && reply.contains("\(geteuid())"))
    }

    @Test func peersAreKnown() throws {
        let seen = Monitor<Peer?>(nil)
        let server = try TestServer(isAllowed: { peer in
            seen.withLock { $0 = peer }
            return true
        })
        _ = try server.client().call(
            "org.example.echo.Echo", EchoInterface.Text(text: ""), as: EchoInterface.Text.self)
        let peer = try #require(seen.withLock { $0 })
        #expect(peer.user == geteuid() && peer.groups.contains(getegid()))
    }

    // MARK: Clients that do harm

    @Test func aGigabyteIsRefused() throws {
        let server = try TestServer()
        let client = try raw(server)
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        var sent = 0
        while sent < 1024 && client.send(chunk) { sent += 1 }
        #expect(sent < 16)
    }

    @Test func aDeepMessageIsRefused() throws {
        let server = try TestServer()
        let client = try raw(server)
        let depth = 50_000
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        client.send(#"{"method":"org.example.echo.Echo","parameters":{"text":\#(nested)}}"# + "\0")
        #expect(client.receive() == nil)
    }

    @Test func aClientThatNeverReadsHarmsNobody() throws {
        let streams = Monitor<[VarlinkStream]>([])
        var limits = VarlinkServer.Limits()
        limits.output = 1 << 16
        let server = try TestServer(limits: limits, opened: { stream in streams.update { $0.append(stream) } })
        let silent = try raw(server)
        silent.send(#"{"method":"org.example.echo.Follow","more":true}"# + "\0")
        let stream = streams.whenever({ !$0.isEmpty }) { $0[0] }
        let text = EchoInterface.Text(text: String(repeating: "x", count: 1000))
        var sent = 0
        while stream.send(text) && sent < 100_000 { sent += 1 }
        #expect(sent < 10_000)
        // Calls without reading, too: the server stops taking them.
        let pushy = try raw(server)
        for _ in 0..<200 { pushy.send(Self.echo) }
        let other = try raw(server)
        other.send(Self.echo)
        #expect(other.receive() != nil)
    }

    @Test func aThousandConnectionsHarmNobody() throws {
        var limits = VarlinkServer.Limits()
        limits.connections = 16
        let server = try TestServer(limits: limits)
        var crowd: [RawClient] = []
        for _ in 0..<1000 {
            if let client = RawClient(server.path) { crowd.append(client) }
            if crowd.count > 200 { crowd.removeFirst(100) }
        }
        let client = try raw(server)
        client.send(Self.echo)
        #expect(client.receive() != nil)
        #expect(server.server.connections <= 16)
    }

    // MARK: Streams

    @Test func aStreamGoesOnUntilTheClientGoes() throws {
        let streams = Monitor<[VarlinkStream]>([])
        let closed = Monitor(false)
        let server = try TestServer(opened: { stream in
            stream.whenClosed { closed.update { $0 = true } }
            stream.send(EchoInterface.Text(text: "first"))
            streams.update { $0.append(stream) }
        })
        var client: RawClient? = try raw(server)
        client?.send(#"{"method":"org.example.echo.Follow","more":true}"# + "\0")
        #expect(client?.receive() == #"{"continues":true,"parameters":{"text":"first"}}"#)
        let stream = streams.whenever({ !$0.isEmpty }) { $0[0] }
        stream.send(EchoInterface.Text(text: "second"))
        #expect(client?.receive() == #"{"continues":true,"parameters":{"text":"second"}}"#)
        client = nil
        closed.whenever({ $0 }) { _ in }
        #expect(!stream.send(EchoInterface.Text(text: "third")))
    }

    @Test func theServerEndsWithIdleClients() throws {
        let server = try TestServer()
        let idle = try raw(server)
        idle.send(Self.echo)
        #expect(idle.receive() != nil)
        server.server.end()
        #expect(idle.receive() == nil)
    }
}
