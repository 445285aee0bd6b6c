public import Foundation

/// A running gif2videod with a folder of its own.
public final class DaemonProcess {
    public let folder: TemporaryFolder
    private let arguments: [String]
    private var process: Process?

    /// A shell command line that runs before the daemon, in its process: `ulimit -n 64` and the like.
    public var setUp: String?
    /// Variables for its next start, and for the commands that talk to it.
    public var environment: [String: String]
    /// Words before the program's own: `unshare -Ur` and the like.
    public var launcher: [String] = []

    /// The daemon's standard output; /dev/null unless told otherwise.
    public var standardOutput: Any = FileHandle.nullDevice

    /// Writes the configuration; nothing runs yet.
    /// - Parameter configuration: TOML; relative paths lie in `folder`/state. nil: none at all.
    public init(_ configuration: String?, arguments: [String] = [], environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        self.environment = environment
        if let configuration {
            self.arguments = ["--config", folder.path("gif2video.toml")] + arguments
            try configure(configuration)
        } else {
            self.arguments = arguments
        }
        try Data().write(to: folder.url.appendingPathComponent("log"))
    }

    /// A running one that answers, whose state folder was there before it started.
    /// - Parameter output: its standard output.
    public static func started(
        _ configuration: String?, arguments: [String] = [], output: Any = FileHandle.nullDevice
    ) throws -> DaemonProcess {
        let daemon = try DaemonProcess(configuration, arguments: arguments)
        daemon.standardOutput = output
        try FileManager.default.createDirectory(atPath: daemon.state, withIntermediateDirectories: true)
        try daemon.start()
        try daemon.waitUntilReady()
        return daemon
    }

    deinit {
        if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Replaces the configuration file.
    public func configure(_ configuration: String) throws {
        _ = try folder.write(Array(configuration.utf8), to: "gif2video.toml")
    }

    public var socket: String { folder.path("run/gif2video/control") }
    public var state: String { folder.path("state/gif2video") }
    public var processIdentifier: pid_t { process?.processIdentifier ?? 0 }
    public var isRunning: Bool { process?.isRunning ?? false }

    /// The text of its standard error, of all its runs.
    public var log: String { (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? "" }

    public var allEnvironment: [String: String] {
        ProcessInfo.processInfo.environment.merging([
            "XDG_STATE_HOME": folder.path("state"), "XDG_RUNTIME_DIR": folder.path("run"),
            "XDG_CONFIG_HOME": folder.path("config"), "GIF2VIDEO_SOCKET": socket,
        ]) { $1 }.merging(environment) { $1 }
    }

    /// Starts it.
    public func start() throws {
        let process = Process()
        let words = launcher + ["/bin/bash", "-c", "\(setUp ?? ":"); exec \"$0\" \"$@\"", Tool.gif2videod] + arguments
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = allEnvironment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = standardOutput
        let log = try FileHandle(forWritingTo: folder.url.appendingPathComponent("log"))
        try log.seekToEnd()
        process.standardError = log
        try process.run()
        try log.close()
        self.process = process
    }

    /// Waits until the socket answers.
    public func waitUntilReady(seconds: Double = 60) throws {
        try waitUntil("the daemon answers", seconds: seconds) {
            (try? self.command("status").status) == 0
        }
    }

    /// SIGKILL, as a power loss.
    public func kill9() {
        guard let process, process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM; returns the exit status.
    public func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        guard let process else { return -1 }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs `gif2video ...` against it.
    public func command(_ arguments: String...) throws -> Tool.Result {
        try Tool.run(Tool.gif2video, arguments, environment: allEnvironment)
    }

    /// A condition that did not come true.
    public struct Timeout: Error, CustomStringConvertible {
        public let description: String
    }

    /// Looks again and again until `condition` holds.
    /// - Throws: `Timeout` with the daemon's last words.
    public func waitUntil(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if try condition() { return }
            usleep(50_000)
        }
        throw Timeout(description: "not within \(seconds) s: \(what)\n\(log.suffix(3000))")
    }
}

extension Tool {
    /// The daemon under test, built beside the tests.
    public static var gif2videod: String {
        URL(fileURLWithPath: gif2video).deletingLastPathComponent().appendingPathComponent("gif2videod").path
    }
}
