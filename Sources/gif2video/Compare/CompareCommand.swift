import ArgumentParser
import Filesystem
import GIFDecoding
import Glibc
import Media
import Output
import Restoration
import Threads

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Shows the GIF beside what becomes of it, and measures both where the original is known.",
        discussion: """
            gif2video compare cat.gif -o sheet.png
            gif2video compare cat.gif -o eye.png --frames 2 --crop 64x64+120+40 --zoom 4
            gif2video compare cat.gif -o both.mp4 --crop 64x64+120+40 --zoom 4
            gif2video compare cat.gif --reference film.mp4

            A sheet (.png) has the GIF above and the restored frames below; a video has the GIF left and the restored one right.

            --reference prints PSNR and SSIM over red, green and blue, as ffmpeg's filters compute them, and VMAF where ffmpeg has
            libvmaf (Debian's has not): of the GIF, as every viewer shows it, and of the restored video, both at --rate against the
            reference, which is scaled to the canvas. It must begin with the GIF's first frame and run at the same speed.

            - is standard input; it, FIFOs and process substitutions are copied to a file without a name in $TMPDIR or /tmp.
            """)

    @Argument(help: ArgumentHelp("GIF file.", valueName: "in"), completion: .gifs)
    var input: Path

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("A sheet (.png) or a video (.mp4, .mkv, .webm, .mov).", valueName: "out"))
    var output: Path?

    @Option(help: ArgumentHelp("The film that the GIF was made of, to measure by.", valueName: "film"))
    var reference: Path?

    @Option(
        help: ArgumentHelp(
            "Pictures per second of a video and of what is measured, as of convert.", valueName: "FPS|source|Nx"))
    var rate: OutputRate = .constant(Rational(30))

    @Option(help: ArgumentHelp("How many frames a sheet shows, evenly spaced.", valueName: "N"))
    var frames = 4

    @Option(help: ArgumentHelp("Only this part of the canvas.", valueName: "WxH+X+Y"))
    var crop: CropRect?

    @Option(help: ArgumentHelp("Show every pixel this many times as large.", valueName: "N"))
    var zoom = 1

    @Flag(help: "Print what --reference measures as JSON, for scripts.")
    var json = false

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard output != nil || reference != nil else {
            throw ValidationError("say what to make: a sheet or a video with --output, numbers with --reference")
        }
        guard (1...64).contains(frames) else { throw ValidationError("--frames takes 1 to 64") }
        // A device, which is refused later, has no extension.
        if let output, !output.ending.isEmpty, !makesSheet, container == nil {
            throw ValidationError(
                "\(output): a sheet is a .png file, a video a .mp4, .mkv, .webm or .mov file; the name should end in one of these"
            )
        }
        guard (1...16).contains(zoom) else { throw ValidationError("--zoom takes 1 to 16") }
    }

    private var makesSheet: Bool { output?.ending.text?.lowercased() == ".png" || output?.ending.isEmpty == true }

    /// Of a video.
    private var container: VideoContainer? { output.flatMap { OutputKind(path: $0) }?.container }

    func run() throws {
        let original = try stream.restoration(rate: .source, loop: false, canKeepAlpha: false)
        let moving = try stream.restoration(rate: rate, loop: false, canKeepAlpha: false)
        try Failure.handling {
            try Interruption.takesOutputsAlong()
            guard let models = try stream.loadModels(isLive: false) else {
                throw ValidationError("compare needs networks: --profile none has none")
            }
            // A sheet takes a GIF however long it plays.
            let gif = try ScannedGIF(
                GIFFile(path: input),
                limits: makesSheet && reference == nil ? stream.limitsWithoutDuration : stream.limits)
            if let output, makesSheet { try makeSheet(output, gif, models, original) }
            if let output, let container { try makeVideo(output, container, gif, models, moving) }
            if let reference { try measure(gif, reference, models, moving) }
            if let defect = gif.summary.defect {
                Failure.say("\(defect); what could be decoded is compared")
                throw Failure.badInput
            }
        }
    }
}
