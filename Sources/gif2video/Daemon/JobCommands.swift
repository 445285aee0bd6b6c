import ArgumentParser
import Control
import Filesystem
import Glibc
import Media

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Lists the jobs of gif2videod, the newest first.")

    @Option(help: "Only those of this stream.", completion: DaemonCompletion.streams)
    var stream: String?

    @Option(help: "Only those in this state.")
    var state: JobInfo.State?

    @Option(name: [.short, .customLong("limit")], help: ArgumentHelp("At most that many (up to 500).", valueName: "N"))
    var limit = 20

    @Option(help: ArgumentHelp("Only those older than this job.", valueName: "job"))
    var before: Int?

    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit takes 1 to 500") }
    }

    func run() throws {
        try Failure.speaking {
            let call = ListJobsCall(stream: stream, state: state, limit: limit, before: before)
            let reply = try daemon.call("ListJobs", call, as: JobsReply.self)
            if daemon.json { return try DaemonOptions.printJSON(reply.jobs) }
            var table = Table(["JOB", "STREAM", "STATE", "AGE", "FILE", "WHAT"], numbers: [0, 3])
            for job in reply.jobs {
                let age = Figure.duration(Double(time(nil)) - job.created)
                table.add(["\(job.job)", job.stream, job.state.rawValue, age, job.source, job.summary])
            }
            try DaemonOptions.write(table.text)
        }
    }
}

extension JobInfo {
    /// The job's progress, output or error, by its state.
    var summary: String {
        switch state {
        case .running: progress.map { "\(Int($0 * 100)) %" } ?? ""
        case .done: output ?? ""
        default: error ?? ""
        }
    }
}

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one job.")

    @Argument(help: "Its number.", completion: DaemonCompletion.jobs)
    var job: Int

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking {
            let job = try daemon.call("GetJob", JobNumber(job: job), as: JobReply.self).job
            if daemon.json { return try DaemonOptions.printJSON(job) }
            var lines = [
                ("job", "\(job.job)"), ("stream", job.stream), ("state", job.state.rawValue), ("file", job.source),
            ]
            if let output = job.output { lines.append(("video", output)) }
            if let progress = job.progress { lines.append(("progress", "\(Int(progress * 100)) %")) }
            if let frames = job.frames, let pictures = job.pictures {
                lines.append(("frames", "\(frames), \(pictures.counted("picture"))"))
            }
            lines.append(("attempts", "\(job.attempts)"))
            let now = Double(time(nil))
            lines.append(("queued", "\(Figure.duration(now - job.created)) ago"))
            if let next = job.nextAttempt { lines.append(("next attempt", "in \(Figure.duration(next - now))")) }
            if let started = job.started, let finished = job.finished {
                lines.append(("took", "\(Figure.decimal(finished - started, 2)) s"))
            }
            if let error = job.error { lines.append(("error", error)) }
            for (name, value) in lines {
                try DaemonOptions.write(name + String(repeating: " ", count: 14 - name.count) + value.printable + "\n")
            }
        }
    }
}

/// The jobs that something is done to.
struct ChosenJobs: ParsableArguments {
    @Argument(help: "Their numbers.", completion: DaemonCompletion.jobs)
    var jobs: [Int]

    @OptionGroup var daemon: DaemonOptions

    /// Calls a method for each, until one fails.
    func callEach(_ method: String) throws {
        try Failure.speaking {
            for job in jobs { try daemon.call(method, JobNumber(job: job)) }
        }
    }
}

struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends jobs that wait or run.")

    @OptionGroup var jobs: ChosenJobs

    func run() throws { try jobs.callEach("Cancel") }
}

struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queues failed or cancelled jobs again.")

    @OptionGroup var jobs: ChosenJobs

    func run() throws { try jobs.callEach("Retry") }
}
