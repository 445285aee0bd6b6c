import ArgumentParser
import Filesystem
import FoundationEssentials
import GIFDecoding
import Glibc
import Media
import Restoration
import Threads

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Says what a GIF is: canvas, frames, timing, palettes, dither, loops.",
        discussion:
            "- is standard input; it, FIFOs and process substitutions are copied to a file without a name in $TMPDIR or /tmp."
    )

    @Argument(help: ArgumentHelp("GIF files.", valueName: "in"), completion: .gifs)
    var inputs: [Path]

    @Flag(help: "One JSON object a line instead of text.")
    var json = false

    @OptionGroup var stream: StreamOptions

    func run() throws {
        try Failure.handling {
            try Interruption.takesOutputsAlong()
            let models = try stream.loadModels(isLive: true)
            let pool = WorkerPool()
            try Failure.handlingEach(inputs) { input in
                let limits = stream.limitsWithoutDuration
                let facts = try GIFFacts(
                    ScannedGIF(GIFFile(path: input), limits: limits), models, pool, limits: limits,
                    maxMemory: stream.maxMemory << 30)
                try print(facts)
                if let problem = facts.problem {
                    Failure.say(problem)
                    throw Failure.badInput
                }
            }
        }
    }

    private func print(_ facts: GIFFacts) throws {
        guard json else { return try DaemonOptions.write(facts.text + "\n") }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try DaemonOptions.write(
            DaemonOptions.escaped(String(decoding: try encoder.encode(facts), as: UTF8.self)) + "\n")
    }
}

/// The facts that `probe` prints: the JSON's keys are these names in snake case.
struct GIFFacts: Encodable {
    struct Dither: Encodable {
        let isDithered: Bool
        /// Probability that this is right, as the classifier sees it.
        let confidence: Float
        /// Frames it looked at.
        let frames: Int
    }

    let file: Path
    let bytes: Int
    let width: Int
    let height: Int
    /// Frames as a viewer shows them; `images` counts what the file holds.
    let frames: Int
    let images: Int
    let durationSeconds: Double
    /// Centiseconds of each frame.
    let delays: [UInt16]
    let meanRate: Double
    /// Repetitions after the first play; 0 for ever, null when the file says nothing and plays once.
    let loopCount: Int?
    let globalPaletteSize: Int?
    let localPalettes: Int
    let paletteSizes: [Int]
    let hasTransparency: Bool
    let interlacedImages: Int
    /// Images by the value of their disposal field.
    let disposals: [String: Int]
    /// Frames, counted from 0, that show another scene than the one before: nothing is interpolated there.
    let cuts: [Int]
    /// null with --profile none, and where the networks would need more than --max-memory.
    let dither: Dither?
    /// The file's defect.
    let problem: String?

    init(_ gif: ScannedGIF, _ models: ModelSet?, _ pool: WorkerPool, limits: DecodingLimits, maxMemory: Int) throws {
        let summary = gif.summary
        let models = models.flatMap {
            Restorer.memory(for: summary.canvas, $0, RestorationOptions(rate: .source)) <= maxMemory ? $0 : nil
        }
        file = gif.exactName
        bytes = summary.byteCount
        width = summary.canvas.width
        height = summary.canvas.height
        frames = summary.frameCount
        images = summary.imageCount
        durationSeconds = Double(summary.duration) / 100
        delays = summary.delays
        meanRate = Double(frames) / max(durationSeconds, 0.01)
        loopCount = summary.loopCount
        globalPaletteSize = summary.globalPaletteSize
        localPalettes = summary.localPaletteCount
        paletteSizes = summary.paletteSizes
        hasTransparency = summary.hasTransparency
        interlacedImages = summary.interlacedCount
        disposals = Dictionary(uniqueKeysWithValues: summary.disposalCounts.map { ("\($0)", $1) })
        let (verdict, cuts, defect) = try Self.judge(gif, models, pool, limits)
        self.cuts = cuts
        dither = verdict.map { Dither(isDithered: $0.isDithered, confidence: $0.confidence, frames: $0.frames) }
        problem = (defect ?? summary.defect).map { "\($0)" }
    }

    /// Decodes everything, so that damaged image data show, looks for cuts, and asks the classifier about the first frames.
    private static func judge(
        _ gif: ScannedGIF, _ models: ModelSet?, _ pool: WorkerPool, _ limits: DecodingLimits
    ) throws -> (DitherVerdict?, cuts: [Int], GIFDecodingError?) {
        var finder = SceneFinder(on: .white)
        var cuts: [Int] = []
        var verdict = models.map { _ in DitherVerdict() }
        let decoder = try gif.decoder(limits: limits)
        do throws(GIFDecodingError) {
            while let frame = try decoder.next() {
                if finder.beginsScene(frame) { cuts.append(frame.index) }
                guard let models, verdict?.wants(frame) == true else { continue }
                verdict?.add(logit: models.ditherLogit(of: frame, on: .white, pool: pool))
            }
            return (verdict, cuts, nil)
        } catch {
            if decoder.frameCount == 0 { throw error }
            return (verdict, cuts, error)
        }
    }

    /// For people.
    var text: String {
        let rate = Progress.fixed(meanRate, 2)
        let times = Set(delays).count == 1 ? "every \(delays[0]) cs" : "\(delays.min() ?? 0) to \(delays.max() ?? 0) cs"
        let loops =
            switch loopCount {
            case nil: "plays once"
            case 0?: "loops for ever"
            case let count?: "plays \(count + 1) times"
            }
        let global = globalPaletteSize.map { "global of \($0) colors" } ?? "no global one"
        let local = localPalettes > 0 ? ", \(localPalettes) local" : ""
        let sizes = paletteSizes.count > 1 ? " (\(paletteSizes.map(String.init).joined(separator: ", ")) colors)" : ""
        let verdict = dither.map {
            ($0.isDithered ? "dithered" : "not dithered")
                + " (\(Progress.fixed(Double($0.confidence) * 100, 1)) % sure, \($0.frames.counted("frame")))"
        }
        let extras = [hasTransparency ? "transparency" : nil, interlacedImages > 0 ? "interlaced" : nil].compactMap(
            \.self)
        return """
            \(file)
              canvas    \(width)x\(height), \(bytes) bytes\(extras.isEmpty ? "" : ", " + extras.joined(separator: ", "))
              frames    \(frames)\(images == frames ? "" : " from \(images.counted("image"))"), \(Progress.fixed(durationSeconds, 2)) s, \
            \(rate) a second (\(times)), \(loops)
              scenes    \(cuts.count + 1)\(cuts.isEmpty ? "" : ", cuts before frame \(cuts.map(String.init).joined(separator: ", "))")
              palettes  \(global)\(local)\(sizes)
              dither    \(verdict ?? "not looked at")\(problem.map { "\n  problem   \($0)" } ?? "")
            """
    }
}
