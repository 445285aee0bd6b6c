import ArgumentParser
import Filesystem
import Output
import Pipeline
import Restoration
import Threads

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Restores GIF files to video files.",
        discussion: """
            gif2video convert cat.gif -o cat.mp4
            gif2video convert *.gif -o videos/
            find . -name '*.gif' -print0 | gif2video convert --files-from - -0 --json -o videos/
            gif2video convert --size 4x sprite.gif -o sprite.mp4
            gif2video convert --background transparent sticker.gif -o sticker.webm
            gif2video convert --loop --at-least 15 cat.gif -o cat.mp4
            gif2video convert --background transparent sticker.gif -o sticker.mov

            .mp4, .webm, .mkv and .mov are made by ffmpeg, which must be installed; .y4m is not.
            Editors take .mov (ProRes 4444) and --to ffv1 (without loss, .mkv). These two and .webm keep transparency with
            --background transparent, as straight alpha; otherwise white or another background shows in its place.
            - is standard input; it, FIFOs and process substitutions are copied to a file without a name in $TMPDIR or /tmp.
            Every picture stays for its true time at any --rate. An output appears under its name when it is complete;
            ffprobe, which comes with ffmpeg, checks that of videos. So a run that was broken off goes on with --skip-existing.

            --json prints a line for every GIF: input, output, status (done, damaged: there is a video of the part before the
            damage, failed, skipped), exit (0, 1, 2 as below), frames, pictures, seconds of video, elapsed seconds, error.
            Exit status: the highest of all GIFs. 0 done; 1 a GIF is damaged or is none; 2 something else failed.
            """)

    @Argument(help: ArgumentHelp("GIF files.", valueName: "in"), completion: .gifs)
    var inputs: [Path] = []

    @Option(
        help: ArgumentHelp(
            "Read names of GIF files from this file, one a line; - is standard input.", valueName: "list"))
    var filesFrom: Path?

    @Flag(name: [.customShort("0"), .long], help: "The names of --files-from end with NUL, as those of find -print0.")
    var null = false

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Video file, or a folder for many.", valueName: "out"))
    var output: Path

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "Kind of file to make (default: by the extension of the file's name; mp4 in a folder).",
            valueName: "mp4|webm|mkv|y4m|prores|ffv1"))
    var kind: OutputKind?

    @OptionGroup var pictures: PictureOptions

    @Option(
        name: .customLong("repeat"),
        help: ArgumentHelp("How often the video shows the GIF, which is restored once.", valueName: "N"))
    var times: Int?

    @Option(help: ArgumentHelp("Show the GIF as often as it takes to last so long.", valueName: "seconds"))
    var atLeast: Double?

    @Option(help: ArgumentHelp("Ends an encoder that makes no progress for so long.", valueName: "seconds"))
    var stallLimit: Double = 300

    @Flag(help: "Leave out GIFs whose output is there.")
    var skipExisting = false

    @Flag(help: "Print what became of every GIF on standard output, as a line of JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.")
    var quiet = false

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard filesFrom != nil || !inputs.isEmpty else {
            throw ValidationError("name GIF files, or a list of them with --files-from")
        }
        guard filesFrom != nil || !null else { throw ValidationError("--null says how the names of --files-from end") }
        guard filesFrom != "-" || !inputs.contains("-") else {
            throw ValidationError("standard input is the list of --files-from, and cannot be a GIF, too")
        }
        guard (1...86400).contains(stallLimit) else { throw ValidationError("--stall-limit takes 1 to 86400") }
        if let times, !(1...Repetition.maximum).contains(times) {
            throw ValidationError("--repeat takes 1 to \(Repetition.maximum)")
        }
        if let atLeast, !(0...Double(Repetition.longest)).contains(atLeast) {
            throw ValidationError("--at-least takes 0 to \(Repetition.longest) seconds")
        }
        guard times == nil || atLeast == nil else { throw ValidationError("give --repeat or --at-least, not both") }
    }

    var repetition: Repetition {
        atLeast.map { .atLeast(seconds: $0) } ?? .times(times ?? 1)
    }

    func run() throws {
        let jobs = try makeJobs()
        try Failure.handling {
            try Interruption.takesOutputsAlong()
            let models = try stream.loadModels(isLive: false)
            let pool = WorkerPool()
            let progress = Progress(weights: Self.weights(jobs))
            var results: [ConversionResult] = []
            for (index, job) in jobs.enumerated() {
                var result = ConversionResult(job)
                if skipExisting && job.hasOutput {
                    result.status = .skipped
                } else {
                    do {
                        result = try convert(job, models, pool) { [quiet] share, result in
                            guard !quiet else { return }
                            progress.update(
                                index, name: job.input.name, share: share, pictures: result.pictures,
                                seconds: result.seconds)
                        }
                    } catch let error as HeldPictureWriter.GIFChanged {
                        result.fail(.failed, Failure.badInput, "\(job.input.name): \(error)")
                    } catch {
                        result.fail(.failed, Failure.status(of: error), "\(error)")
                    }
                }
                result.index = index
                progress.finish(index)
                try tell(result, progress)
                results.append(result)
            }
            if jobs.count > 1 && !quiet { Terminal.write(ConversionResult.summary(results, progress) + "\n") }
            if let worst = results.map(\.exit).max(), worst > 0 { throw ExitCode(worst) }
        }
    }

    /// Says what became of a GIF.
    private func tell(_ result: ConversionResult, _ progress: Progress) throws {
        if !quiet { progress.clear() }
        if !quiet && result.status != .failed { Terminal.write(result.line + "\n") }
        if let error = result.error { Failure.say(error) }
        if json { try DaemonOptions.printJSON(result) }
    }
}
