import Filesystem

/// Applies a recorded outcome: the video gets its name, the original its place. May be repeated after a crash at any point.
struct OutcomeApplier {
    let ledger: JobLedger
    let planner: JobPlanner

    /// Attempts to put an original where it belongs, on a disk that is full or fails.
    private static let mostTries = 5

    enum Applied {
        /// - trouble: why the original could not be placed.
        case applied(output: Path?, trouble: String?)
        /// The video cannot get its name.
        /// - isFinal: whether another attempt would end no better.
        case unnamed(String, isFinal: Bool)
        /// The daemon ended before; the next start goes on from there.
        case interrupted
    }

    func apply(_ outcome: Outcome, of record: JobRecord) -> Applied {
        var job = record
        if let inode = outcome.outputInode {
            let publisher = OutputPublisher(journal: ledger.journal, planner: planner)
            switch ledger.patiently("a video waits for its name", longest: 0.2, { try publisher.publish(&job, inode) })
            {
            case .named: notePublished(job, inode, outcome)
            case .failed(let reason, let isFinal): return .unnamed(reason, isFinal: isFinal)
            case nil: return .interrupted
            }
        }
        let placer = OriginalPlacer(job: job)
        var tries = 0
        let placed = ledger.patiently("an original waits for its place", longest: 0.2) {
            tries += 1
            return try placer.place(outcome.original, isLastTry: tries >= Self.mostTries)
        }
        guard let trouble = placed else { return .interrupted }
        if let trouble { Log.error(trouble, stream: job.stream, job: job.id) }
        return .applied(output: job.output, trouble: trouble)
    }

    private func notePublished(_ job: JobRecord, _ inode: UInt64, _ outcome: Outcome) {
        _ = ledger.persist("noting a video") {
            // An inode's number alone may be another file's later.
            guard let output = job.output, let file = try? Fingerprint.of(output.name, in: job.outputFolder()),
                file.inode == inode
            else { return }
            try $0.notePublished(output, file, outcome.content)
        }
    }
}
