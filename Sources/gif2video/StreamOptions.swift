import ArgumentParser
import GIFDecoding
import Restoration
import Startup

/// The options that `filter`, `convert` and `compare` have in common.
struct StreamOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Networks to use: auto (quality for files, live for pipes, as far as installed), live, quality, vivid "
                + "(stronger colors, less exact), or none (the decoded frames untouched).",
            valueName: ProfileChoice.valueName))
    var profile: ProfileChoice = .auto

    @Option(
        help: ArgumentHelp("Folder of the networks (default: found beside the program).", valueName: "folder"),
        completion: .directory)
    var models: String?

    @Option(
        help: ArgumentHelp(
            "Whether the GIF is dithered: auto (looked at), none, dithered.", valueName: "auto|none|dithered"))
    var dither: RestorationOptions.DitherChoice = .auto

    @Option(
        help: ArgumentHelp(
            "Background of transparent pixels: a color (#rrggbb, black, white), or transparent to keep "
                + "transparency (rgba, .webm, .mov and --to ffv1 only).", valueName: "color|transparent"))
    var background: Background = .color(.white)

    @Flag(
        help: "Restore each frame without looking at the one after it: its picture leaves a frame earlier, less good.")
    var lowLatency = false

    @Option(help: ArgumentHelp("Largest canvas to accept, in megapixels.", valueName: "MP"))
    var maxMegapixels: Int = DecodingLimits.standard.maxCanvasPixels >> 20

    @Option(help: ArgumentHelp("Most memory that a GIF's canvas may make necessary, in GiB.", valueName: "GiB"))
    var maxMemory: Int = 4

    @Option(help: ArgumentHelp("Most frames to accept per GIF (default: no limit).", valueName: "N"))
    var maxFrames: Int?

    @Option(help: ArgumentHelp("Longest GIF to accept, in seconds that it plays for.", valueName: "s"))
    var maxDuration: Int = DecodingLimits.usualDuration

    @Option(
        help: ArgumentHelp(
            "Most that a GIF may hold between two images (text, metadata, empty bytes), in MiB.", valueName: "MiB"))
    var maxPadding: Int = DecodingLimits.usualPadding >> 20

    @Option(help: ArgumentHelp("Most pictures to make of a GIF.", valueName: "N"))
    var maxPictures: Int = RestorationOptions.usualPictures

    func validate() throws {
        guard (1...4096).contains(maxMegapixels) else { throw ValidationError("--max-megapixels takes 1 to 4096") }
        guard (1...1024).contains(maxMemory) else { throw ValidationError("--max-memory takes 1 to 1024") }
        if let maxFrames, maxFrames < 1 { throw ValidationError("--max-frames takes 1 or more") }
        guard (1...DecodingLimits.longestDuration).contains(maxDuration) else {
            throw ValidationError("--max-duration takes 1 to \(DecodingLimits.longestDuration)")
        }
        guard (1...1_048_576).contains(maxPadding) else { throw ValidationError("--max-padding takes 1 to 1048576") }
        guard maxPictures >= 1 else { throw ValidationError("--max-pictures takes 1 or more") }
    }

    var limits: DecodingLimits {
        DecodingLimits(
            maxCanvasPixels: maxMegapixels << 20, maxFrames: maxFrames, maxMemory: maxMemory << 30,
            maxDuration: maxDuration, maxPadding: maxPadding << 20)
    }

    /// Those for commands that make no pictures of a GIF's time.
    var limitsWithoutDuration: DecodingLimits {
        var limits = limits
        limits.maxDuration = nil
        return limits
    }

    /// The networks for a sink that has a deadline (`isLive`) or none.
    func loadModels(isLive: Bool) throws -> ModelSet? {
        if profile == .none { return nil }
        let folder = try ModelFolder.find(models)
        return try profile.profile(isLive: isLive, in: folder).map { try ModelSet($0, in: folder) }
    }

    func restoration(rate: OutputRate, loop: Bool, canKeepAlpha: Bool) throws -> RestorationOptions {
        var options = RestorationOptions(
            rate: rate, dither: dither, loop: loop, looksAhead: !lowLatency, maxMemory: maxMemory << 30,
            maxPictures: maxPictures)
        switch background {
        case .color(let color): options.background = color
        case .transparent:
            guard canKeepAlpha else {
                throw ValidationError(
                    "--background transparent needs an output that keeps alpha: --format rgba of filter; .webm, .mov "
                        + "(ProRes 4444) or --to ffv1 of convert")
            }
            options.keepsAlpha = true
        }
        return options
    }
}
