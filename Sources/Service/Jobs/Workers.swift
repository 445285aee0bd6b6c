import Threads

/// The threads that work on files, as many as configured. Any thread may call it.
final class Workers: Sendable {
    private let context: JobContext
    private let scheduler: Scheduler
    private let state = Monitor(State())

    private struct State {
        var wanted = 0
        var threads: [Int: NamedThread] = [:]
        /// Whether it was said that there are too few.
        var saidWhy = false
    }

    init(_ context: JobContext, _ scheduler: Scheduler) {
        self.context = context
        self.scheduler = scheduler
    }

    /// Sets how many files are restored at a time; surplus threads end after their jobs.
    func resize(to count: Int) {
        state.withLock { $0.wanted = count }
        startMissing()
        scheduler.poke()
    }

    /// Starts the threads that are not there yet. If the system has none left, later calls try again.
    func startMissing() {
        state.withLock { state in
            for index in 0..<state.wanted where state.threads[index] == nil {
                do {
                    state.threads[index] = try NamedThread("job-\(index + 1)") { [self] in work(index) }
                    state.saidWhy = false
                } catch {
                    if !state.saidWhy {
                        Log.warning("only \(state.threads.count) of \(state.wanted) workers: \(error)")
                    }
                    state.saidWhy = true
                    return
                }
            }
        }
    }

    /// Returns when all have ended, which they do when the scheduler drains and their jobs are over.
    func join() {
        for thread in state.withLock({ Array($0.threads.values) }) { thread.join() }
    }

    private func work(_ index: Int) {
        while let job = scheduler.next(while: { state.withLock { index < $0.wanted } }) {
            run(job)
        }
        state.withLock { $0.threads[index] = nil }
        // Wanted again meanwhile: another thread takes the place.
        if !scheduler.isDraining { startMissing() }
    }

    private func run(_ job: JobRecord) {
        let plan = context.planner.plan(job)
        let end = JobRunner(context: context).run(job, plan?.folder) { handle in
            guard let plan else { return .bad("its stream makes no files any more") }
            return try FileAttempt(context: context, job: job, plan: plan, handle: handle).run()
        }
        if case .exhausted = end { scheduler.ranOut() }
        scheduler.ended(job)
    }
}
