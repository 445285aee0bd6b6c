import Configuration
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration

/// One attempt to make a file of a GIF that comes through a pipe. One thread.
final class PipeAttempt {
    private let context: JobContext
    private let job: JobRecord
    private let plan: JobPlan
    private let reader: PipeReader
    /// Whether the pipe may stand in the middle of a GIF.
    private(set) var needsSync = true
    /// Whether not a single picture came of it, by its own fault.
    private(set) var isRubbish = false

    init(_ context: JobContext, _ job: JobRecord, _ plan: JobPlan, _ reader: PipeReader) {
        self.context = context
        self.job = job
        self.plan = plan
        self.reader = reader
    }

    func run(_ handle: RunHandle) throws -> AttemptEnd {
        let segment = PipeSegment(reader, handle)
        var isWhole = false
        defer { needsSync = segment.close(isWhole: isWhole) }
        return try handle.running {
            let progress = { [context, job] in context.ledger.announceProgress(job) }
            let sink = VideoSink(job, plan, handle, progress: progress)
            let run = RestorationRun(
                engine: context.engine, plan: plan.restoration, handle: handle, meter: context.meters[job.stream],
                isLive: true)
            do {
                let report = try run.run(
                    segment, name: "\(job.source)",
                    makeWriter: { try sink.writer(canvas: $0.size, tick: Rational(1) / rate) }, shown: progress)
                isWhole = report.defect == nil
                return try sink.complete(report, nil, version: nil, content: nil)
            } catch let error as GIFDecodingError {
                isRubbish = true
                throw error
            }
        }
    }

    private var rate: Rational {
        get throws {
            guard case .constant(let rate) = plan.restoration.restoration.rate else {
                throw OutputError.unsupported(
                    output: "\(job.source)", reason: "files of a pipe need a constant rate")
            }
            return rate
        }
    }
}
