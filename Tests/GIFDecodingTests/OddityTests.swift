import Foundation
import GIFDecoding
import Media
import TestSupport
import Testing

/// A GIF with something odd, and what the words of docs/oddities.md about it mean.
struct Oddity: Sendable {
    /// Name of its row.
    let name: String
    let bytes: [UInt8]
    /// Whether the row is about repetitions, not about frames.
    let isAboutLoops: Bool
    /// By word: what is shown, as `Shown` writes it.
    let meanings: [String: String]

    private init(_ name: String, _ bytes: [UInt8], isAboutLoops: Bool = false, _ meanings: [String: String]) {
        self.name = name
        self.bytes = bytes
        self.isAboutLoops = isAboutLoops
        self.meanings = meanings
    }

    private static let letters = Array("RGBW")
    private static let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]

    /// Red, green, blue and white pixels.
    /// - Parameter text: one letter a pixel, rows with slashes between them.
    private static func image(
        _ text: String, x: Int = 0, delay: Int? = 5, disposal: Int = 1, transparent: UInt8? = nil
    ) -> GIFImage {
        let rows = text.split(separator: "/")
        let indices = rows.joined().map { UInt8(letters.firstIndex(of: $0) ?? 0) }
        return GIFImage(width: rows.first?.count ?? 0, height: rows.count, indices: indices).with {
            $0.x = x
            $0.delay = delay
            $0.disposal = disposal
            $0.transparentIndex = transparent
            $0.codeSize = 2
        }
    }

    /// A GIF of four by one pixels whose background is blue.
    private static func gif(
        _ images: GIFImage..., width: Int = 4, height: Int = 1, palette: [UInt8]? = colors
    ) -> [UInt8] {
        GIFWriter.gif(width: width, height: height, palette: palette, backgroundIndex: 2, images: images)
    }

    /// The same, block by block.
    private static func written(height: Int = 1, _ write: (inout GIFWriter) -> Void) -> [UInt8] {
        var writer = GIFWriter(width: 4, height: height, palette: colors, backgroundIndex: 2)
        write(&writer)
        return writer.bytes
    }

    /// An image whose data are given.
    private static func image(_ image: GIFImage, data: [UInt8], _ writer: inout GIFWriter) {
        writer.graphicControl(delay: 5, disposal: 1)
        writer.imageHeader(image)
        writer.imageData(data)
    }

    static let all: [Oddity] = timing + disposal + palettes + placement + structure + data

    private static let timing: [Oddity] = [
        Oddity(
            "delay-0", gif(image("RRRR"), image("GGGG", delay: 0), image("BBBB")),
            ["10 cs": "RRRR 5, GGGG 10, BBBB 5", "0 cs": "RRRR 5, GGGG 0, BBBB 5"]),
        Oddity(
            "delay-1", gif(image("RRRR", delay: 1), image("GGGG")),
            ["10 cs": "RRRR 10, GGGG 5", "1 cs": "RRRR 1, GGGG 5"]),
        Oddity(
            "delay-0-tiles", gif(image("BBBB"), image("RR", delay: 0), image("GG", x: 2)),
            [
                "one frame": "BBBB 5, RRGG 5", "10 cs each": "BBBB 5, RRBB 10, RRGG 5",
                "0 cs each": "BBBB 5, RRBB 0, RRGG 5",
            ]),
        Oddity(
            "delay-0-layers",
            gif(image("RBBB", delay: 0, transparent: 2), image("BGGG", transparent: 2)),
            ["10 cs each": "R... 10, RGGG 5", "0 cs each": "R... 0, RGGG 5"]),
        Oddity(
            "delay-none", gif(image("RRRR", delay: nil), image("GGGG", delay: nil)),
            ["10 cs each": "RRRR 10, GGGG 10", "0 cs each": "RRRR 0, GGGG 0"]),
        Oddity(
            "two-controls",
            written {
                $0.graphicControl(delay: 50)
                $0.image(image("RRRR"))
                $0.trailer()
            }, ["the last": "RRRR 5", "the first": "RRRR 50"]),
    ]

    private static let disposal: [Oddity] =
        [3, 4, 5].map { value in
            Oddity(
                "disposal-\(value)", gif(image("RRRR"), image("GG", x: 1, disposal: value), image("B")),
                ["as before it": "RRRR 5, RGGR 5, BRRR 5", "stays": "RRRR 5, RGGR 5, BGGR 5"])
        } + [
            Oddity(
                "disposal-3-first",
                gif(
                    image("GG", x: 1, disposal: 3, transparent: 3), image("R", transparent: 3),
                    image("B", x: 3, transparent: 3)),
                [
                    "transparent": ".GG. 5, R... 5, R..B 5", "stays": ".GG. 5, RGG. 5, RGGB 5",
                ]),
            Oddity(
                "disposal-2", gif(image("RRRR", disposal: 2), image("G", x: 1)),
                ["transparent": "RRRR 5, .G.. 5", "background color": "RRRR 5, BGBB 5"]),
        ]

    private static let palettes: [Oddity] = [
        Oddity(
            "uncovered", gif(image("GG", x: 1)),
            ["transparent": ".GG. 5", "background color": "BGGB 5", "color 0": "RGGR 5"]),
        Oddity(
            "no-palette", gif(image("RGBW"), palette: nil),
            ["black and white": "KWKK 5", "black": "KKKK 5", "gray ramp": "Kggg 5", "nothing": "error"]),
        Oddity(
            "index-beyond", gif(image("RGBW"), palette: Array(colors.prefix(6))),
            ["black": "RGKK 5", "transparent": "RG.. 5", "gray ramp": "RGgg 5"]),
    ]

    private static let placement: [Oddity] = [
        Oddity(
            "off-canvas", gif(image("RRRR"), image("GG", x: 10), image("BBBB")),
            ["a frame": "RRRR 5, RRRR 5, BBBB 5", "dropped, error": "RRRR 5, BBBB 5, error"]),
        Oddity(
            "beyond-canvas", gif(image("RRRR"), image("GGGG", x: 2)),
            ["clipped": "RRRR 5, RRGG 5", "canvas grows": "RRRR.. 5, RRGGGG 5"]),
        Oddity(
            "no-pixels", gif(image("RRRR"), image(""), image("BBBB")),
            ["a frame": "RRRR 5, RRRR 5, BBBB 5", "error": "RRRR 5, error"]),
        Oddity(
            "canvas-0", gif(image("RGBW"), width: 0, height: 0), ["the first image's": "RGBW 5", "nothing": "error"]),
    ]

    private static let structure: [Oddity] = [
        Oddity(
            "two-loops",
            written {
                $0.loop(3)
                $0.loop(7)
                $0.image(image("RRRR"))
                $0.image(image("GGGG"))
                $0.trailer()
            }, isAboutLoops: true, ["the last": "7", "the first": "3"]),
        Oddity(
            "no-trailer",
            written {
                $0.image(image("RRRR"))
                $0.image(image("GGGG"))
            }, ["all frames": "RRRR 5, GGGG 5"]),
        Oddity(
            "two-gifs", gif(image("RRRR")) + gif(image("GGGG")),
            ["the first": "RRRR 5", "both": "RRRR 5, GGGG 5"]),
        Oddity(
            "nul-bytes",
            written {
                $0.image(image("RRRR"))
                $0.raw([0, 0, 0])
                $0.image(image("GGGG"))
                $0.trailer()
            }, ["skipped": "RRRR 5, GGGG 5", "the end": "RRRR 5", "error": "RRRR 5, error"]),
        Oddity(
            "unknown-block",
            written {
                $0.image(image("RRRR"))
                $0.raw([0x77])
                $0.image(image("GGGG"))
                $0.trailer()
            },
            ["skipped": "RRRR 5, GGGG 5", "the end": "RRRR 5", "error": "RRRR 5, error"]),
    ]

    private static let data: [Oddity] = [
        Oddity(
            "truncated",
            written(height: 4) {
                $0.image(image("RRRR/RRRR/RRRR/RRRR"))
                $0.image(image("GGGG/GGGG/GGGG/GGGG").with { $0.style = .uncompressed })
            }.dropLast(4),
            [
                "pixels that came, error": "RRRR/RRRR/RRRR/RRRR 5, GGGG/GGGG/GGGG/GRRR 5, error",
                "frames before it, error": "RRRR/RRRR/RRRR/RRRR 5, error",
                "frames before it": "RRRR/RRRR/RRRR/RRRR 5",
            ]),
        Oddity(
            "short-data",
            written {
                $0.image(image("RRRR"))
                image(image("GGGG"), data: LZWEncoder.encode([1, 1], codeSize: 2), &$0)
                $0.image(image("BBBB"))
                $0.trailer()
            },
            [
                "pixels that came, error at the end": "RRRR 5, GGRR 5, BBBB 5, error",
                "frames before it, error": "RRRR 5, error", "nothing of it, error": "RRRR 5, RRRR 5, BBBB 5, error",
            ]),
        Oddity(
            "surplus-data",
            written {
                image(image("RRRR"), data: LZWEncoder.encode([0, 0, 0, 0, 1, 2, 3, 0, 1], codeSize: 2), &$0)
                $0.image(image("BBBB"))
                $0.trailer()
            }, ["ignored": "RRRR 5, BBBB 5"]),
        Oddity(
            "code-size-1", gif(image("RGRG").with { $0.codeSize = 1 }), ["decoded": "RGRG 5", "nothing": "error"]),
        Oddity(
            "code-size-12",
            written {
                $0.image(image("RRRR"))
                $0.graphicControl(delay: 5)
                $0.imageHeader(image("GGGG").with { $0.codeSize = 12 })
                $0.imageData(LZWEncoder.encode([1, 1, 1, 1], codeSize: 2))
                $0.image(image("BBBB"))
                $0.trailer()
            },
            ["frames before it, error": "RRRR 5, error", "dropped, error": "RRRR 5, BBBB 5, error"]),
    ]
}

