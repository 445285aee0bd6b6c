import Configuration
import Control

/// Answers the calls of io.gif2video.Control. Any thread.
struct ControlHandler: VarlinkInterface {
    let name = ControlInterface.name
    let description = ControlInterface.description
    let daemon: Daemon

    var ledger: JobLedger { daemon.context.ledger }
    var scheduler: Scheduler { daemon.scheduler }
    var configuration: DaemonConfiguration { daemon.configuration.value }

    func answer(_ call: VarlinkCall) throws -> VarlinkAnswer {
        var arguments = VarlinkArguments(call.parameters)
        do {
            return try answer(call, &arguments)
        } catch let error as VarlinkError {
            throw error
        } catch {
            // The journal, mostly.
            throw VarlinkError.failed("\(error)")
        }
    }

    private func answer(_ call: VarlinkCall, _ arguments: inout VarlinkArguments) throws -> VarlinkAnswer {
        switch call.method {
        case "GetStatus":
            try arguments.finish()
            return .reply(try status())
        case "ListStreams":
            try arguments.finish()
            return .reply(StreamsReply(streams: try streams()))
        case "ListJobs": return .reply(try jobs(&arguments))
        case "GetJob":
            let job = try job(&arguments)
            return .reply(JobReply(job: ledger.info(job)))
        case "Submit": return .reply(JobNumber(job: try submit(&arguments, call.peer)))
        case "Cancel":
            try cancel(try job(&arguments))
            return .reply(NoParameters())
        case "Retry":
            try retry(try job(&arguments))
            return .reply(NoParameters())
        case "Pause", "Resume":
            try pause(&arguments, call.method == "Pause")
            return .reply(NoParameters())
        case "Play":
            try play(&arguments, call.peer)
            return .reply(NoParameters())
        case "SetRate", "SetProfile":
            try set(&arguments, isRate: call.method == "SetRate")
            return .reply(NoParameters())
        case "Reload":
            try arguments.finish()
            do {
                try daemon.reload()
            } catch let error as ConfigurationError {
                throw VarlinkError.configurationInvalid(error.problems.map(\.description))
            }
            return .reply(NoParameters())
        case "GetStatistics":
            try arguments.finish()
            return .reply(try statistics())
        case "Monitor": return try monitor(&arguments, call)
        default: throw VarlinkError.methodNotFound("\(name).\(call.method)")
        }
    }
}
