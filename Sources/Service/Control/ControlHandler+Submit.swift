import Configuration
import Control
import Filesystem
import Glibc

/// Submissions.
extension ControlHandler {
    /// The path of a file that the caller may read: opened for a moment.
    func readable(_ text: String, _ peer: Peer) throws -> Path {
        guard let path = Path(text: text), path.isAbsolute else {
            throw VarlinkError.pathNotReadable(text, "not an absolute path")
        }
        do {
            _ = try FileSource(path, as: peer)
        } catch {
            let reason = error.code == EINVAL ? "not a regular file" : error.reason
            throw VarlinkError.pathNotReadable(text, reason)
        }
        return path
    }

    /// Queues a GIF for a stream, or for an output of its own.
    func submit(_ arguments: inout VarlinkArguments, _ peer: Peer) throws -> Int {
        let path = try arguments.string("path")
        let stream = try arguments.optionalString("stream")
        let output = try arguments.optionalString("output")
        let encoder = try arguments.optionalString("encoder")
        let options = try arguments.optionalObject("options").map { try SubmitOptions($0) }
        try arguments.finish()
        let file = try readable(path, peer)
        let target: SubmitTarget
        switch (stream, output) {
        case (let stream?, nil): target = try self.target(stream: stream, file)
        case (nil, let output?): target = try self.target(output: output, encoder)
        default: throw VarlinkError.parameter(stream == nil ? "stream" : "output")
        }
        let candidate = Journal.Candidate(
            source: file, relative: nil, fingerprint: nil,
            request: JobRequest(peer: peer, options: options, encoder: target.encoder), outputRoot: target.root,
            outputs: target.outputs)
        let limit = configuration.jobs.queueLimit
        let queued = try ledger.journal.enqueue(
            [candidate], stream: stream ?? JobPlanner.submitted, limit: limit, ignoringNames: false)
        guard let job = queued.jobs.first else { throw VarlinkError.queueFull(limit) }
        if let output, job.output == nil {
            _ = try ledger.journal.cancelQueued(job.id, error: "the output exists")
            throw VarlinkError.outputNotAllowed(output, "there is a file of that name already")
        }
        ledger.events.job(job.info)
        scheduler.poke()
        return job.id
    }

    private struct SubmitTarget {
        var root: Path?
        var encoder: String?
        var outputs: @Sendable (Int) -> Path? = { _ in nil }
    }

    private func target(stream: String, _ file: Path) throws -> SubmitTarget {
        guard let configured = configuration.stream(stream) else { throw VarlinkError.noSuchStream(stream) }
        guard case .files(let sink) = configured.sink else { return SubmitTarget() }
        return SubmitTarget(
            root: JobPlanner.outputRoot(sink, configured), outputs: daemon.context.planner.outputs(file.name, sink))
    }

    private func target(output: String, _ encoder: String?) throws -> SubmitTarget {
        guard let path = Path(text: output) else { throw VarlinkError.parameter("output") }
        let check = OutputCheck(configuration)
        let encoder = try check.encoder(path, asked: encoder)
        let place = try check.place(path)
        return SubmitTarget(root: place.root, encoder: encoder, outputs: { $0 == 1 ? place.output : nil })
    }
}
