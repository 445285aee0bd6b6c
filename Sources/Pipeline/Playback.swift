public import GIFDecoding
public import Media
public import Output
public import Restoration
public import Threads

/// Plays GIFs that may be played again: the first time one is restored, from then on its pictures come from a cache.
///
/// Immutable; any number of GIFs at once.
public struct Playback: Sendable {
    private let cache: PictureCache
    private let models: ModelSet?
    private let pool: WorkerPool

    /// - Parameters:
    ///   - models: nil leaves the frames as they are.
    ///   - pool: may be shared with others.
    public init(cache: PictureCache, models: ModelSet?, pool: WorkerPool) {
        self.cache = cache
        self.models = models
        self.pool = pool
    }

    /// Plays a GIF once, to its end, as `RestorationStream.run` does; returns when the writer is finished.
    ///
    /// From the cache, pictures come as fast as the writer takes them, with the same pixels and times as at first. A play
    /// that did not reach the GIF's end, had a defect or gave something up to be in time (`Report.isWhole`) is not kept.
    /// - Parameters:
    ///   - content: tells the GIF, and the version of a file, from all others; nil: it is not looked for and not kept.
    ///   - pace: of a sink that may not be late.
    ///   - open: makes the decoder; not called where the cache has the pictures.
    ///   - makeWriter, frameDecoded, progress: as in `RestorationStream.run`; no frame is decoded for a GIF of the cache.
    /// - Returns: what the stream did when the GIF was restored.
    /// - Throws: as `RestorationStream.run`, and what `open` throws.
    public func run(
        _ content: String?, options: RestorationOptions, pace: LivePace? = nil,
        open: () throws -> sending GIFDecoder, makeWriter: (Picture) throws -> any PictureWriter,
        frameDecoded: @escaping @Sendable (Int) -> Void = { _ in }, progress: (Int, Picture) -> Void = { _, _ in }
    ) throws -> RestorationStream.Report {
        let key = content.map { PictureCache.Key(content: $0, profile: models?.profile, options: options) }
        if let key, let known = cache.entry(for: key) {
            try show(known.pictures, makeWriter: makeWriter, progress: progress)
            return known.report
        }
        let recording = key.map { _ in cache.recording() }
        let stream = RestorationStream(try open(), models: models, options: options, pool: pool, pace: pace)
        let report = try stream.run(makeWriter: makeWriter, frameDecoded: frameDecoded) { count, picture in
            recording?.add(picture)
            progress(count, picture)
        }
        if let key, report.isWhole { recording?.keep(report, for: key) }
        return report
    }

    private func show(
        _ pictures: [Picture], makeWriter: (Picture) throws -> any PictureWriter, progress: (Int, Picture) -> Void
    ) throws {
        var writer: (any PictureWriter)?
        for (index, picture) in pictures.enumerated() {
            let open = try writer ?? makeWriter(picture)
            writer = open
            try open.write(picture)
            progress(index + 1, picture)
        }
        try writer?.finish()
    }
}
