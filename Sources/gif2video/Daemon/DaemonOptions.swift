import ArgumentParser
import Control
import Filesystem
import FoundationEssentials
import Glibc
import Output

/// The options of all commands that speak to gif2videod.
struct DaemonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Control socket of gif2videod (default: $GIF2VIDEO_SOCKET, else $XDG_RUNTIME_DIR/gif2video/control, else "
                + "/run/gif2video/control).", valueName: "path"))
    var socket: Path?

    @Flag(help: "Print JSON, for scripts.")
    var json = false

    /// Connects to the daemon.
    /// - Throws: `ExitCode`, with a word about what is wrong.
    func connect() throws -> VarlinkClient {
        let paths = Self.candidates(socket)
        // The first socket that is there; else the last place it could be at, for the message.
        let path = paths.first { $0.withCString { access($0, F_OK) == 0 } } ?? paths.last ?? ""
        do {
            return try Self.client(path)
        } catch let error as VarlinkClient.ConnectionError {
            switch error.code {
            case ENOENT, ECONNREFUSED:
                Failure.say(
                    "no gif2videod is running (looked for \(paths.map(\.description).joined(separator: ", "))); start it, or name its socket with --socket"
                )
            case EACCES, EPERM:
                Failure.say(
                    "\(path): you may not speak to this gif2videod: its socket is for its group (see [control] group)")
            default: Failure.say("\(error)")
            }
            throw Failure.other
        }
    }

    /// Paths at which the socket may be, the likeliest first.
    /// - Parameter named: on the command line.
    static func candidates(_ named: Path?) -> [Path] {
        if let named { return [named] }
        func variable(_ name: String) -> Path? {
            getenv(name).flatMap { $0.pointee == 0 ? nil : Path(cString: $0) }
        }
        if let named = variable(ControlInterface.socketVariable) { return [named] }
        let user = variable("XDG_RUNTIME_DIR").map { [$0.appending("gif2video/control")] } ?? []
        return user + ["/run/gif2video/control"]
    }

    /// Connects to the socket at a path.
    /// - Throws: `VarlinkClient.ConnectionError`.
    static func client(_ path: Path) throws -> VarlinkClient {
        try path.withCString { (name: UnsafePointer<CChar>) throws in try VarlinkClient(name, shownAs: "\(path)") }
    }

    /// Calls a method of the interface.
    func call<R: Decodable>(_ method: String, _ parameters: some Encodable, as type: R.Type) throws -> R {
        try connect().call("\(ControlInterface.name).\(method)", parameters, as: type)
    }

    /// Calls a method that returns nothing.
    func call(_ method: String, _ parameters: some Encodable) throws {
        _ = try call(method, parameters, as: NoParameters.self)
    }

    /// Prints a value as one line of JSON.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        try write(escaped(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n")
    }

    /// The same JSON with `\u` escapes for characters in its strings that control a terminal: a file name may hold any.
    static func escaped(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: PrintableText.isUnsafe) else { return json }
        return json.unicodeScalars.map { scalar in
            guard PrintableText.isUnsafe(scalar) else { return String(scalar) }
            return UTF16.encode(scalar).map { units in
                units.map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined()
            } ?? ""
        }.joined()
    }

    /// Writes to standard output at once, so that a reader of a pipe sees every line as it comes.
    /// - Throws: `OutputError`.
    static func write(_ text: String) throws {
        try ByteSink(descriptor: STDOUT_FILENO, name: "standard output", closes: false).write(Array(text.utf8))
    }
}

extension Failure {
    /// Runs a command that speaks to the daemon: its errors are status 2, in words.
    static func speaking(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let code as ExitCode {
            throw code
        } catch OutputError.readerGone {
            endQuietly()
        } catch let error as VarlinkError {
            if case .array(let problems)? = error.parameters["problems"] {
                for problem in problems { say("\(problem)") }
            } else {
                say(error.inWords)
            }
            throw other
        } catch {
            say("\(error)")
            throw other
        }
    }
}
