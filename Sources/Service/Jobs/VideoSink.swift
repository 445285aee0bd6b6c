import Configuration
import Filesystem
import Media
import Output
import Pipeline
import Restoration

/// The output file of one attempt. One thread.
final class VideoSink {
    private let job: JobRecord
    private let plan: JobPlan
    private let handle: RunHandle
    private let progress: () -> Void
    private var output: (file: StagedFile, writer: any PictureWriter, repeating: RepeatingWriter)?

    /// - Parameter progress: called now and then while the GIF is repeated.
    init(_ job: JobRecord, _ plan: JobPlan, _ handle: RunHandle, progress: @escaping () -> Void) {
        self.job = job
        self.plan = plan
        self.handle = handle
        self.progress = progress
    }

    /// Begins the file.
    /// - Parameters:
    ///   - canvas: size of the GIF's pictures.
    ///   - tick: seconds a picture of the video.
    /// - Throws: `SystemError`, `GIFDecodingError` where the pictures would be too large.
    func writer(canvas: PixelSize, tick: Rational) throws -> any PictureWriter {
        guard let path = job.output else { preconditionFailure("a job that makes a file has an output") }
        let restoration = plan.restoration
        let size = try restoration.restoration.size?.size(
            of: canvas, restoration.limits.decoding, name: "\(job.source)")
        let file = try StagedFile(
            in: try job.outputFolder(creating: 0o777), name: path.name,
            stagingName: job.stagingName(attempt: job.attempts))
        let writer = try plan.maker.writer(file, rate: Rational(1) / tick, stop: handle.stop)
        let shown = restoration.options.letterboxed(
            HeldPictureWriter(ControlledWriter(writer, handle), tick: tick), to: size,
            scaler: restoration.restoration.scaler)
        let repeating = RepeatingWriter(shown, plan.repetition) { [handle, progress] picture in
            if handle.wrote(upTo: (picture.start + picture.duration).value) { progress() }
        }
        output = (file, writer, repeating)
        return repeating
    }

    /// Completes and seals the file, unless it is not wanted.
    /// - Parameters:
    ///   - folder: the watched folder that the GIF was dropped into.
    ///   - version: of the GIF's file, which the video is marked with; nil where it is none.
    func complete(
        _ report: RestorationStream.Report, _ folder: FolderSource?, version: Fingerprint?, content: ContentMark?
    ) throws -> AttemptEnd {
        let defect = report.defect.map { AttemptEnd.shortened("\($0)", of: job) }
        if let defect, !plan.keepsDamaged { return .bad(defect) }
        guard let output else { return .bad("no pictures: the GIF ends before the first one is due") }
        let pictures = try replay(output.repeating, report)
        try output.writer.finish()
        if let version { OriginalMark.set(version, onComplete: output.file) }
        let message = defect.map { report.damage($0) }
        let outcome = Outcome(
            succeeded: defect == nil, outputInode: try output.file.seal(),
            original: .init(of: job, folder, failure: message), content: defect == nil ? content : nil)
        return .complete(
            .init(
                file: output.file, outcome: outcome, frames: report.frames, pictures: pictures, error: message))
    }

    /// Repeats the GIF, unless that would be more than one GIF may become.
    /// - Returns: the pictures of the video.
    private func replay(_ writer: RepeatingWriter, _ report: RestorationStream.Report) throws -> Int {
        if let excess = plan.restoration.options.excess(ofPictures: writer.allPictures) {
            Log.warning("shown once: repeated, \(excess)", stream: job.stream, job: job.id)
            return report.pictures
        }
        try writer.replay()
        return writer.allPictures
    }
}
