import Foundation
import TestSupport
import Testing

/// The colors of the videos that the README and docs/pipes.md tell people to make, and of `convert`'s: as ffmpeg converts
/// them back by their tags, and as Chromium shows them.
@Suite(.serialized) struct VideoColorTests {
    /// Saturated colors, mixed ones and grays, in four columns and three rows.
    private static let colors: [[UInt8]] = [
        [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0],
        [0, 255, 255], [255, 0, 255], [128, 128, 128], [255, 255, 255],
        [0, 0, 0], [200, 30, 90], [16, 200, 120], [64, 64, 64],
    ]
    /// Their centers, as parts of the picture's width and height.
    private static let points: [[Double]] = (0..<12).map { place in
        let (column, row) = (Double(place % 4), Double(place / 4))
        return [(column + 0.5) / 4, (row + 0.5) / 3]
    }

    private static let pipe = "ffmpeg -colorspace smpte170m -i -"

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Writes half a second of the colors as `cat.gif`.
    private func writeColors(width: Int, height: Int) throws {
        let indices = (0..<width * height).map { pixel -> UInt8 in
            let (x, y) = (pixel % width, pixel / width)
            return UInt8(y * 3 / height * 4 + x * 4 / width)
        }
        let image = GIFImage(width: width, height: height, indices: indices).with { $0.delay = 50 }
        let palette = Self.colors.flatMap(\.self) + [UInt8](repeating: 0, count: 12)
        _ = try folder.write(
            GIFWriter.gif(width: width, height: height, palette: palette, images: [image]), to: "cat.gif")
    }

    /// Types a command, in the folder of `cat.gif`, where `gif2video` is the program under test.
    private func type(_ command: String) throws {
        let result = try Tool.run(
            "/bin/bash",
            [
                "-o", "pipefail", "-c", "cd \"$0\" && PATH=$(dirname \"$1\"):$PATH && eval \"$2\"", folder.url.path,
                Tool.gif2video, command,
            ])
        try #require(result.status == 0, "\(command)\n\(result.errors)")
    }

    /// ffprobe's facts about a video's pictures.
    private func facts(_ name: String, _ keys: String) throws -> [String: String] {
        let probe = try Tool.run(
            "ffprobe", ["-v", "error", "-show_entries", "stream=\(keys)", "-of", "default=nw=1", folder.path(name)])
        let pairs = String(decoding: probe.output, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: "=", maxSplits: 1).map(String.init)
        }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    /// R, G, B, A at the points of the first picture, as ffmpeg makes them by the video's tags.
    private func colors(_ name: String, decoder: [String] = []) throws -> [[Int]] {
        let facts = try facts(name, "width,height")
        let (width, height) = (
            try #require(facts["width"].flatMap(Int.init)), try #require(facts["height"].flatMap(Int.init))
        )
        let read = try Tool.run(
            "ffmpeg",
            ["-v", "error"] + decoder + [
                "-i", folder.path(name), "-frames:v", "1", "-vf",
                "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp", "-f", "rawvideo", "-pix_fmt", "rgba", "-",
            ])
        try #require(read.output.count == width * height * 4, "\(read.errors)")
        return Self.points.map { point -> [Int] in
            let column = Int(point[0] * Double(width))
            let row = Int(point[1] * Double(height))
            let at = (row * width + column) * 4
            return read.output[at..<at + 4].map { Int($0) }
        }
    }

    private func expectColors(_ found: [[Int]], _ what: String) {
        #expect(found.count == Self.colors.count)
        for (color, found) in zip(Self.colors, found) {
            let worst = zip(color, found).map { (wanted, got) -> Int in abs(Int(wanted) - got) }.max() ?? 255
            #expect(worst <= 2, "\(what): \(color) became \(found)")
        }
    }

