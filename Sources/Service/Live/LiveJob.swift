import Configuration

/// What becomes of a journalled job that was shown on a live sink.
struct LiveJob {
    let core: Core
    let job: JobRecord
    let stream: StreamConfiguration

    /// Notes the version that is shown.
    func adopt(_ source: FileSource) {
        guard let version = Fingerprint.of(descriptor: source.descriptor), version != job.fingerprint else { return }
        _ = core.persist("noting a file's version") { try core.journal.adopt(version, for: job) }
    }

    /// - Parameter defect: what was wrong with the GIF; nil: nothing.
    func finish(defect: String?, pictures: Int) {
        var folder: FolderSource?
        if case .folder(let source) = stream.source { folder = source }
        let settlement = Settlement(
            succeeded: defect == nil, outputInode: nil,
            original: OutcomeApplier.original(of: job, folder, failure: defect))
        let settled = core.persist("a job's outcome") {
            try core.journal.settle(job.id, settlement, frames: 0, pictures: pictures, error: defect)
            return try core.journal.job(job.id)
        }
        core.meter(job.stream).ended(succeeded: defect == nil)
        if let record = settled, let record { OutcomeApplier(core: core).settle(record) }
        if let defect {
            Log.warning("\(job.source): \(defect)", stream: job.stream, job: job.id)
        } else {
            Log.info("\(job.source) was shown", stream: job.stream, job: job.id)
        }
    }

    func cancel(_ reason: String) {
        _ = core.persist("ending a job") { try core.journal.finish(job.id, .cancelled, error: reason) }
        core.publish(job.id)
    }

    /// It was not shown to its end: it waits again.
    func putBack() {
        _ = core.persist("queueing a job again") {
            try core.journal.requeue(job.id, notBefore: 0, error: nil, countsAttempt: false)
        }
        core.publish(job.id)
    }
}
