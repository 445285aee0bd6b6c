import ArgumentParser
import CLinux
import Control
import Filesystem
import Glibc
import Media
import Restoration

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hands GIFs to gif2videod.",
        discussion: """
            gif2video submit --stream drop cat.gif
            gif2video submit --wait -o /srv/video/cat.mp4 cat.gif

            With --wait: how far all of them are, and status 1 when a job failed.
            """)

    @Argument(help: ArgumentHelp("GIF files that you can read.", valueName: "in"), completion: .gifs)
    var inputs: [Path]

    @Option(help: "To this stream's folder or sink.", completion: DaemonCompletion.streams)
    var stream: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("To this file, in one of the daemon's output roots.", valueName: "out"))
    var output: Path?

    @Option(help: ArgumentHelp("Encoder of the output (default: by its extension).", valueName: "name"))
    var encoder: String?

    @Option(help: ArgumentHelp("Pictures per second: 30, source, 2x ...", valueName: "rate"))
    var rate: String?

    @Option(help: ArgumentHelp("Networks to use.", valueName: ProfileChoice.valueName))
    var profile: ProfileChoice?

    @Option(help: ArgumentHelp("Whether the GIF is dithered.", valueName: "auto|none|dithered"))
    var dither: RestorationOptions.DitherChoice?

    @Option(help: ArgumentHelp("Background of transparent pixels.", valueName: "color|transparent"))
    var background: String?

    @Flag(help: "The GIF loops: make the frames between its last and its first, too.")
    var loop = false

    @Flag(help: "Wait until it is done, and show how far it is.")
    var wait = false

    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard (stream == nil) != (output == nil) else {
            throw ValidationError("say where it goes: --stream NAME or --output FILE")
        }
        for path in inputs + [output].compactMap(\.self) { _ = try path.sent() }
        guard output == nil || inputs.count == 1 else { throw ValidationError("--output takes one GIF") }
        if let rate, OutputRate(rate) == nil { throw ValidationError("--rate \(rate): expected \(OutputRate.syntax)") }
    }

    func run() throws {
        try Failure.speaking {
            // Before anything is queued, so that no event is missed.
            let follower = wait ? try daemon.connect() : nil
            var jobs: [Int] = []
            let queue = {
                let client = try daemon.connect()
                for input in inputs {
                    let reply = try client.call(
                        "\(ControlInterface.name).Submit", try call(input), as: JobNumber.self)
                    jobs.append(reply.job)
                    if daemon.json && !wait {
                        try DaemonOptions.printJSON(reply)
                    } else if !wait {
                        try DaemonOptions.write("\(input): job \(reply.job)\n")
                    }
                }
            }
            guard let follower else { return try queue() }
            try follow(follower, queue) { jobs }
        }
    }

    private func call(_ input: Path) throws -> SubmitCall {
        var call = SubmitCall(path: try input.sent())
        call.stream = stream
        call.output = try output?.sent()
        call.encoder = encoder
        var options = SubmitOptions()
        options.rate = rate
        options.profile = profile?.rawValue
        options.dither = dither?.rawValue
        options.background = background
        if loop { options.loop = true }
        call.options = options
        return call
    }

    /// Follows the jobs to their ends.
    private func follow(_ client: VarlinkClient, _ queue: () throws -> Void, _ jobs: () -> [Int]) throws {
        var open: [Int: Int]?
        var progress = Progress(weights: [])
        var ended: [JobInfo.State] = []
        let call = MonitorCall(stream: stream, progress: true)
        try client.stream("\(ControlInterface.name).Monitor", call, as: EventReply.self) { reply in
            guard let waiting = open else {
                // The first event: everything after it is seen.
                try queue()
                open = Dictionary(uniqueKeysWithValues: jobs().enumerated().map { ($1, $0) })
                progress = Progress(weights: jobs().map { _ in 1 })
                return !jobs().isEmpty
            }
            guard let job = reply.event.job, let piece = waiting[job.job] else { return true }
            if job.state.isFinal {
                open?[job.job] = nil
                ended.append(job.state)
                progress.finish(piece)
                try tell(job, progress)
            } else if !daemon.json {
                progress.update(
                    piece, name: job.source, share: job.progress ?? 0, pictures: job.pictures ?? 0, seconds: 0)
            }
            return open?.isEmpty == false
        }
        if ended.count > 1 && !daemon.json {
            let counts = [JobInfo.State.done, .failed, .cancelled].compactMap { state in
                ended.contains(state) ? "\(ended.count { $0 == state }) \(state.rawValue)" : nil
            }
            Terminal.write("\(ended.count.counted("GIF")): \(counts.joined(separator: ", "))\n")
        }
        if ended.contains(where: { $0 != .done }) { throw Failure.badInput }
    }

    private func tell(_ job: JobInfo, _ progress: Progress) throws {
        if daemon.json { return try DaemonOptions.printJSON(job) }
        progress.clear()
        if job.state == .done {
            try DaemonOptions.write("\("\(job.source) -> \(job.output ?? job.stream)".printable)\n")
        } else {
            Failure.say("\(job.source): \(job.error ?? job.state.rawValue)")
        }
    }
}
