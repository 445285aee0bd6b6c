import Foundation
import TestSupport
import Testing

/// `--size` and `--scaler`, pixel by pixel.
@Suite struct SizeTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A sprite of eight colors that moves on a checkered ground, two frames.
    private static let pixelArt: [UInt8] = {
        let images = (0..<2).map { frame in
            let indices = (0..<24 * 16).map { pixel -> UInt8 in
                let (x, y) = (pixel % 24 - 4 - 2 * frame, pixel / 24 - 4)
                guard (0..<8).contains(x) && (0..<8).contains(y) else { return UInt8((pixel / 4 + pixel / 96) % 2) }
                return UInt8(2 + (x * y + x) % 6)
            }
            return GIFImage(width: 24, height: 16, indices: indices).with { $0.delay = 10 }
        }
        let palette: [UInt8] = [
            40, 40, 60, 60, 60, 90, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0, 250, 250, 250, 0, 0, 0,
        ]
        return GIFWriter.gif(width: 24, height: 16, palette: palette, images: images)
    }()

    private func filter(_ input: [UInt8], _ more: String...) throws -> Tool.Result {
        try Tool.run(
            Tool.gif2video, ["filter", "--rate", "source", "--format", "rgb24", "--profile", "none"] + more,
            input: input)
    }

    /// Each picture with every pixel as a square.
    private func enlarged(_ pictures: [UInt8], _ factor: Int) -> [UInt8] {
        (0..<pictures.count / (24 * 16 * 3)).flatMap { picture -> [UInt8] in
            (0..<16 * factor).flatMap { y -> [UInt8] in
                (0..<24 * factor).flatMap { x -> ArraySlice<UInt8> in
                    let row: Int = picture * 16 + y / factor
                    let at: Int = (row * 24 + x / factor) * 3
                    return pictures[at..<at + 3]
                }
            }
        }
    }

    /// By a factor, or by a size that is one; the default is exact there.
    @Test(arguments: ["4x", "96x64"]) func pixelArtIsEnlargedWithoutBlur(size: String) throws {
        let plain = try filter(Self.pixelArt).output
        try #require(plain.count == 2 * 24 * 16 * 3)
        let large = enlarged(plain, 4)
        #expect(try filter(Self.pixelArt, "--size", size).output == large)
        #expect(try filter(Self.pixelArt, "--size", size, "--scaler", "nearest").output == large)
        let smooth = try filter(Self.pixelArt, "--size", size, "--scaler", "smooth").output
        #expect(smooth.count == large.count && smooth != large)
    }

    /// Restored pictures of a photograph-like GIF are no flat art: the default makes colors in between.
    @Test func restoredPicturesAreEnlargedSmoothly() throws {
        let gif = [UInt8](try Data(contentsOf: Tool.root.appendingPathComponent("Examples/example.gif")))
        // One frame, and a word about the others.
        func picture(_ more: String...) throws -> [UInt8] {
            let result = try Tool.run(
                Tool.gif2video,
                ["filter", "--rate", "source", "--format", "rgb24", "--size", "2x", "--max-frames", "1"] + more,
                input: gif)
            try #require(result.output.count == 640 * 480 * 3, "\(result.errors)")
            return result.output
        }
        let chosen = try picture()
        #expect(try chosen == picture("--scaler", "smooth"))
        #expect(try chosen != picture("--scaler", "nearest"))
    }

    /// By a factor that is not whole, nearest is what was asked for; the default does not do it.
    @Test func otherFactorsAreNearestOnlyWhenAsked() throws {
        let plain = try filter(Self.pixelArt).output
        let nearest = try filter(Self.pixelArt, "--size", "36x24", "--scaler", "nearest").output
        let expected = (0..<2 * 24).flatMap { y -> [UInt8] in
            (0..<36).flatMap { x -> ArraySlice<UInt8> in
                let row: Int = y / 24 * 16 + (2 * (y % 24) + 1) * 16 / 48
                let column: Int = (2 * x + 1) * 24 / 72
                let at: Int = (row * 24 + column) * 3
                return plain[at..<at + 3]
            }
        }
        #expect(nearest == expected)
        let smooth = try filter(Self.pixelArt, "--size", "36x24", "--scaler", "smooth").output
        #expect(try filter(Self.pixelArt, "--size", "36x24").output == smooth && smooth != nearest)
    }

    /// One stream has one size: the first GIF's, so many times.
    @Test func severalGIFsAreFittedIntoTheFirstOnesMultiple() throws {
        let other = ExampleGIF.drifting(delays: [10])
        let result = try filter(Self.pixelArt + other, "--all", "--size", "2x")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let own = try filter(Self.pixelArt, "--size", "2x").output + filter(other, "--size", "48x32").output
        #expect(result.output == own && own.count == 3 * 48 * 32 * 3)
    }

    @Test func convertMakesTheMultiple() throws {
        let gif = try folder.write(Self.pixelArt, to: "in.gif")
        let result = try Tool.run(
            Tool.gif2video, ["convert", "-q", "--size", "3x", gif, "-o", folder.path("out.mp4")])
        #expect(result.status == 0, "\(result.errors)")
        let probe = try Tool.run(
            "ffprobe",
            ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0:s=x", folder.path("out.mp4")])
        #expect(String(decoding: probe.output, as: UTF8.self) == "72x48\n")
    }

    // MARK: Limits

    @Test(arguments: ["0x", "-2x", "4", "4xx", "1.5x", "20000x"]) func whatIsNoSizeIsExplained(size: String) throws {
        let result = try filter(Self.pixelArt, "--size=\(size)")
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains("--size <WxH|Nx>"), "\(result.errors)")
    }

    /// Beyond a side, or beyond the megapixels that a canvas may have: nothing is made, and the message has a way out.
    @Test(arguments: [
        (
            ["--size", "700x"],
            "a canvas of 24x16 would become pictures of 16800x11200, more than 16384 pixels on a side"
        ),
        (
            ["--size", "60x", "--max-megapixels", "1"],
            "a canvas of 24x16 would become pictures of 1440x960 pixels, more than the limit of 1048576 pixels (--max-megapixels"
        ),
    ])
    func aMultipleThatIsTooLargeIsRefused(arguments: [String], message: String) throws {
        let gif = try folder.write(Self.pixelArt, to: "in.gif")
        let converted = try Tool.run(
            Tool.gif2video, ["convert", "--profile", "none", gif, "-o", folder.path("out.mp4")] + arguments)
        #expect(converted.status == 1 && converted.errors.contains("in.gif: \(message)"), "\(converted.errors)")
        #expect(try folder.contents == ["in.gif"])
        let filtered = try Tool.run(
            Tool.gif2video, ["filter", "--profile", "none"] + arguments, input: Self.pixelArt)
        #expect(filtered.status == 1 && filtered.output.isEmpty)
        #expect(filtered.errors.contains("standard input: \(message)"), "\(filtered.errors)")
    }

    // MARK: The daemon

    /// A folder's files have the multiple, scaled as the stream says; one that would be too large fails with the reason.
    @Test func theDaemonScalesFiles() throws {
        let daemon = try DaemonProcess(
            FolderStream.configuration("[limits]\nmegapixels = 1\n[jobs]", "size = \"3x\"\nscaler = \"nearest\""))
        try FileManager.default.createDirectory(atPath: "\(daemon.state)/in", withIntermediateDirectories: true)
        try daemon.start()
        let wide = GIFWriter.gif(
            width: 900, height: 900, palette: [0, 0, 0, 9, 9, 9], images: [GIFImage(width: 1, height: 1, index: 1)])
        try Data(Self.pixelArt).write(to: URL(fileURLWithPath: "\(daemon.state)/in/art.gif"))
        try Data(wide).write(to: URL(fileURLWithPath: "\(daemon.state)/in/wide.gif"))
        let (video, reason) = ("\(daemon.state)/out/art.y4m", "\(daemon.state)/in/failed/wide.gif.txt")
        try daemon.waitUntil("the video and the reason") {
            FileManager.default.fileExists(atPath: video) && FileManager.default.fileExists(atPath: reason)
        }
        #expect(daemon.stop() == 0)
        let alone = try Tool.run(
            Tool.gif2video,
            ["filter", "--profile", "none", "--rate", "25", "--size", "3x", "--scaler", "nearest"],
            input: Self.pixelArt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: video)) == Data(alone.output) && !alone.output.isEmpty)
        let words = try String(contentsOf: URL(fileURLWithPath: reason), encoding: .utf8)
        #expect(words.contains("would become pictures of 2700x2700"), "\(words)")
    }

    /// A reader of a FIFO gets the first GIF's multiple; a GIF that would be too large is passed over.
    @Test func aLiveSinkHasTheFirstOnesMultiple() throws {
        let daemon = try DaemonProcess.started(
            """
            [limits]
            megapixels = 1
            [[stream]]
            name = "live"
            source = "submitted"
            sink = "fifo"
            fifo = "video"
            format = "rgb24"
            rate = "10"
            profile = "none"
            size = "4x"
            """)
        let output = "\(daemon.state)/video"
        try daemon.waitUntil("the FIFO") { FileManager.default.fileExists(atPath: output) }
        let reader = try #require(FileHandle(forReadingAtPath: output))
        let wide = try daemon.folder.write(
            GIFWriter.gif(
                width: 900, height: 900, palette: [0, 0, 0, 9, 9, 9],
                images: [GIFImage(width: 1, height: 1, index: 1)]), to: "wide.gif")
        let art = try daemon.folder.write(Self.pixelArt, to: "art.gif")
        for gif in [wide, art] { #expect(try daemon.command("play", "--stream", "live", gif).status == 0) }
        let large = enlarged(try filter(Self.pixelArt).output, 4)
        var bytes: [UInt8] = []
        while bytes.count < large.count {
            let more = reader.readData(ofLength: large.count - bytes.count)
            try #require(!more.isEmpty)
            bytes += more
        }
        #expect(bytes == large)
        try reader.close()
        #expect(daemon.stop() == 0)
        #expect(daemon.log.contains("would become pictures of 3600x3600"), "\(daemon.log)")
    }
}
