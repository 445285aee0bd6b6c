import Configuration
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Restores one GIF: from a source of bytes to a writer, under a `RunHandle`, counted by a meter.
struct RestorationRun {
    let engine: RestorationEngine
    let plan: RestorationPlan
    let handle: RunHandle
    let meter: StreamMeter
    /// Whether somebody watches it: files wait for such runs.
    let isLive: Bool
    /// The pace of a sink that may not be late; nil for all others.
    var pace: LivePace?

    /// Runs to the GIF's end on the calling thread and two more. The writer is not finished: the caller decides.
    /// - Parameters:
    ///   - name: of the GIF, for errors.
    ///   - content: tells a GIF that may be shown again, and the version of its file, from all others.
    ///   - makeWriter: called with the first picture.
    ///   - shown: called now and then while it runs.
    /// - Throws: `RunHandle.Ended`, what `RestorationStream.run` throws.
    func run(
        _ source: some ByteSource & Sendable, name: String, content: String? = nil,
        makeWriter: (Picture) throws -> any PictureWriter,
        shown: () -> Void = {}
    ) throws -> RestorationStream.Report {
        let began = Clock.steady
        var isRestoring = false
        meter.begin()
        defer {
            meter.spent(Clock.steady - began)
            if isLive && isRestoring { engine.priority.leave() }
        }
        return try handle.running {
            let models = try engine.models.models(plan.restoration.profile, isLive: isLive)
            try handle.check()
            var options = plan.options
            // A GIF from a pipe is restored as it arrives.
            options.looksAhead = !(source is PipeSegment)
            pace?.begin()
            var given = pace?.losses.total ?? 0
            let playback = Playback(cache: engine.pictures, models: models, pool: engine.pool)
            return try playback.run(
                content, options: options, pace: pace,
                open: {
                    // A GIF from the cache takes no time from other runs.
                    isRestoring = true
                    if isLive { engine.priority.enter() }
                    return try GIFDecoder(source: source, name: name, limits: plan.limits.decoding)
                },
                makeWriter: { ControlledWriter(try makeWriter($0), handle) },
                frameDecoded: { [meter, handle] start in
                    meter.decoded(start: start)
                    handle.tick()
                },
                progress: { _, picture in
                    meter.wrote(picture)
                    let total = pace?.losses.total ?? 0
                    meter.gaveUp(total - given)
                    given = total
                    if handle.wrote(upTo: (picture.start + picture.duration).value) { shown() }
                    if !isLive { engine.priority.yield(handle.stop) }
                })
        }
    }
}

extension RestorationStream.Report {
    /// The record's words about a GIF that became a video though it is damaged.
    func damage(_ defect: String) -> String {
        "\(defect); the video holds the \(frames.counted("frame")) before the end"
    }
}
