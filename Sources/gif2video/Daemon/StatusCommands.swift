import ArgumentParser
import Control
import Filesystem
import Glibc
import Media

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Says what gif2videod is doing.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking {
            let status = try daemon.call("GetStatus", NoParameters(), as: StatusReply.self)
            if daemon.json { return try DaemonOptions.printJSON(status) }
            let uptime = Figure.duration(Double(time(nil)) - status.started)
            try DaemonOptions.write(
                """
                gif2videod \(status.version), process \(status.pid), \(status.state) for \(uptime)
                \(status.streams.counted("stream")); jobs: \(status.running) running, \(status.queued) waiting, \(status.done) done, \
                \(status.failed) failed
                configuration: \(status.configuration.isEmpty ? "built in" : status.configuration.joined(separator: ", ").printable)

                """)
        }
    }
}

struct StreamsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams", abstract: "Lists the streams of gif2videod.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking {
            let reply = try daemon.call("ListStreams", NoParameters(), as: StreamsReply.self)
            if daemon.json { return try DaemonOptions.printJSON(reply.streams) }
            var table = Table(
                ["STREAM", "STATE", "FROM", "TO", "RATE", "PROFILE", "WAITING", "RUNNING"], numbers: [6, 7])
            for stream in reply.streams {
                table.add([
                    stream.stream, stream.state, stream.sourcePath ?? stream.source, stream.sinkPath ?? stream.sink,
                    stream.rate, stream.profile, "\(stream.queued)", "\(stream.running)",
                ])
            }
            try DaemonOptions.write(table.text)
            for stream in reply.streams {
                if let detail = stream.detail { try DaemonOptions.write("\(stream.stream): \(detail.printable)\n") }
            }
        }
    }
}

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Prints what gif2videod did since it started: frames, speed, latency, memory.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        try Failure.speaking {
            let reply = try daemon.call("GetStatistics", NoParameters(), as: StatisticsReply.self)
            if daemon.json { return try DaemonOptions.printJSON(reply) }
            try DaemonOptions.write(
                """
                up \(Figure.duration(reply.uptime)), \(Figure.memory(reply.memory)) (at most \
                \(Figure.memory(reply.peakMemory))), \(reply.busyWorkers) of \(reply.workers) workers busy, \
                \(reply.queued) of \(reply.queueLimit) waiting, \(reply.connections) clients

                """)
            var table = Table(
                [
                    "STREAM", "DONE", "FAILED", "FRAMES", "PICTURES", "SPEED", "P50 MS", "P90 MS", "P99 MS", "DEGRADED",
                    "REPEATED", "MISSED",
                ],
                numbers: Set(1...11))
            for stream in reply.streams {
                table.add([
                    stream.stream, "\(stream.done)", "\(stream.failed)", "\(stream.frames)", "\(stream.pictures)",
                    Figure.decimal(stream.speed, 2), Figure.decimal(stream.latency50),
                    Figure.decimal(stream.latency90), Figure.decimal(stream.latency99), "\(stream.degradations)",
                    "\(stream.repeats)", "\(stream.missed)",
                ])
            }
            try DaemonOptions.write(table.text)
        }
    }
}
