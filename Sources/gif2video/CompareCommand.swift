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
            """)

    @Argument(help: ArgumentHelp("GIF file.", valueName: "in"), completion: .gifs)
    var input: String

    @Option(name: [.short, .customLong("output")], help: ArgumentHelp("PNG file.", valueName: "sheet.png"))
    var output: String

    @Option(help: ArgumentHelp("How many frames, evenly spaced.", valueName: "N"))
    var frames = 4

    @Option(help: ArgumentHelp("Only this part of the canvas.", valueName: "WxH+X+Y"))
    var crop: CropRect?

    @Option(help: ArgumentHelp("Show every pixel this many times as large.", valueName: "N"))
    var zoom = 1

    @OptionGroup var stream: StreamOptions

    func validate() throws {
        guard (1...64).contains(frames) else { throw ValidationError("--frames takes 1 to 64") }
        guard (1...16).contains(zoom) else { throw ValidationError("--zoom takes 1 to 16") }
    }

    func run() throws {
        let original = try stream.restoration(rate: .source, loop: false, canKeepAlpha: false)
        try Failure.handling {
            guard let models = try stream.loadModels(isLive: false) else {
                throw ValidationError("compare needs networks: --profile none has none")
            }
            let file = GIFFile(path: input)
            let summary = try file.scan()
            let part = try crop?.inside(summary.canvas) ?? summary.canvas.bounds
            let pool = WorkerPool()
            let untouched = Restorer(models: nil, options: original, pool: pool)
            let restorer = Restorer(models: models, options: original, pool: pool)
            let total = summary.frames.count
            let wanted = Set((0..<min(frames, total)).map { $0 * total / min(frames, total) })
            let last = wanted.max() ?? 0
            var sheet = ContactSheet(part: part, zoom: zoom)
            let decoder = try file.decoder(limits: stream.limits)
            var restored = 0
            func add(_ picture: Picture) {
                if wanted.contains(restored) { sheet.add(picture, row: 1) }
                restored += 1
            }
            do {
                // Every frame, as its neighbours and the dither verdict depend on it; none after the last that is shown.
                while restored <= last, let frame = try decoder.next() {
                    try untouched.push(frame) { if wanted.contains(frame.index) { sheet.add($0, row: 0) } }
                    try restorer.push(frame, emit: add)
                }
            } catch let error as GIFDecodingError where decoder.frameCount > 0 {
                Failure.say("\(error); the sheet shows the \(decoder.frameCount) frames before the end")
            }
            try restorer.finish(emit: add)
            guard let path = Path(text: output) else { preconditionFailure("an argument holds no NUL") }
            let target = try StagedFile(path)
            try PNGWriter.write(sheet.picture, to: try target.create(), name: output)
            try target.seal()
            try target.publish()
        }
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

/// Rows of pictures, one column a frame, on a neutral gray.
struct ContactSheet {
    private let part: PixelRect
    private let zoom: Int
    private var rows: [[Picture]] = [[], []]
    private static let gap = 8
    private static let gray: UInt8 = 96

    init(part: PixelRect, zoom: Int) {
        self.part = part
        self.zoom = zoom
    }

    /// Appends a column to a row: 0 the GIF, 1 restored.
    mutating func add(_ picture: Picture, row: Int) {
        rows[row].append(picture)
    }

    var picture: Picture {
        let (width, height) = (part.width * zoom, part.height * zoom)
        let columns = rows.map(\.count).max() ?? 0
        let size = PixelSize(
            width: Self.gap + columns * (width + Self.gap), height: Self.gap + rows.count * (height + Self.gap))
        var pixels = [UInt8](repeating: Self.gray, count: size.area * 4)
        for alpha in stride(from: 3, to: pixels.count, by: 4) { pixels[alpha] = 255 }
        for (row, pictures) in rows.enumerated() {
            for (column, picture) in pictures.enumerated() {
                let left = Self.gap + column * (width + Self.gap)
                let top = Self.gap + row * (height + Self.gap)
                for y in 0..<height {
                    for x in 0..<width {
                        let source = ((part.y + y / zoom) * picture.size.width + part.x + x / zoom) * 4
                        let target = ((top + y) * size.width + left + x) * 4
                        for channel in 0..<3 { pixels[target + channel] = picture.pixels[source + channel] }
                    }
                }
            }
        }
        return Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))
    }
}
