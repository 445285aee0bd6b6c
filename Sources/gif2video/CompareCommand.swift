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
        abstract: "Makes a contact sheet, GIF above restored, for people who look.",
        discussion: """
            gif2video compare cat.gif -o sheet.png
            gif2video compare cat.gif -o eye.png --frames 2 --crop 64x64+120+40 --zoom 4

            - is standard input; it, FIFOs and process substitutions are copied to a file without a name in $TMPDIR or /tmp.
            """)

    @Argument(help: ArgumentHelp("GIF file.", valueName: "in"), completion: .gifs)
    var input: Path

    @Option(name: [.short, .customLong("output")], help: ArgumentHelp("PNG file.", valueName: "sheet.png"))
    var output: Path

    @Option(help: ArgumentHelp("How many frames, evenly spaced.", valueName: "N"))
    var frames = 4

    @Option(help: ArgumentHelp("Only this part of the canvas.", valueName: "WxH+X+Y"))
    var crop: CropRect?

    @Option(help: ArgumentHelp("Show every pixel this many times as large.", valueName: "N"))
    var zoom = 1

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard (1...64).contains(frames) else { throw ValidationError("--frames takes 1 to 64") }
        // A device, which is refused later, has no extension.
        guard output.ending.isEmpty || output.ending.text?.lowercased() == ".png" else {
            throw ValidationError("\(output): a sheet is a PNG file; the name should end in .png")
        }
        guard (1...16).contains(zoom) else { throw ValidationError("--zoom takes 1 to 16") }
    }

    func run() throws {
        let original = try stream.restoration(rate: .source, loop: false, canKeepAlpha: false)
        try Failure.handling {
            try Interruption.takesOutputsAlong()
            guard let models = try stream.loadModels(isLive: false) else {
                throw ValidationError("compare needs networks: --profile none has none")
            }
            let gif = try ScannedGIF(GIFFile(path: input), limits: stream.limitsWithoutDuration)
            let summary = gif.summary
            let part = try crop?.inside(summary.canvas) ?? summary.canvas.bounds
            let pool = WorkerPool()
            let untouched = Restorer(models: nil, options: original, pool: pool)
            let restorer = Restorer(models: models, options: original, pool: pool)
            let total = summary.frameCount
            let wanted = Set((0..<min(frames, total)).map { $0 * total / min(frames, total) })
            let last = wanted.max() ?? 0
            var sheet = try ContactSheet(
                columns: wanted.count, canvas: summary.canvas, part: part, zoom: zoom,
                maxMemory: try memoryLeft(for: summary.canvas, models, name: gif.name))
            let decoder = try gif.decoder(limits: stream.limitsWithoutDuration)
            var restored = 0
            var defect: GIFDecodingError?
            func add(_ picture: Picture) throws {
                if wanted.contains(restored) { try sheet.add(picture, row: 1) }
                restored += 1
            }
            do {
                // Every frame, as its neighbors and the dither verdict depend on it; none after the last that is shown.
                while restored <= last, let frame = try decoder.next() {
                    try untouched.push(frame) { if wanted.contains(frame.index) { try sheet.add($0, row: 0) } }
                    try restorer.push(frame, emit: add)
                }
                // For a word about damage behind it.
                while try decoder.next() != nil {}
            } catch let error as GIFDecodingError where decoder.frameCount > 0 {
                defect = error
            }
            try restorer.finish(emit: add)
            let target = try StagedFile(output)
            try PNGWriter.write(sheet.finished(), to: try target.create(), name: "\(output)")
            try target.seal()
            try target.publish()
            if let defect = defect ?? decoder.defect ?? summary.defect {
                Failure.say("\(defect); the sheet shows what could be decoded")
                throw Failure.badInput
            }
        }
    }
}

extension CompareCommand {
    /// Bytes that networks leave for the sheet.
    /// - Throws: `CanvasTooLarge`, before anything is decoded.
    private func memoryLeft(for canvas: PixelSize, _ models: ModelSet, name: String) throws -> Int {
        let limit = stream.maxMemory << 30
        let needed = Restorer.memory(for: canvas, models.profile)
        guard needed <= limit else {
            var error = CanvasTooLarge(size: canvas, needed: needed, limit: limit)
            error.name = name
            throw error
        }
        return limit - needed
    }
}

