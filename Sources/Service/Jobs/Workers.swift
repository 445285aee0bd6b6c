import Threads

/// The threads that work on files, as many as configured. Any thread may call it.
final class Workers: Sendable {
    private let core: Core
    private let scheduler: Scheduler
    private let state = Monitor(State())

    private struct State {
        var wanted = 0
        var threads: [Int: NamedThread] = [:]
        /// Whether it was said that there are too few.
        var saidWhy = false
    }

    init(_ core: Core, _ scheduler: Scheduler) {
        self.core = core
        self.scheduler = scheduler
    }

    /// From now on that many files are restored at a time; those that are more end first.
    func resize(to count: Int) {
        state.withLock { $0.wanted = count }
        startMissing()
        scheduler.poke()
    }

    /// Starts the threads that are not there yet. Where the system has none left, later calls try again.
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

    /// Returns when all have ended, which they do when `Core.draining` is raised and their jobs are over.
    func join() {
        for thread in state.withLock({ Array($0.threads.values) }) { thread.join() }
    }

    private func work(_ index: Int) {
        while let job = scheduler.next(while: { state.withLock { index < $0.wanted } }) {
            run(job)
        }
        state.withLock { $0.threads[index] = nil }
        // Wanted again meanwhile: another thread takes the place.
        if !core.draining.isRaised { startMissing() }
    }

    private func run(_ job: JobRecord) {
        let control = RunHandle()
        core.began(job, control)
        core.publish(job.id)
        if let plan = JobPlanner.plan(job, core) {
            FileJobRunner(core: core, scheduler: scheduler, job: job, plan: plan).run(control)
        } else {
            let reason = "its stream makes no files any more"
            _ = core.persist("ending a job") { try core.journal.finish(job.id, .failed, error: reason) }
            core.publish(job.id)
        }
        core.ended(job.id)
        scheduler.ended(job)
    }
}
