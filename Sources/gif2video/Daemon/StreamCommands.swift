import ArgumentParser
import Control
import Filesystem
import Restoration

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Starts no more jobs until 'resume'; what runs goes on.")

    @Argument(help: "Only this stream.", completion: DaemonCompletion.streams)
    var stream: String?

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking { try daemon.call("Pause", StreamName(stream: stream)) }
    }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Ends a pause.")

    @Argument(help: "Only this stream's.", completion: DaemonCompletion.streams)
    var stream: String?

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking { try daemon.call("Resume", StreamName(stream: stream)) }
    }
}

struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "play", abstract: "Shows a GIF on a live sink of gif2videod.")

    @Argument(help: ArgumentHelp("GIF file that you can read.", valueName: "in"), completion: .gifs)
    var input: Path

    @Option(help: "The stream.", completion: DaemonCompletion.liveStreams)
    var stream: String

    @Flag(help: "Again and again, until something else is played.")
    var loop = false

    @Flag(help: "At once, not after what is shown.")
    var now = false

    @OptionGroup var daemon: DaemonOptions

    func validate() throws { _ = try input.sent() }

    func run() throws {
        try Failure.speaking {
            let call = PlayCall(path: try input.sent(), stream: stream, loop: loop, now: now)
            try daemon.call("Play", call)
        }
    }
}

struct SetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Changes a stream's rate or profile, from its next GIF on.",
        discussion: "'default' goes back to what is configured: gif2video set drop --rate default")

    @Argument(help: "The stream.", completion: DaemonCompletion.streams)
    var stream: String

    @Option(help: ArgumentHelp("Pictures per second: 30, source, 2x ...", valueName: "rate"))
    var rate: String?

    @Option(help: ArgumentHelp("Networks to use.", valueName: ProfileChoice.valueName))
    var profile: String?

    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard rate != nil || profile != nil else { throw ValidationError("say what to set: --rate or --profile") }
        if let rate, rate != "default", OutputRate(rate) == nil {
            throw ValidationError("--rate \(rate): expected \(OutputRate.syntax)")
        }
    }

    func run() throws {
        try Failure.speaking {
            if let rate {
                try daemon.call("SetRate", SetRateCall(stream: stream, rate: rate == "default" ? nil : rate))
            }
            if let profile {
                let value = profile == "default" ? nil : profile
                try daemon.call("SetProfile", SetProfileCall(stream: stream, profile: value))
            }
        }
    }
}

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Makes gif2videod read its configuration again.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking { try daemon.call("Reload", NoParameters()) }
    }
}

struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Prints what happens in gif2videod, as it happens.")

    @Option(help: "Only what concerns this stream.", completion: DaemonCompletion.streams)
    var stream: String?

    @Flag(help: "How far running jobs are, too.")
    var progress = false

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking {
            let client = try daemon.connect()
            let call = MonitorCall(stream: stream, progress: progress)
            try client.stream("\(ControlInterface.name).Monitor", call, as: EventReply.self) { reply in
                if daemon.json {
                    try DaemonOptions.printJSON(reply.event)
                } else {
                    try DaemonOptions.write(Self.line(reply.event).printable + "\n")
                }
                return true
            }
        }
    }

    private static func line(_ event: ControlEvent) -> String {
        let place = event.stream.map { "\($0): " } ?? ""
        guard let job = event.job else { return place + (event.message ?? event.kind.rawValue) }
        return "\(place)job \(job.job) \(job.state.rawValue): \(job.source) \(job.summary)"
    }
}
