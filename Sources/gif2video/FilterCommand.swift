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
        discussion: """
            gif2video filter < in.gif | ffmpeg -i - out.mp4
            gif2video filter --rate 2x < in.gif | mpv -
            gif2video filter --format rgb24 --rate source < in.gif > frames.rgb

            Each picture leaves as soon as the bytes of the GIF frame after it are there, which its network looks at;
            with --low-latency as soon as those of its own frame are, and an in-between when the next frame's are.
            """)

    @OptionGroup var pictures: PictureOptions

    @Option(help: ArgumentHelp("What to write.", valueName: "y4m|rgb24|rgba"))
    var format: StreamFormat = .y4m

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
            let models = try stream.loadModels(isLive: true)
            let decoder = try GIFDecoder(
                source: FileDescriptorSource(descriptor: STDIN_FILENO), name: "standard input", limits: stream.limits)
            let work = RestorationStream(decoder, models: models, options: options, pool: WorkerPool())
            let sink = ByteSink(descriptor: STDOUT_FILENO, name: "standard output", closes: false)
            let report = try work.run { first in
                options.letterboxed(format.writer(sink, rate: Rational(1) / first.duration), to: pictures.size)
            }
            if let defect = report.defect {
                Failure.say("\(defect); \(report.frames.counted("frame")) before the end restored")
                throw Failure.badInput
            }
        }
    }
}
