import Control

/// Cuts bytes into calls as the server does, and takes the arguments of every method from each.
enum VarlinkTarget {
    static func run(_ bytes: [UInt8]) {
        for message in bytes.split(separator: 0, omittingEmptySubsequences: false) {
            guard let call = try? VarlinkMessage.call(Array(message)) else { continue }
            take(VarlinkArguments(call.parameters))
            let again = try? VarlinkMessage.call(call.method, call.parameters, more: call.more)
            precondition(again?.last == 0, "a call that cannot be written again")
            guard let again, let second = try? VarlinkMessage.call(Array(again.dropLast())) else {
                preconditionFailure("a call that cannot be read again")
            }
            precondition(second.method == call.method && second.more == call.more, "\(call) became \(second)")
        }
    }

    /// As the methods of io.gif2video.Control do.
    private static func take(_ arguments: VarlinkArguments) {
        attempt(arguments) { taken throws(VarlinkError) in
            _ = try taken.string("path")
            _ = try taken.optionalString("stream")
            let options = try taken.optionalObject("options")
            _ = try taken.optionalBool("loop")
            var inner = VarlinkArguments(options ?? [:])
            _ = try inner.parsed("rate") { Double($0) }
            try inner.finish()
        }
        attempt(arguments) { taken throws(VarlinkError) in
            _ = try taken.integer("job")
            _ = try taken.optionalInteger("limit")
        }
    }

    private static func attempt(
        _ arguments: VarlinkArguments, _ body: (inout VarlinkArguments) throws(VarlinkError) -> Void
    ) {
        var arguments = arguments
        do {
            try body(&arguments)
            try arguments.finish()
        } catch {
            precondition((try? VarlinkMessage.reply(error)) != nil, "an error that is no JSON")
        }
    }

    static var seeds: [[UInt8]] {
        [
            #"{"method":"io.gif2video.Control.GetStatus"}"#,
            #"{"method":"a.b.Submit","parameters":{"path":"/a.gif","stream":"drop","options":{"rate":"2"}},"more":true}"#,
            #"{"method":"a.b.GetJob","parameters":{"job":12,"limit":-3,"deep":[[null,1.5e3],{"x":[]}]},"oneway":false}"#,
        ].map { Array($0.utf8) + [0] }
    }
}