/// A GIF as a program shows it.
struct Shown {
    struct Frame {
        /// Centiseconds.
        var duration: Int
        var size: PixelSize
        /// R, G, B, A.
        var pixels: [UInt8]
    }

    var frames: [Frame] = []
    /// Repetitions after the first play; 0 for ever, nil where that is not known or not said.
    var loops: Int?
    var hasFailed = false

    /// Frames as in "RG.. 10": a letter a pixel (K black, g gray, . transparent, ? another), rows with slashes between them, the
    /// duration in centiseconds.
    var text: String {
        let texts = frames.map { frame in
            let letters = stride(from: 0, to: frame.pixels.count, by: 4).map { Self.letter(frame.pixels[$0..<$0 + 4]) }
            let rows = stride(from: 0, to: letters.count, by: max(frame.size.width, 1)).map { start in
                String(letters[start..<min(start + frame.size.width, letters.count)])
            }
            return "\(rows.joined(separator: "/")) \(frame.duration)"
        }
        return (texts + (hasFailed ? ["error"] : [])).joined(separator: ", ")
    }

    private static func letter(_ pixel: ArraySlice<UInt8>) -> Character {
        switch Array(pixel) {
        case [255, 0, 0, 255]: "R"
        case [0, 255, 0, 255]: "G"
        case [0, 0, 255, 255]: "B"
        case [255, 255, 255, 255]: "W"
        case [0, 0, 0, 255]: "K"
        case let other where other[3] == 0: "."
        case let other where other[3] == 255 && other[0] == other[1] && other[1] == other[2]: "g"
        default: "?"
        }
    }
}

