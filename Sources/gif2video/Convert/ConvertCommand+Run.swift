import Filesystem
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

extension ConvertCommand {
    /// Makes one video.
    /// - Parameter show: told after each picture: the share of the video that is made, and the result so far.
    /// - Returns: the result; of a damaged GIF the part before the damage was made.
    /// - Throws: where no video was made.
    func convert(
        _ job: Conversion, _ models: ModelSet?, _ pool: WorkerPool, show: @escaping (Double, ConversionResult) -> Void
    ) throws -> ConversionResult {
        let started = Clock.steady
        let gif = try ScannedGIF(job.input, limits: stream.limits)
        let summary = gif.summary
        try summary.check(stream.limits, job.options, repetition, name: gif.name)
        let size = try pictures.size?.size(of: summary.canvas, stream.limits, name: gif.name)
        let tick = summary.tick(pictures.rate)
        let total = (Rational(summary.duration, 100) * Rational(summary.times(repetition))).value
        let file = try outputFile(job.output)
        let decoder = try gif.decoder(limits: stream.limits)
        var result = ConversionResult(job)
        func count(_ picture: Picture) {
            result.pictures += 1
            result.seconds = (picture.start + picture.duration).value
            show(result.seconds / max(total, 1e-9), result)
        }
        let report = try RestorationStream(decoder, models: models, options: job.options, pool: pool).run(
            makeWriter: { _ in
                let writer = HeldPictureWriter(try makeWriter(job, file, rate: Rational(1) / tick), tick: tick)
                let shown = job.options.letterboxed(writer, to: size, scaler: pictures.scaler)
                return RepeatingWriter(shown, repetition) { count($0) }
            },
            progress: { count($1) })
        try file.seal()
        try file.publish()
        result.frames = report.frames
        result.elapsed = Clock.steady - started
        if let defect = report.defect {
            result.fail(
                .damaged, Failure.badInput,
                "\(defect); \(job.output) holds the \(report.frames.counted("frame")) before the end")
        }
        return result
    }

    private func outputFile(_ path: Path) throws -> StagedFile {
        do {
            return try StagedFile(path)
        } catch let error as SystemError {
            throw OutputError.unsupported(
                output: "\(path)", reason: "cannot make a file in the folder \(path.folder): \(error.reason)")
        }
    }

    private func makeWriter(_ job: Conversion, _ file: StagedFile, rate: Rational) throws -> any PictureWriter {
        guard let container = job.kind.container else { return try FileWriter(file) { Y4MWriter($0, rate: rate) } }
        let template = container.template(keepsAlpha: job.options.keepsAlpha)
        return VideoFileWriter(file, template: template, rate: rate, stallLimit: stallLimit)
    }
}
