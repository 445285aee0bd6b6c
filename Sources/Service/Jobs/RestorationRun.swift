import Configuration
import GIFDecoding
import Media
import Output
import Pipeline
import Restoration
import Threads

/// Restores one GIF: from a source of bytes to a writer, under a `RunHandle`, counted by a meter.
struct RestorationRun {
    let core: Core
    let plan: RestorationPlan
    let control: RunHandle
    let meter: StreamMeter
    /// Whether somebody watches; others wait for those.
    let isLive: Bool
    /// Of a sink that may not be late.
    var pace: LivePace?

    /// Runs to the GIF's end on the calling thread and two more. The writer is not finished: the caller decides.
    /// - Parameters:
    ///   - name: what errors call the GIF.
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
            if isLive && isRestoring { core.gate.leave() }
        }
        do {
            let models = try core.models.models(plan.restoration.profile, isLive: isLive)
            try control.check()
            var options = plan.options
            // What comes through a pipe is restored as it arrives.
            options.looksAhead = !(source is PipeSegment)
            pace?.begin()
            var given = pace?.losses.total ?? 0
            let playback = Playback(cache: core.pictures, models: models, pool: core.pool)
            return try playback.run(
                content, options: options, pace: pace,
                open: {
                    // What comes from the cache takes nothing from others.
                    isRestoring = true
                    if isLive { core.gate.enter() }
                    return try GIFDecoder(source: source, name: name, limits: plan.limits.decoding)
                },
                makeWriter: { ControlledWriter(try makeWriter($0), control) },
                frameDecoded: { [meter, control] start in
                    meter.decoded(start: start)
                    control.tick()
                },
                progress: { _, picture in
                    meter.wrote(picture)
                    let total = pace?.losses.total ?? 0
                    meter.gaveUp(total - given)
                    given = total
                    if control.wrote(upTo: (picture.start + picture.duration).value) { shown() }
                    if !isLive { core.gate.yield(control.stop) }
                })
        } catch {
            // Whatever broke when it was ended broke because of that.
            try control.check()
            throw error
        }
    }
}

extension RestorationStream.Report {
    /// What a job's record says of a GIF that became a video though it is damaged.
    func damage(_ defect: String) -> String {
        "\(defect); the video holds the \(frames.counted("frame")) before the end"
    }
}

/// Writes for a reader who decides how fast it goes: waiting for it is no fault.
final class WaitingWriter: PictureWriter {
    private let writer: any PictureWriter
    private let control: RunHandle

    init(_ writer: any PictureWriter, _ control: RunHandle) {
        self.writer = writer
        self.control = control
    }

    func write(_ picture: Picture) throws {
        try control.waiting { try writer.write(picture) }
    }

    func finish() throws {
        try writer.finish()
    }
}

/// Ends a run between two pictures, and leaves finishing to whoever made the writer. Every picture is progress: inside of a
/// `HeldPictureWriter`, each of those that repeat one.
final class ControlledWriter: PictureWriter {
    private let writer: any PictureWriter
    private let control: RunHandle

    init(_ writer: any PictureWriter, _ control: RunHandle) {
        self.writer = writer
        self.control = control
    }

    func write(_ picture: Picture) throws {
        try control.check()
        try writer.write(picture)
        control.tick()
    }

    func finish() throws {
        try control.check()
    }
}