/// Programs that show GIFs, by their column of the table.
enum Viewer: String, CaseIterable {
    case gif2video = "GIF2Video"
    case chromium = "Chromium"
    case ffmpeg = "ffmpeg"
    case pillow = "Pillow"

    /// Whether it is installed.
    var isAtHand: Bool {
        switch self {
        case .gif2video: true
        case .chromium: (try? Tool.run("which", ["chromium"]).status) == 0
        case .ffmpeg: (try? Tool.run("which", ["ffmpeg", "ffprobe"]).status) == 0
        case .pillow: (try? Tool.run("/usr/bin/python3", ["-c", "import PIL"]).status) == 0
        }
    }

    /// Has the program show each GIF.
    func show(_ oddities: [Oddity]) throws -> [Shown] {
        let folder = try TemporaryFolder()
        let paths = try oddities.map { try folder.write($0.bytes, to: "\($0.name).gif") }
        switch self {
        case .gif2video: return oddities.map { Self.decoded($0.bytes) }
        case .chromium: return try Self.listed("/usr/bin/python3", [Self.script] + paths).map(Self.asPlayed)
        case .ffmpeg: return try paths.map(Self.converted)
        case .pillow: return try Self.listed("/usr/bin/python3", ["-c", Self.pillowScript] + paths)
        }
    }

    private static var script: String { Tool.root.appendingPathComponent("scripts/chromium_frames.py").path }

    private static func decoded(_ bytes: [UInt8]) -> Shown {
        let (frames, error) = decode(bytes)
        let summary = try? GIFScanner.scan(ByteArraySource(bytes), name: "test.gif")
        return Shown(
            frames: frames.map { Shown.Frame(duration: $0.duration, size: $0.size, pixels: $0.pixels) },
            loops: summary?.loopCount, hasFailed: error != nil)
    }

    /// A line of JSON for each file.
    private struct Line: Decodable {
        var frames: [[Value]]
        var loops: Int?
        var error: String?

        enum Value: Decodable {
            case number(Double)
            case text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }
    }

