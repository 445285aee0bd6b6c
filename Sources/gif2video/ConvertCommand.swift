import ArgumentParser
import Filesystem
import GIFDecoding
import Glibc
import Media
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
            gif2video convert --size 4x sprite.gif -o sprite.mp4
            gif2video convert --background transparent sticker.gif -o sticker.webm
            gif2video convert --loop --at-least 15 cat.gif -o cat.mp4
            gif2video convert --background transparent sticker.gif -o sticker.mov

            .mp4, .webm, .mkv and .mov are made by ffmpeg, which must be installed; .y4m is not.
            Editors take .mov (ProRes 4444) and --to ffv1 (without loss, .mkv). These two and .webm keep transparency with
            --background transparent, as straight alpha; otherwise white or another background shows in its place.
            - is standard input; it, FIFOs and process substitutions are copied to a file without a name in $TMPDIR or /tmp.
            Every picture stays for its true time at any --rate. An output appears under its name when it is complete;
            ffprobe, which comes with ffmpeg, checks that of videos.
            """)

    @Argument(help: ArgumentHelp("GIF files.", valueName: "in"), completion: .gifs)
    var inputs: [Path]

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

    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.")
    var quiet = false

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard (1...86400).contains(stallLimit) else { throw ValidationError("--stall-limit takes 1 to 86400") }
        if let times, !(1...Repetition.maximum).contains(times) {
            throw ValidationError("--repeat takes 1 to \(Repetition.maximum)")
        }
        if let atLeast, !(0...Double(Repetition.longest)).contains(atLeast) {
            throw ValidationError("--at-least takes 0 to \(Repetition.longest) seconds")
        }
        guard times == nil || atLeast == nil else { throw ValidationError("give --repeat or --at-least, not both") }
    }

    private var repetition: Repetition {
        atLeast.map { .atLeast(seconds: $0) } ?? .times(times ?? 1)
    }

    func run() throws {
        let jobs = try makeJobs()
        try Failure.handling {
            try Interruption.takesOutputsAlong()
            let models = try stream.loadModels(isLive: false)
            let pool = WorkerPool()
            try Failure.handlingEach(jobs) { job in
                do {
                    try convert(job, models, pool)
                } catch let error as HeldPictureWriter.GIFChanged {
                    Failure.say("\(job.input.name): \(error)")
                    throw Failure.badInput
                }
            }
        }
    }

    /// One GIF and where it goes.
    private struct Job {
        let input: GIFFile
        let output: Path
        let kind: OutputKind
        let options: RestorationOptions
    }

    private func makeJobs() throws -> [Job] {
        var status = stat()
        let exists = output.withCString { stat($0, &status) } == 0
        let isFolder = output.bytes.last == UInt8(ascii: "/") || (exists && status.st_mode & S_IFMT == S_IFDIR)
        guard isFolder || inputs.count == 1 else {
            throw ValidationError("\(inputs.count) GIFs need a folder to go to, and \(output) is none")
        }
        guard isFolder else {
            return [try job(inputs[0], output, try kindOfFile())]
        }
        let kind = kind ?? .mp4
        let jobs = try inputs.map { try job($0, output.appending(try nameInFolder($0, kind)), kind) }
        let byOutput = jobs.sorted { $0.output < $1.output }
        for (first, second) in zip(byOutput, byOutput.dropFirst()) where first.output == second.output {
            throw ValidationError("\(first.input.name) and \(second.input.name) would both become \(first.output)")
        }
        if !exists && output.withCString({ mkdir($0, 0o777) }) != 0 {
            Failure.say("\(output): cannot make this folder: \(String(cString: strerror(errno)))")
            throw Failure.other
        }
        return jobs
    }

    /// The kind of the one output.
    private func kindOfFile() throws -> OutputKind {
        if let kind {
            guard output.ending.text?.lowercased() == ".\(kind.fileExtension)" else {
                throw ValidationError(
                    "\(output): --to \(kind.rawValue) makes .\(kind.fileExtension); the name should end in that")
            }
            return kind
        }
        guard let kind = OutputKind(path: output) else {
            var known: [String] = []
            for kind in OutputKind.allCases where !known.contains(".\(kind.fileExtension)") {
                known.append(".\(kind.fileExtension)")
            }
            throw ValidationError(
                "\(output): cannot tell what to make; the name should end in one of \(known.joined(separator: ", "))")
        }
        return kind
    }

    private func nameInFolder(_ input: Path, _ kind: OutputKind) throws -> Path {
        let file = GIFFile(path: input)
        guard let stem = file.stem, let ending = Path(text: ".\(kind.fileExtension)") else {
            throw ValidationError("\(file.name) has no name for a file in a folder: give the file's with -o FILE")
        }
        return stem + ending
    }

    private func job(_ input: Path, _ output: Path, _ kind: OutputKind) throws -> Job {
        let options = try stream.restoration(
            rate: pictures.rate, loop: pictures.loop, canKeepAlpha: kind.container?.canKeepAlpha ?? false)
        return Job(input: GIFFile(path: input), output: output, kind: kind, options: options)
    }

    private func convert(_ job: Job, _ models: ModelSet?, _ pool: WorkerPool) throws {
        let gif = try ScannedGIF(job.input, limits: stream.limits)
        let summary = gif.summary
        try summary.check(stream.limits, job.options, repetition, name: gif.name)
        let size = try pictures.size?.size(of: summary.canvas, stream.limits, name: gif.name)
        let tick = summary.tick(pictures.rate)
        let progress = Progress(
            name: gif.name, total: Rational(summary.duration, 100) * Rational(summary.times(repetition)))
        let file = try StagedFile(job.output)
        let decoder = try gif.decoder(limits: stream.limits)
        let report = try RestorationStream(decoder, models: models, options: job.options, pool: pool).run(
            makeWriter: { _ in
                let writer = HeldPictureWriter(try makeWriter(job, file, rate: Rational(1) / tick), tick: tick)
                let shown = job.options.letterboxed(writer, to: size, scaler: pictures.scaler)
                return RepeatingWriter(shown, repetition) { if !quiet { progress.update($0) } }
            },
            progress: { if !quiet { progress.update($1) } })
        try file.seal()
        try file.publish()
        if !quiet {
            progress.end()
            Terminal.write("\(gif.name) -> \(job.output): \(progress.summary(frames: report.frames))\n")
        }
        if let defect = report.defect {
            Failure.say("\(defect); \(job.output) holds the \(report.frames.counted("frame")) before the end")
            throw Failure.badInput
        }
    }

    private func makeWriter(_ job: Job, _ file: StagedFile, rate: Rational) throws -> any PictureWriter {
        guard let container = job.kind.container else { return try FileWriter(file) { Y4MWriter($0, rate: rate) } }
        let template = container.template(keepsAlpha: job.options.keepsAlpha)
        return VideoFileWriter(file, template: template, rate: rate, stallLimit: stallLimit)
    }
}

/// The kinds of file that `convert` makes.
enum OutputKind: String, CaseIterable, ExpressibleByArgument {
    case mp4, webm, mkv, y4m, prores, ffv1

    /// By the file name's extension; .mkv is H.264.
    init?(path: Path) {
        guard let ending = path.ending.text?.dropFirst().lowercased(),
            let kind = Self.allCases.first(where: { $0.fileExtension == ending })
        else { return nil }
        self = kind
    }

    /// nil where ffmpeg is not needed.
    var container: VideoContainer? { VideoContainer(rawValue: rawValue) }

    /// Of its files, without the dot.
    var fileExtension: String { container?.fileExtension ?? rawValue }
}
