import ArgumentParser
import CLinux
import Configuration
import Filesystem
import Glibc
import Service
import Startup

@main
struct GIF2Videod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gif2videod",
        abstract: "Watches folders and pipes, restores the GIFs that come, and never loses one.",
        discussion: """
            Without a configuration it serves the folder drop of its state folder into the folder video beside it.
            Speak to it with 'gif2video status', 'jobs', 'submit', 'monitor' ...; see docs/daemon.md.

            Signals: SIGHUP reads the configuration again; SIGTERM lets running jobs end, a second one does not.
            Exit status: 0 stopped as told; 1 the configuration has mistakes; 2 it could not start; 64 the command line was
            not understood.
            """,
        version: Daemon.version)

    @Option(
        help: ArgumentHelp(
            "Configuration; conf.d beside it is read, too (default: /etc/gif2video/gif2video.toml, or the user's).",
            valueName: "file"), completion: .file(extensions: ["toml"]))
    var config: String?

    @Flag(help: "Say what is wrong with the configuration, and end.")
    var checkConfig = false

    @Option(
        help: ArgumentHelp("Folder of the networks, whatever the configuration says.", valueName: "folder"),
        completion: .directory)
    var models: String?

    @Flag(help: "Show one stream on standard output: the only one, or the one named with --stream.")
    var stdout = false

    @Option(help: ArgumentHelp("The stream that --stdout shows.", valueName: "name"))
    var stream: String?

    @Option(help: ArgumentHelp("Messages: error, warning, notice, info or debug.", valueName: "level"))
    var log: LogLevel = .info

    func validate() throws {
        if stream != nil && !stdout { throw ValidationError("--stream says which stream --stdout shows") }
        if stdout && isatty(STDOUT_FILENO) != 0 && !checkConfig {
            throw ValidationError("raw video is not for a terminal: gif2videod --stdout | ffmpeg -i - ...")
        }
    }

    func run() throws {
        Log.setThreshold(log.level)
        let loader = ConfigurationLoader(file: config)
        if checkConfig { return try check(loader) }
        do {
            let daemon = try Daemon(
                loader: loader, findModels: { [models] in try ModelFolder.find(models ?? $0) },
                adjust: { [self] in try adjust(&$0) })
            try daemon.run()
            // Not exit(3): a network that did not end in time still runs, and must not find its library taken down.
            _exit(0)
        } catch let error as ConfigurationError {
            for problem in error.problems { Log.error("\(problem)") }
            throw ExitCode(1)
        } catch {
            Log.error("\(error)")
            throw ExitCode(2)
        }
    }

    private func check(_ loader: ConfigurationLoader) throws {
        do {
            var configuration = try loader.load()
            try adjust(&configuration)
            let files = loader.files()
            print(
                files.isEmpty ? "no configuration: the built-in one is used" : "sound: \(files.joined(separator: ", "))"
            )
            for stream in configuration.streams { print("stream \(stream.name)\(stream.enabled ? "" : " (disabled)")") }
        } catch let error as ConfigurationError {
            for problem in error.problems { print("\(problem)".printable) }
            throw ExitCode(1)
        }
    }

    /// Applies --stdout: replaces the sink of one stream.
    private func adjust(_ configuration: inout DaemonConfiguration) throws {
        guard stdout else { return }
        let candidates = configuration.streams.indices.filter { index in
            stream.map { configuration.streams[index].name == $0 } ?? configuration.streams[index].enabled
        }
        let already = candidates.first { configuration.streams[$0].isOnStandardOutput }
        guard let index = already ?? (candidates.count == 1 ? candidates.first : nil) else {
            throw ValidationError(
                stream.map { "there is no stream \($0)" } ?? "there are several streams: name one with --stream")
        }
        guard configuration.streams[index].showOnStandardOutput() else {
            throw ValidationError("stream \(configuration.streams[index].name): a live sink needs a constant rate")
        }
    }

    static func main() {
        // Before there are threads, which get the same.
        clinux_hold_signals()
        do {
            try Program.prepare()
            var command = try parseAsRoot()
            try command.run()
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// `Log.Level` as people spell it.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case error, warning, notice, info, debug

    var level: Log.Level {
        switch self {
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        case .info: .info
        case .debug: .debug
        }
    }
}
