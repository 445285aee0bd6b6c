import Configuration

/// Runs attempts at jobs on the calling thread: files, GIFs from pipes, and jobs that are shown on live sinks.
struct JobRunner: Sendable {
    let context: JobContext

    /// Runs one attempt, and carries out its consequences.
    /// - Parameters:
    ///   - folder: the watched folder that the GIF was dropped into; nil where originals are left alone.
    ///   - attempt: leads the GIF from its source to its sink.
    /// - Returns: how the attempt ended.
    @discardableResult
    func run(
        _ job: JobRecord, _ folder: FolderSource?, _ handle: RunHandle = RunHandle(),
        _ attempt: (RunHandle) throws -> AttemptEnd
    ) -> AttemptEnd {
        let run = RunningJobs.Run(stream: job.stream, job: job.id, handle: handle)
        return context.ledger.running.during(run) {
            context.ledger.announce(job.id)
            let end: AttemptEnd
            do {
                end = try attempt(handle)
            } catch {
                end = AttemptEnd(error, of: job, isDropped: folder != nil)
            }
            context.ender(folder).end(job, end)
            return end
        }
    }
}
