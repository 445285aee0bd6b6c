import ArgumentParser
import GIFDecoding
import Glibc
import Media
import Output
import Pipeline
import Restoration
import Threads

struct FilterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter",
        abstract: "Reads a GIF from standard input and writes video to standard output as it arrives.",
        discussion: #"""
            gif2video filter < cat.gif | ffmpeg -colorspace smpte170m -i - -vf \
              'scale=ceil(iw/2)*2:ceil(ih/2)*2:flags=accurate_rnd:out_color_matrix=bt709' \
              -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 \
              -color_trc bt709 -movflags +faststart cat.mp4
            gif2video filter --rate 2x < in.gif | mpv --vf=format=colormatrix=bt.601 -
            gif2video filter --format rgb24 --rate source < in.gif > frames.rgb

            The first line makes a video that browsers play, in the right colors; Y4M is 4:4:4, in BT.601.
            Each picture leaves as soon as the bytes of the GIF frame after it are there, which its network looks at;
            with --low-latency as soon as those of its own frame are, and an in-between when the next frame's are.
            Frames that repeat the one before do not count as the next frame, for up to a second.
            Reading ends with the GIF's last byte. With --all it goes on to the end of the input.
            """#)

    @OptionGroup var pictures: PictureOptions

    @Option(help: ArgumentHelp("Format of the pictures.", valueName: "y4m|rgb24|rgba"))
    var format: StreamFormat = .y4m

    @Flag(
        help:
            "Restore GIF after GIF into one stream; without --size all must have the first one's canvas. The rate is the first one's."
    )
    var all = false

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        _ = try options()
    }

    private func options() throws -> RestorationOptions {
        try stream.restoration(rate: pictures.rate, loop: pictures.loop, canKeepAlpha: format.keepsAlpha)
    }

    func run() throws {
        let options = try options()
        guard isatty(STDIN_FILENO) == 0 else {
            throw ValidationError("filter reads a GIF from standard input: gif2video filter < in.gif")
        }
        guard isatty(STDOUT_FILENO) == 0 else {
            throw ValidationError("filter writes raw video, not for a terminal: pipe it on, or see 'convert'")
        }
        try Failure.handling {
            try Run(self, options, try stream.loadModels(isLive: true)).restore()
        }
    }

    /// The GIFs of one input, on their way into one stream.
    private final class Run {
        private let command: FilterCommand
        private let options: RestorationOptions
        private let models: ModelSet?
        private let limits: DecodingLimits
        private let input = StandardInput()
        private let sink = ByteSink(descriptor: STDOUT_FILENO, name: "standard output", closes: false)
        private let pool = WorkerPool()
        private var writer: ContinuedWriter?
        /// Of the first GIF.
        private var canvas: PixelSize?
        /// Of all pictures, where a size is asked for.
        private var fitted: PixelSize?
        private var isDamaged = false

        init(_ command: FilterCommand, _ options: RestorationOptions, _ models: ModelSet?) {
            (self.command, self.options, self.models) = (command, options, models)
            limits = command.stream.limits
        }

        /// - Throws: the status to end with where something is damaged, once everything else is written.
        func restore() throws {
            do {
                while try restoreNext(), command.all, try hasNext() {}
            } catch let error as GIFDecodingError {
                _ = Failure.report(error)
                isDamaged = true
            }
            try writer?.end()
            if isDamaged { throw Failure.badInput }
            if !command.all { try tellOfRest() }
        }

        /// - Returns: whether there may be more that fits.
        private func restoreNext() throws -> Bool {
            let decoder = try GIFDecoder(source: input, name: StandardInput.name, limits: limits)
            let size = command.pictures.size
            if let canvas, size == nil, decoder.canvas != canvas {
                Failure.say(
                    "\(StandardInput.name): the next GIF has a canvas of \(decoder.canvas), not \(canvas); it and what "
                        + "follows are left unread (--size WxH takes GIFs of every size)")
                isDamaged = true
                return false
            }
            if fitted == nil { fitted = try size?.size(of: decoder.canvas, limits, name: StandardInput.name) }
            let work = RestorationStream(decoder, models: models, options: options, pool: pool)
            let report = try work.run(makeWriter: { first in
                let open =
                    writer ?? ContinuedWriter(command.format.writer(sink, rate: Rational(1) / first.duration))
                writer = open
                canvas = canvas ?? first.size
                return options.letterboxed(open, to: fitted, scaler: command.pictures.scaler)
            })
            if let defect = report.defect {
                Failure.say("\(defect); \(report.frames.counted("frame")) before the end restored")
                isDamaged = true
            }
            return true
        }

        /// Waits for the next GIF or the end of the input.
        private func hasNext() throws -> Bool {
            switch try input.rest(waits: true, maxPadding: limits.maxPadding) {
            case .nothing: return false
            case .anotherGIF: return true
            case .otherBytes:
                Failure.say("\(StandardInput.name): what follows is no GIF and is left unread")
                isDamaged = true
                return false
            case .endlessPadding:
                Failure.say("\(StandardInput.name): \(limits.paddingExcess)")
                isDamaged = true
                return false
            }
        }

        /// Waits for nothing.
        private func tellOfRest() throws {
            switch try input.rest(waits: false, maxPadding: limits.maxPadding) {
            case .nothing, .endlessPadding: break
            case .anotherGIF:
                Failure.say("\(StandardInput.name): another GIF follows and is left unread (--all restores it)")
            case .otherBytes: Failure.say("\(StandardInput.name): bytes behind the GIF's end are left unread")
            }
        }
    }
}
