import ArgumentParser
import Filesystem
import GIFDecoding
import Media
import Output
import Restoration
import Threads

extension CompareCommand {
    /// A contact sheet of some frames.
    func makeSheet(_ output: Path, _ gif: ScannedGIF, _ models: ModelSet, _ original: RestorationOptions) throws {
        let summary = gif.summary
        let part = try crop?.inside(summary.canvas) ?? summary.canvas.bounds
        let pool = WorkerPool()
        let untouched = Restorer(models: nil, options: original, pool: pool)
        let restorer = Restorer(models: models, options: original, pool: pool)
        let total = summary.frameCount
        let wanted = Set((0..<min(frames, total)).map { $0 * total / min(frames, total) })
        let last = wanted.max() ?? 0
        var sheet = try ContactSheet(
            columns: wanted.count, canvas: summary.canvas, part: part, zoom: zoom,
            maxMemory: try memoryLeft(for: summary.canvas, models, original, name: gif.name))
        let decoder = try gif.decoder(limits: stream.limitsWithoutDuration)
        var restored = 0
        var defect: GIFDecodingError?
        func add(_ picture: Picture) throws {
            if wanted.contains(restored) { try sheet.add(picture, row: 1) }
            restored += 1
        }
        do {
            // Every frame, as its neighbors and the dither verdict depend on it; none after the last that is shown.
            while restored <= last, let frame = try decoder.next() {
                try untouched.push(frame) { if wanted.contains(frame.index) { try sheet.add($0, row: 0) } }
                try restorer.push(frame, emit: add)
            }
            // For a word about damage behind it.
            while try decoder.next() != nil {}
        } catch let error as GIFDecodingError where decoder.frameCount > 0 {
            defect = error
        }
        try restorer.finish(emit: add)
        let target = try StagedFile(output)
        try PNGWriter.write(sheet.finished(), to: try target.create(), name: "\(output)")
        try target.seal()
        try target.publish()
        if let defect = defect ?? decoder.defect ?? summary.defect {
            Failure.say("\(defect); the sheet shows what could be decoded")
            throw Failure.badInput
        }
    }

    /// Bytes that networks leave for the sheet.
    /// - Throws: `CanvasTooLarge`, before anything is decoded.
    func memoryLeft(
        for canvas: PixelSize, _ models: ModelSet, _ options: RestorationOptions, name: String
    ) throws -> Int {
        let limit = stream.maxMemory << 30
        let needed = Restorer.memory(for: canvas, models, options)
        guard needed <= limit else {
            var error = CanvasTooLarge(size: canvas, needed: needed, limit: limit)
            error.name = name
            throw error
        }
        return limit - needed
    }
}
