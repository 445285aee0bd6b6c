import Foundation
import TestSupport
import Testing

/// GIFs that ask for more than they should: more time, more pictures, more memory, and GIFs that change while they are read.
@Suite(.serialized) struct HostileGIFTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func convert(_ arguments: String...) throws -> Tool.Result {
        try Tool.run(Tool.gif2video, ["convert", "--profile", "none"] + arguments)
    }

    /// Frames of one pixel, all of one delay.
    private func pixels(_ count: Int, delay: Int) -> [UInt8] {
        let image = GIFImage(width: 1, height: 1, index: 1).with { $0.delay = delay }
        return GIFWriter.gif(
            width: 1, height: 1, palette: [0, 0, 0, 9, 9, 9], images: [GIFImage](repeating: image, count: count))
    }

    // MARK: Time

    @Test(arguments: ["29.9700299", "9.99999999", "0.001"])
    func everyRateThatIsAcceptedIsUsable(rate: String) throws {
        let gif = try folder.write(pixels(5, delay: 65_535), to: "in.gif")
        let result = try convert(
            "--rate", rate, gif, "-o", folder.path("out.y4m"))
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(arguments: ["30001/1003", "1001", "0.0001"]) func ratesOutOfBoundsAreExplained(rate: String) throws {
        let gif = try folder.write(pixels(1, delay: 10), to: "in.gif")
        let result = try convert("--rate", rate, gif, "-o", folder.path("out.y4m"))
        #expect(result.status == 64)
        #expect(result.errors.contains("up to 1000, with a denominator of at most 1001"), "\(result.errors)")
    }

    /// 20 hours in 100 frames: a file is refused before anything is made of it.
    @Test func aFileThatPlaysForTooLongIsRefused() throws {
        let gif = try folder.write(pixels(110, delay: 65_535), to: "in.gif")
        let long = try convert("--rate", "1", gif, "-o", folder.path("out.y4m"))
        #expect(long.status == 1)
        #expect(
            long.errors
                == "gif2video: \(gif): it plays for more than the limit of 3600 s (--max-duration, limits.duration)\n")
        let many = try convert("--max-duration", "1000000", gif, "-o", folder.path("out.y4m"))
        #expect(many.status == 1)
        #expect(many.errors.contains("more than the limit of 1000000 pictures (--max-pictures, limits.pictures)"))
        #expect(try folder.contents == ["in.gif"])
        let lifted = try convert("--rate", "1", "--max-duration", "1000000", gif, "-o", folder.path("out.y4m"))
        #expect(lifted.status == 0, "\(lifted.errors)")
    }

    /// From a pipe, what comes before the limit leaves: five frames of 655 s.
    @Test func whatComesThroughAPipeIsCutAtTheLimit() throws {
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--profile", "none", "--rate", "1", "--format", "rgb24"],
            input: pixels(110, delay: 65_535))
        #expect(result.status == 1 && result.output.count == 3 * 3277)
        #expect(result.errors.contains("(--max-duration, limits.duration); 5 frames"), "\(result.errors)")
    }

    // MARK: Memory

    /// Five frames of 16 million transparent pixels, one of which each time changes.
    private var largeCanvas: [UInt8] {
        let images = (0..<5).map { index in
            GIFImage(width: 1, height: 1, index: 1).with {
                $0.x = 100 * index
                $0.delay = 10
            }
        }
        return GIFWriter.gif(width: 4000, height: 4000, palette: [0, 0, 0, 9, 9, 9], images: images)
    }

    /// The program takes the 80 bytes a pixel that it refuses beyond the limit; the last code took 180.
    @Test(arguments: ["filter", "convert", "probe"]) func aLargeCanvasStaysWithinItsMemory(command: String) throws {
        let gif = try folder.write(largeCanvas, to: "in.gif")
        let arguments =
            switch command {
            case "filter": ["filter", "--format", "rgb24", "--rate", "10"]
            case "convert": ["convert", gif, "-o", folder.path("out.y4m"), "--rate", "10"]
            default: ["probe", gif]
            }
        let (result, peak) = try Tool.runWithPeak(
            Tool.gif2video, arguments + ["--profile", "none", "--max-memory", "2"],
            input: command == "filter" ? largeCanvas : nil)
        #expect(result.status == 0, "\(result.errors)")
        #expect(peak < (command == "probe" ? 500 : 1300), "\(peak) MiB")
    }

    @Test func aCanvasTooLargeForTheMemoryIsRefusedWithoutNetworks() throws {
        let (result, peak) = try Tool.runWithPeak(
            Tool.gif2video, ["filter", "--profile", "none", "--max-memory", "1"], input: largeCanvas)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors.hasPrefix("gif2video: standard input: restoring a canvas of 4000x4000")
                && result.errors.hasSuffix("the limit is 1024 MiB (--max-memory, limits.memory)\n"), "\(result.errors)")
        #expect(peak < 500, "\(peak) MiB")
    }

    /// probe runs no network on a GIF for which there is not enough memory.
    @Test func probeTakesNoMoreThanItMay() throws {
        let gif = try folder.write(largeCanvas, to: "in.gif")
        let (result, peak) = try Tool.runWithPeak(Tool.gif2video, ["probe", "--max-memory", "1", gif])
        #expect(result.status == 0, "\(result.errors)")
        #expect(String(decoding: result.output, as: UTF8.self).contains("dither    not looked at"))
        #expect(peak < 600, "\(peak) MiB")
    }

    /// A sheet is painted as pictures come, and only of what is shown.
    @Test func compareNamesASheetThatIsTooLarge() throws {
        let gif = try folder.write(ExampleGIF.drifting(width: 500, height: 250, delays: [8, 8, 8, 8, 8]), to: "in.gif")
        let result = try Tool.run(
            Tool.gif2video,
            ["compare", gif, "-o", folder.path("sheet.png"), "--frames", "5", "--zoom", "16", "--max-memory", "1"])
        #expect(result.status != 0)
        #expect(result.errors.contains("a sheet of 40048x8024 pixels takes more memory than the"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif"])
    }

    @Test func compareRefusesACanvasThatIsTooLargeBeforeItsSheetIsMade() throws {
        let gif = try folder.write(largeCanvas, to: "in.gif")
        let (result, peak) = try Tool.runWithPeak(
            Tool.gif2video, ["compare", gif, "-o", folder.path("sheet.png"), "--max-memory", "2"])
        #expect(result.status == 1)
        #expect(
            result.errors.hasPrefix("gif2video: \(gif): restoring a canvas of 4000x4000 takes about"),
            "\(result.errors)")
        #expect(peak < 200, "\(peak) MiB")
    }

    /// A million images without pixels and without a delay, parts of one frame, in 12 MB.
    @Test func imagesTakeNoMemory() throws {
        var writer = GIFWriter(width: 1, height: 1, palette: [0, 0, 0, 9, 9, 9])
        writer.image(GIFImage(width: 1, height: 1, index: 1).with { $0.delay = 10 })
        let start = writer.bytes.count
        writer.imageHeader(GIFImage(width: 0, height: 0, indices: []))
        writer.imageData([])
        let empty = Array(writer.bytes[start...])
        let many = (0..<12).reduce(empty) { bytes, _ in bytes + bytes }
        for _ in 0..<244 { writer.raw(many) }
        writer.trailer()
        let gif = try folder.write(writer.bytes, to: "in.gif")
        let (result, peak) = try Tool.runWithPeak(
            Tool.gif2video, ["convert", "--profile", "none", gif, "-o", folder.path("out.y4m")])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("2 frames, 6 pictures"), "\(result.errors)")
        #expect(peak < 60, "\(peak) MiB")
    }

    // MARK: Padding

    /// Two frames, and 2 GiB of zeros that take no place on the disk.
    private func sparseGIF(_ path: String) throws {
        let gif = ExampleGIF.drifting(delays: [8, 8]).dropLast()
        try Data(gif).write(to: URL(fileURLWithPath: path))
        #expect(truncate(path, 2 << 30) == 0)
    }

    private static let paddingError = "more than the limit of 1 MiB without a pixel (--max-padding, limits.padding)"

    /// The frames before it are kept.
    @Test(arguments: ["probe", "convert", "compare", "filter", "pipe"]) func paddingIsGivenUp(command: String) throws {
        let gif = folder.path("in.gif")
        try sparseGIF(gif)
        let script =
            switch command {
            case "probe": "\"$0\" probe --profile none --max-padding 1 \"$1\""
            case "compare": "\"$0\" compare --profile live --max-padding 1 \"$1\" -o \"$2/out.png\""
            case "convert": "\"$0\" convert -q --profile none --max-padding 1 \"$1\" -o \"$2/out.y4m\""
            case "filter": "\"$0\" filter --profile none --max-padding 1 < \"$1\" > \"$2/out.y4m\""
            default: "cat \"$1\" | \"$0\" probe --profile none --max-padding 1 -"
            }
        let result = try Tool.run("/bin/bash", ["-c", script, Tool.gif2video, gif, folder.url.path])
        #expect(result.status == 1 && result.errors.contains(Self.paddingError), "\(result.errors)")
        if script.contains("out.y4m") { #expect(try folder.read("out.y4m").count > 2 * 48 * 32 * 3) }
    }

    /// A writer that never ends, in a GIF and behind one.
    @Test(.timeLimit(.minutes(2)), arguments: [false, true]) func aPipeOfPaddingIsGivenUp(hasTrailer: Bool) throws {
        let gif = ExampleGIF.drifting(delays: [8, 8])
        let path = try folder.write(hasTrailer ? gif : gif.dropLast(), to: "in.gif")
        let script =
            "cat \"$1\" /dev/zero | \"$0\" filter --all --profile none --max-padding 1 --rate source --format rgb24"
        let result = try Tool.run("/bin/bash", ["-c", script, Tool.gif2video, path])
        #expect(result.status == 1 && result.errors.contains(Self.paddingError), "\(result.errors)")
        #expect(result.output.count == 2 * 48 * 32 * 3)
    }

    /// The daemon names its key, and keeps the frames before.
    @Test func aPaddedFileFailsInItsFolder() throws {
        let daemon = try DaemonProcess.started(
            FolderStream.configuration(
                """
                [limits]
                padding = 1
                [jobs]
                """))
        try daemon.waitUntil("the folder") { daemon.exists("in") }
        try sparseGIF("\(daemon.state)/part")
        #expect(rename("\(daemon.state)/part", "\(daemon.state)/in/a.gif") == 0)
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        let error = try #require(try daemon.json("show", "1")["error"] as? String)
        #expect(error.contains(Self.paddingError), "\(error)")
        #expect(daemon.exists("out/a.y4m") && daemon.exists("in/failed/a.gif"))
    }

    /// Neither the canvas nor the image has pixels.
    @Test(arguments: [(0, 0), (0, 16), (16, 0)], ["probe", "compare", "convert"])
    func aGIFWithoutPixelsIsNamed(side: (Int, Int), command: String) throws {
        let image = GIFImage(width: side.0, height: side.1, indices: [])
        let gif = try folder.write(
            GIFWriter.gif(width: side.0, height: side.1, palette: [0, 0, 0, 9, 9, 9], images: [image]), to: "in.gif")
        let output = command == "probe" ? [] : ["-o", folder.path(command == "compare" ? "out.png" : "out.y4m")]
        let result = try Tool.run(Tool.gif2video, [command, gif] + output)
        #expect(
            result.status == 1 && result.errors.contains("neither canvas nor first image have pixels"),
            "\(result.status) \(result.errors)")
    }

    // MARK: Change

    /// 300 frames of 4 cs, and where the delay of the last one stands: far beyond what is read ahead, 64 KiB, and what queues
    /// and pipes hold.
    private func longGIF() throws -> (bytes: [UInt8], lastDelay: Int) {
        var random = SplitMix64(seed: 3)
        let images = (0..<300).map { _ in
            let indices = (0..<48 * 32).map { _ in UInt8.random(in: 0...255, using: &random) }
            return GIFImage(width: 48, height: 32, indices: indices).with { $0.delay = 4 }
        }
        let gif = GIFWriter.gif(width: 48, height: 32, palette: [0, 0, 0, 9, 9, 9], images: images)
        try #require(gif.count > 200_000)
        let place = try #require(
            gif.indices.dropLast(5).last { Array(gif[$0..<$0 + 3]) == [0x21, 0xF9, 4] && gif[$0 + 4] == 4 })
        return (gif, place + 4)
    }

    /// The scan and the decoder see two GIFs: when the encoder starts, it changes the last frame's delay in the file.
    @Test(arguments: [[3, 0], [255, 255]] as [[UInt8]]) func aGIFThatChangesIsNamed(delay: [UInt8]) throws {
        let (gif, place) = try longGIF()
        let path = try folder.write(gif, to: "in.gif")
        let programs = folder.path("programs")
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        // The encoder may write nothing but its own folder. So it says there that it runs, and waits for the change.
        let digits = delay.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let encoder = """
            #!/bin/bash
            touch started
            until [[ $(od -An -tx1 -j \(place) -N 2 \(path)) == " \(digits.joined(separator: " "))" ]]; do sleep 0.01; done
            exec cat > "${!#}"
            """
        let change = """
            (
                until compgen -G '\(folder.path(""))/.*/started' > /dev/null; do sleep 0.01; done
                printf '\\x\(digits.joined(separator: "\\x"))' | dd of=\(path) bs=1 seek=\(place) conv=notrunc status=none
            ) &
            exec "$@"
            """
        try Data(encoder.utf8).write(to: URL(fileURLWithPath: "\(programs)/ffmpeg"))
        chmod("\(programs)/ffmpeg", 0o755)
        let result = try Tool.run(
            "/bin/bash",
            [
                "-c", change, "bash", Tool.gif2video, "convert", "--profile", "none", "--rate", "source", path, "-o",
                folder.path("out.mp4"),
            ], environment: ["PATH": "\(programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"])
        #expect(result.status == 1)
        #expect(
            result.errors.hasPrefix("gif2video: \(path): the GIF changed while it was read"), "\(result.errors)")
        #expect(try folder.contents == ["in.gif", "programs"])
    }

    /// The encoder waits while the last frame's delay is changed on the spot: the GIF is done again, as it is now.
    @Test func anEditInPlaceIsWaitedFor() throws {
        let daemon = try DaemonProcess.started(
            """
            [encoder.waits]
            extension = "bin"
            verify = "none"
            confined = false
            command = ["bash", "-c", 'touch "$1/started"; until [[ -e $1/go ]]; do sleep 0.05; done; exec cat > "$0"', "{output}", "\(folder.url.path)"]
            [[stream]]
            name = "drop"
            source = "folder"
            folder = "in"
            settle = 0.2
            output = "out"
            encoder = "waits"
            rate = "source"
            profile = "none"
            """)
        var (gif, place) = try longGIF()
        try daemon.drop(gif, "in/a.gif")
        try daemon.waitUntil("the encoder runs") { try folder.contents.contains("started") }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(daemon.state)/in/a.gif"))
        try file.seek(toOffset: UInt64(place))
        gif[place] = 3
        try file.write(contentsOf: [gif[place]])
        try file.close()
        _ = try folder.write([], to: "go")
        let size = (4 * 299 + 3) * 48 * 32 * 3
        try daemon.waitUntil("the new version") {
            let facts = try? FileManager.default.attributesOfItem(atPath: "\(daemon.state)/out/a.bin")
            return facts?[.size] as? Int == size
        }
        try daemon.waitUntil("its end") { try daemon.states().first == "done" }
        #expect(daemon.isRunning)
    }

    /// One picture, repeated 65,535 times: nobody waits for that.
    @Test func aPictureThatIsHeldForLongCanBeCancelled() throws {
        let daemon = try DaemonProcess.started(
            """
            [[stream]]
            name = "drop"
            source = "folder"
            folder = "in"
            output = "out"
            encoder = "y4m"
            rate = "source"
            profile = "none"
            """)
        try daemon.drop(ExampleGIF.drifting(width: 1000, height: 700, delays: [65_535, 2]), "in/a.gif")
        try daemon.waitUntil("a picture is there") {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out")) ?? []
            return names.contains { $0.contains(".partial") }
        }
        #expect(try daemon.command("cancel", "1").status == 0)
        try daemon.waitUntil("its end") { try daemon.states() == ["cancelled"] }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/out").isEmpty)
    }
}
