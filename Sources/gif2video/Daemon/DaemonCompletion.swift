import ArgumentParser
import Control
import Filesystem
import Glibc

/// Shell completions of words that the daemon knows. Without a daemon there are none.
enum DaemonCompletion {
    /// Names of streams.
    static let streams = CompletionKind.custom { words, _, _ in
        let reply = ask(words, "ListStreams", NoParameters(), as: StreamsReply.self)
        return reply?.streams.map(\.stream) ?? []
    }

    /// Names of live streams.
    static let liveStreams = CompletionKind.custom { words, _, _ in
        let reply = ask(words, "ListStreams", NoParameters(), as: StreamsReply.self)
        return reply?.streams.filter(\.live).map(\.stream) ?? []
    }

    /// Numbers of the newest jobs that a command can do something with.
    static let jobs = CompletionKind.custom { words, _, _ in
        let call = ListJobsCall(stream: nil, state: nil, limit: 100, before: nil)
        let reply = ask(words, "ListJobs", call, as: JobsReply.self)
        let jobs = reply?.jobs.filter { job in
            if words.contains("cancel") { return !job.state.isFinal }
            if words.contains("retry") { return job.state == .failed || job.state == .cancelled }
            return true
        }
        return jobs?.map { "\($0.job)" } ?? []
    }

    /// - Parameter words: the command line, which may name a socket.
    private static func ask<R: Decodable>(
        _ words: [String], _ method: String, _ parameters: some Encodable, as type: R.Type
    ) -> R? {
        let named = words.firstIndex(of: "--socket").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        let paths = DaemonOptions.candidates(named.flatMap { Path(argument: $0) })
        guard let path = paths.first(where: { $0.withCString { access($0, F_OK) == 0 } }) else { return nil }
        return try? DaemonOptions.client(path).call("\(ControlInterface.name).\(method)", parameters, as: type)
    }
}
