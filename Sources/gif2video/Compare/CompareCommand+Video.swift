import ArgumentParser
import Filesystem
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

extension CompareCommand {
    /// A video with the GIF left and the restored one right.
    func makeVideo(
        _ output: Path, _ container: VideoContainer, _ gif: ScannedGIF, _ models: ModelSet,
        _ options: RestorationOptions
    ) throws {
        let summary = gif.summary
        try summary.check(stream.limits, options, .times(1), name: gif.name)
        let part = try crop?.inside(summary.canvas) ?? summary.canvas.bounds
        let tick = summary.tick(rate)
        let file = try StagedFile(output)
        let video = VideoFileWriter(
            file, template: container.template(keepsAlpha: false), rate: Rational(1) / tick, stallLimit: Self.stallLimit
        )
        let pair = try SideBySide(
            HeldPictureWriter(video, tick: tick), part: part, zoom: zoom,
            maxMemory: try memoryLeft(for: summary.canvas, models, options, name: gif.name))
        try forBoth(gif, models, options) { try pair.add($0, side: $1) }
        try pair.finish()
        try file.seal()
        try file.publish()
    }

    /// Prints how near the GIF and the restored one come to the film.
    func measure(
        _ gif: ScannedGIF, _ reference: Path, _ models: ModelSet, _ options: RestorationOptions
    ) throws {
        let summary = gif.summary
        try summary.check(stream.limits, options, .times(1), name: gif.name)
        try VideoLikeness.check(reference)
        let tick = summary.tick(rate)
        guard let folder = Path(text: TemporaryFile.folder) else { preconditionFailure("a variable without a NUL") }
        // Files that never get their names, and go with this function.
        let files = try ["gif.mkv", "restored.mkv"].map { (name: Path) in try StagedFile(folder.appending(name)) }
        let writers = files.map { file in
            HeldPictureWriter(
                VideoFileWriter(
                    file, template: VideoContainer.ffv1.template(keepsAlpha: false), rate: Rational(1) / tick,
                    stallLimit: Self.stallLimit), tick: tick)
        }
        do {
            try forBoth(gif, models, options) { try writers[$1].write($0) }
            for writer in writers { try writer.finish() }
        } catch OutputError.encoder(let output, let message) {
            throw OutputError.encoder(output: output, message: "\(message); TMPDIR names another folder for it")
        }
        let likeness = try files.map { file in
            try VideoLikeness.measure(
                file.staging.path.appending(file.growingName), reference: reference, size: summary.canvas,
                rate: Rational(1) / tick)
        }
        if let reason = likeness.compactMap(\.reasonWithoutVMAF).first {
            Failure.say("VMAF is not measured: \(reason)")
        }
        if json { return try DaemonOptions.printJSON(["gif": likeness[0], "restored": likeness[1]]) }
        var table = Table(["", "PSNR", "SSIM", "VMAF"], numbers: [1, 2, 3])
        for (name, likeness) in zip(["GIF", "restored"], likeness) {
            table.add([
                name, likeness.psnr.map { Figure.decimal($0, 2) } ?? "the same", Figure.decimal(likeness.ssim, 4),
                Figure.decimal(likeness.vmaf, 1),
            ])
        }
        try DaemonOptions.write(table.text)
    }

    /// Seconds without progress of an encoder.
    private static let stallLimit = 300.0

    /// Makes the pictures of both, in step.
    /// - Parameter emit: takes a picture of the untouched GIF (0) or of the restored one (1).
    private func forBoth(
        _ gif: ScannedGIF, _ models: ModelSet, _ options: RestorationOptions, emit: (Picture, Int) throws -> Void
    ) throws {
        let pool = WorkerPool()
        let sides = [nil, models].map { Restorer(models: $0, options: options, pool: pool) }
        let decoder = try gif.decoder(limits: stream.limits)
        do {
            while let frame = try decoder.next() {
                for (side, restorer) in sides.enumerated() { try restorer.push(frame) { try emit($0, side) } }
            }
        } catch is GIFDecodingError where decoder.frameCount > 0 {
            // The scan has found it, too, and there is a word about it at the end.
        }
        for (side, restorer) in sides.enumerated() { try restorer.finish { try emit($0, side) } }
    }
}