    /// Tags, sides, layout, order of the file's parts, and colors by ffmpeg.
    private func expectForBrowsers(_ name: String) throws {
        let facts = try facts(
            name, "codec_name,pix_fmt,width,height,color_space,color_primaries,color_transfer,color_range")
        #expect(facts["codec_name"] == "h264" && facts["pix_fmt"] == "yuv420p", "\(facts)")
        for tag in ["color_space", "color_primaries", "color_transfer"] { #expect(facts[tag] == "bt709", "\(facts)") }
        #expect(facts["color_range"] == "tv", "\(facts)")
        // The index comes before the pictures.
        let bytes = Data(try folder.read(name))
        let index = try #require(bytes.range(of: Data("moov".utf8)))
        let pictures = try #require(bytes.range(of: Data("mdat".utf8)))
        #expect(index.lowerBound < pictures.lowerBound)
        expectColors(try colors(name), "ffmpeg")
    }

    private func expectChromiumShows(_ name: String, type: String, width: Int, height: Int) throws {
        let sight = try Browser.play(folder.path(name), type: type, points: Self.points)
        #expect(sight.size == [width, height] && abs(sight.seconds - 0.5) < 0.05, "\(sight)")
        expectColors(sight.first, "Chromium, first picture")
        expectColors(sight.last, "Chromium, last picture")
    }

    // MARK: The README's first pipe

    @Test(arguments: [(128, 96), (129, 97)]) func theFirstPipeKeepsColors(width: Int, height: Int) throws {
        try writeColors(width: width, height: height)
        try type(Document.command("README.md", with: Self.pipe))
        try expectForBrowsers("cat.mp4")
        let sides = try facts("cat.mp4", "width,height")
        #expect(sides == ["width": "\((width + 1) / 2 * 2)", "height": "\((height + 1) / 2 * 2)"])
    }

    @Test(.enabled(if: Browser.isAvailable, Browser.lack), arguments: [(128, 96), (129, 97)])
    func chromiumPlaysTheFirstPipe(width: Int, height: Int) throws {
        try writeColors(width: width, height: height)
        try type(Document.command("README.md", with: Self.pipe))
        try expectChromiumShows(
            "cat.mp4", type: "video/mp4", width: (width + 1) / 2 * 2, height: (height + 1) / 2 * 2)
    }

    /// The documents and the help, 80 columns wide, say the same, letter by letter.
    @Test func thePipeIsTheSameEverywhere() throws {
        let line = try Document.command("README.md", with: Self.pipe)
        #expect(try Document.command("docs/pipes.md", with: Self.pipe) == line)
        let help = try Tool.run(Tool.gif2video, ["filter", "--help"]).output
        #expect(String(decoding: help, as: UTF8.self).contains("\n\(line)\n"))
    }

    // MARK: Videos of convert

    @Test(arguments: [(128, 96), (129, 97)]) func convertKeepsColors(width: Int, height: Int) throws {
        try writeColors(width: width, height: height)
        try type("gif2video convert cat.gif -o cat.mp4")
        try expectForBrowsers("cat.mp4")
    }

    @Test(.enabled(if: Browser.isAvailable, Browser.lack), arguments: ["mp4", "webm"])
    func chromiumPlaysWhatConvertMakes(kind: String) throws {
        try writeColors(width: 129, height: 97)
        try type("gif2video convert cat.gif -o cat.\(kind)")
        try expectChromiumShows("cat.\(kind)", type: "video/\(kind)", width: 130, height: 98)
    }

    // MARK: docs/pipes.md

    /// Each of its lines makes a video of the right colors.
    @Test func thePipesOfTheDocumentKeepColors() throws {
        try writeColors(width: 129, height: 97)
        let commands = try Document.commands("docs/pipes.md").filter { $0.contains("ffmpeg") }
        let outputs = ["cat.mp4", "raw.mp4", "sticker.webm", "cat.mkv"]
        try #require(commands.count == outputs.count, "\(commands)")
        for (command, output) in zip(commands, outputs) {
            #expect(command.hasSuffix(" \(output)"))
            try type(command)
        }
        for name in ["cat.mp4", "raw.mp4"] { try expectForBrowsers(name) }
        // ffmpeg's own decoder of VP9 does not know alpha.
        expectColors(try colors("sticker.webm", decoder: ["-c:v", "libvpx-vp9"]), "VP9")
        let sticker = try facts("sticker.webm", "color_space,width,height:stream_tags=alpha_mode")
        #expect(sticker["color_space"] == "bt709" && sticker["width"] == "320", "\(sticker)")
        #expect(sticker.contains { $0.key.lowercased() == "tag:alpha_mode" && $0.value == "1" }, "\(sticker)")
        expectColors(try colors("cat.mkv"), "FFV1")
        #expect(try facts("cat.mkv", "pix_fmt,color_space") == ["pix_fmt": "yuv444p", "color_space": "smpte170m"])
    }
}