    private static func listed(_ tool: String, _ arguments: [String]) throws -> [Shown] {
        let result = try Tool.run(tool, arguments)
        try #require(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: UInt8(ascii: "\n")).map { line in
            let line = try JSONDecoder().decode(Line.self, from: Data(line))
            let frames = try line.frames.map { values -> Shown.Frame in
                guard values.count == 4, case .number(let duration) = values[0], case .number(let width) = values[1],
                    case .number(let height) = values[2], case .text(let pixels) = values[3],
                    let data = Data(base64Encoded: pixels)
                else { throw CocoaError(.coderInvalidValue) }
                return Shown.Frame(
                    duration: Int(duration / 10), size: PixelSize(width: Int(width), height: Int(height)),
                    pixels: Array(data))
            }
            return Shown(frames: frames, loops: line.loops, hasFailed: line.error != nil)
        }
    }

    /// ImageDecoder tells the delays of the file; pages show frames of 10 ms and less for 100 ms.
    private static func asPlayed(_ shown: Shown) -> Shown {
        var shown = shown
        for index in shown.frames.indices where shown.frames[index].duration <= 1 { shown.frames[index].duration = 10 }
        return shown
    }

    private static let pillowScript = """
        import base64, json, sys
        from PIL import Image
        for path in sys.argv[1:]:
            result = {"frames": [], "loops": None, "error": None}
            try:
                image = Image.open(path)
                result["loops"] = image.info.get("loop")
                while True:
                    pixels = base64.b64encode(image.convert("RGBA").tobytes()).decode()
                    result["frames"].append([image.info.get("duration", 0), *image.size, pixels])
                    image.seek(image.tell() + 1)
            except EOFError:
                pass
            except Exception as error:
                result["error"] = str(error)
            print(json.dumps(result))
        """

    private struct Probe: Decodable {
        struct Stream: Decodable {
            var width: Int?
            var height: Int?
        }
        struct Packet: Decodable {
            var duration: Int?
        }
        var streams: [Stream]?
        var packets: [Packet]?
    }

    private static func converted(_ path: String) throws -> Shown {
        let probe = try Tool.run(
            "ffprobe", ["-v", "quiet", "-show_entries", "stream=width,height:packet=duration", "-of", "json", path])
        let facts = try JSONDecoder().decode(Probe.self, from: Data(probe.output))
        let size = PixelSize(width: facts.streams?.first?.width ?? 0, height: facts.streams?.first?.height ?? 0)
        let result = try Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-fps_mode", "passthrough", "-"])
        guard size.area > 0 else { return Shown(hasFailed: true) }
        let frames = stride(from: 0, to: result.output.count, by: 4 * size.area).enumerated().map { index, start in
            let duration = facts.packets.flatMap { $0.indices.contains(index) ? $0[index].duration : nil } ?? 0
            return Shown.Frame(
                duration: duration, size: size, pixels: Array(result.output[start..<start + 4 * size.area]))
        }
        return Shown(frames: frames, hasFailed: !result.errors.isEmpty)
    }
}

/// docs/oddities.md says what each program does, and each program does it.
@Suite struct OddityTests {
    /// Cells of the table by row and column.
    private func table() throws -> [String: [String: String]] {
        let text = try String(contentsOf: Tool.root.appendingPathComponent("docs/oddities.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let heading = try #require(rows.first)
        var table: [String: [String: String]] = [:]
        for row in rows.dropFirst() where row[0].hasPrefix("`") {
            try #require(row.count == heading.count, "\(row)")
            let name = try #require(row[0].split(separator: "`").first)
            #expect(table[String(name)] == nil, "two rows \(name)")
            table[String(name)] = Dictionary(zip(heading, row), uniquingKeysWith: { $1 })
        }
        return table
    }

    @Test func theTableHasARowForEveryOddity() throws {
        #expect(try table().keys.sorted() == Oddity.all.map(\.name).sorted())
    }

    @Test(arguments: Viewer.allCases) func everyProgramDoesWhatTheTableSays(viewer: Viewer) throws {
        guard viewer.isAtHand else {
            return print(
                "######## SKIPPED: \(viewer.rawValue) is not here, nothing compares its column of docs/oddities.md ########"
            )
        }
        let table = try table()
        let shown = try viewer.show(Oddity.all)
        try #require(shown.count == Oddity.all.count)
        for (oddity, shown) in zip(Oddity.all, shown) {
            let word = try #require(table[oddity.name]?[viewer.rawValue], "\(oddity.name)")
            // Nothing tells how often ffmpeg would repeat a GIF.
            if oddity.isAboutLoops && viewer == .ffmpeg { continue }
            let text = oddity.isAboutLoops ? shown.loops.map { "\($0)" } ?? "none" : shown.text
            #expect(
                oddity.meanings[word] == text, "\(viewer.rawValue), \(oddity.name), \"\(word)\": shows \(text)")
        }
    }
}
