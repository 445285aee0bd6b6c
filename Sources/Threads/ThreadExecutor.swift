/// Runs tasks on one named thread of their own, for asynchronous work that a blocking thread waits for.
///
/// Such a wait must not depend on Swift's cooperative pool, whose threads may all be the ones that wait. Jobs run in
/// the order in which they came. Lives as long as the process.
public final class ThreadExecutor: TaskExecutor {
    /// Unbounded, but jobs are only the steps of tasks that have been started: a few for each.
    private let jobs = Monitor<[UnownedJob]>([])

    public init(_ name: String) {
        _ = NamedThread(name) { [self] in
            while true {
                let batch = jobs.whenever({ !$0.isEmpty }) { jobs in
                    defer { jobs = [] }
                    return jobs
                }
                for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
            }
        }
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.update { $0.append(job) }
    }
}
