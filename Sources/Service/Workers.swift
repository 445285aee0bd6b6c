import Threads

/// The threads that work on files, as many as configured. Any thread may call it.
final class Workers: Sendable {
    private let core: Core
    private let scheduler: Scheduler
    private let state = Monitor(State())

    private struct State {
        var wanted = 0
        var threads: [Int: NamedThread] = [:]
    }

    init(_ core: Core, _ scheduler: Scheduler) {
        self.core = core
        self.scheduler = scheduler
    }

    /// From now on that many files are restored at a time; those that are more end first.
    func resize(to count: Int) {
        state.withLock { state in
            state.wanted = count
            for index in 0..<count where state.threads[index] == nil {
                state.threads[index] = NamedThread("job-\(index + 1)") { [self] in work(index) }
            }
        }
        scheduler.poke()
    }

    /// Returns when all have ended, which they do when `Core.draining` is raised and their jobs are over.
    func join() {
        for thread in state.withLock({ Array($0.threads.values) }) { thread.join() }
    }

    private func work(_ index: Int) {
        while let job = scheduler.next(while: { state.withLock { index < $0.wanted } }) {
            run(job)
        }
        state.withLock { state in
            // Wanted again meanwhile: another thread takes the place.
            if index < state.wanted && !core.draining.isRaised {
                state.threads[index] = NamedThread("job-\(index + 1)") { [self] in work(index) }
            } else {
                state.threads[index] = nil
            }
        }
    }

    private func run(_ job: JobRecord) {
        let control = JobControl()
        core.began(job, control)
        core.publish(job.id)
        if let plan = JobPlanner.plan(job, core) {
            FileJobRunner(core: core, job: job, plan: plan).run(control)
        } else {
            let reason = "its stream makes no files any more"
            _ = core.persist("ending a job") { try core.journal.finish(job.id, .failed, error: reason) }
            core.publish(job.id)
        }
        core.ended(job.id)
        scheduler.ended(job)
    }
}