/// A part of the canvas as `WxH+X+Y`.
struct CropRect: ExpressibleByArgument {
    let rect: PixelRect

    init?(argument: String) {
        let parts = argument.split(separator: "+", omittingEmptySubsequences: false)
        guard parts.count == 3, let size = PixelSize(argument: String(parts[0])), let x = Int(parts[1]),
            let y = Int(parts[2]), x >= 0, y >= 0
        else { return nil }
        rect = PixelRect(x: x, y: y, width: size.width, height: size.height)
    }

    /// - Throws: when nothing of it lies on the canvas.
    func inside(_ canvas: PixelSize) throws -> PixelRect {
        let part = rect.intersection(canvas.bounds)
        guard !part.isEmpty else { throw ValidationError("--crop lies outside the canvas of \(canvas)") }
        return part
    }
}

/// Two rows of pictures, one column a frame, on a neutral gray.
struct ContactSheet {
    private let canvas: PixelSize
    private let part: PixelRect
    private let zoom: Int
    private let size: PixelSize
    private var pixels: [UInt8]
    /// Pictures in each row.
    private var counts = [0, 0]
    private static let gap = 8
    private static let gray: UInt8 = 96

    /// - Parameters:
    ///   - canvas: size of all pictures.
    ///   - part: what is shown of them.
    ///   - maxMemory: bytes that the sheet may take.
    /// - Throws: where it would take more.
    init(columns: Int, canvas: PixelSize, part: PixelRect, zoom: Int, maxMemory: Int) throws {
        self.canvas = canvas
        self.part = part
        self.zoom = zoom
        size = Self.size(columns: columns, part: part, zoom: zoom)
        guard size.area * Picture.bytesPerPixel <= maxMemory else {
            throw ValidationError(
                "a sheet of \(size) pixels takes more memory than the \(maxMemory >> 20) MiB that --max-memory leaves; "
                    + "see --frames, --crop and --zoom")
        }
        pixels = [UInt8](repeating: Self.gray, count: size.area * 4)
        for alpha in stride(from: 3, to: pixels.count, by: 4) { pixels[alpha] = 255 }
    }

    private static func size(columns: Int, part: PixelRect, zoom: Int) -> PixelSize {
        PixelSize(width: gap + columns * (part.width * zoom + gap), height: gap + 2 * (part.height * zoom + gap))
    }

    /// Shows a picture in the next column of a row: 0 the GIF, 1 restored.
    /// - Throws: where the GIF is not the one any more that the sheet was made for.
    mutating func add(_ picture: Picture, row: Int) throws {
        let (width, height) = (part.width * zoom, part.height * zoom)
        let left = Self.gap + counts[row] * (width + Self.gap)
        let top = Self.gap + row * (height + Self.gap)
        guard picture.size == canvas, left + width <= size.width else {
            throw ValidationError("the GIF changed while it was read")
        }
        counts[row] += 1
        for y in 0..<height {
            for x in 0..<width {
                let source = ((part.y + y / zoom) * canvas.width + part.x + x / zoom) * 4
                let target = ((top + y) * size.width + left + x) * 4
                for channel in 0..<3 { pixels[target + channel] = picture.pixels[source + channel] }
            }
        }
    }

    /// The sheet, without the columns that no picture came for.
    consuming func finished() -> Picture {
        let columns = counts.max() ?? 0
        let narrow = Self.size(columns: columns, part: part, zoom: zoom)
        var pixels = pixels
        if narrow.width < size.width {
            for y in 1..<size.height {
                for at in 0..<narrow.width * 4 { pixels[y * narrow.width * 4 + at] = pixels[y * size.width * 4 + at] }
            }
            pixels.removeLast(pixels.count - narrow.area * 4)
        }
        return Picture(size: narrow, pixels: pixels, start: .zero, duration: Rational(1))
    }
}
