import Foundation
import Media
import TestSupport
import Testing
import Threads

/// `gif2video filter` as its users run it, with the committed networks.
@Suite struct FilterTests {
    private func filter(_ arguments: String..., input: [UInt8]) throws -> Tool.Result {
        try Tool.run(Tool.gif2video, ["filter"] + arguments, input: input)
    }

    @Test(arguments: [
        ("30", [10, 10, 10], 9), ("source", [10, 10, 10], 3), ("3x", [10, 10, 10], 9), ("10", [7, 2, 13, 40, 5], 7),
        ("30000/1001", [100], 30),
    ])
    func pictureCounts(rate: String, delays: [Int], pictures: Int) throws {
        let result = try filter("--rate", rate, "--format", "rgb24", input: ExampleGIF.drifting(delays: delays))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(result.output.count == pictures * 48 * 32 * 3)
    }

    /// Flat art, three frames: lines of letters that scroll by two lines at a time, or a disc that drifts.
    private func flatArt(scrolling: Bool) -> [UInt8] {
        let (width, height) = (200, 160)
        func letter(_ line: Int, _ x: Int, _ y: Int) -> UInt8 {
            let (column, left, top) = (x / 7, x % 7, y % 12)
            let seed = (line * 31 + column) * 2_654_435_761
            guard left < 5 && top > 1 && top < 10 && column < 6 + seed / 97 % 20 else { return 0 }
            return (seed >> (left / 2 + top / 2 * 3)) & 1 == 1 ? UInt8(1 + line % 3) : 0
        }
        func disc(_ frame: Int, _ x: Int, _ y: Int) -> UInt8 {
            let (across, down) = (x - 70 - 6 * frame, y - 80)
            return across * across + down * down < 900 ? 2 : y > 120 ? 3 : 1
        }
        let images = (0..<3).map { frame -> GIFImage in
            let indices = (0..<width * height).map { pixel -> UInt8 in
                let (x, y) = (pixel % width, pixel / width)
                return scrolling ? letter(y / 12 + 2 * frame, x, y) : disc(frame, x, y)
            }
            return GIFImage(width: width, height: height, indices: indices).with { $0.delay = 10 }
        }
        let palette: [UInt8] = [16, 16, 16, 240, 240, 230, 90, 200, 90, 220, 80, 80]
        return GIFWriter.gif(width: width, height: height, palette: palette, images: images)
    }

    /// Lines that scroll move as one, and what drifts is followed: between two frames neither is there twice.
    @Test func flatArtDoesNotMelt() throws {
        func pictures(scrolling: Bool) throws -> [[UInt8]] {
            let result = try filter("--rate", "2x", "--format", "rgb24", input: flatArt(scrolling: scrolling))
            let size = 200 * 160 * 3
            try #require(result.status == 0 && result.output.count == 6 * size)
            return (0..<6).map { Array(result.output[$0 * size..<($0 + 1) * size]) }
        }
        let (lines, discs) = (try pictures(scrolling: true), try pictures(scrolling: false))
        for frame in 0..<2 {
            let (first, between) = (lines[2 * frame], lines[2 * frame + 1])
            #expect(first != lines[2 * frame + 2])
            // Two lines, 24 pixels, from frame to frame: half of that in the middle. Lines that come and go are left out.
            func mean(down: Int) -> Double {
                let bytes = 24 * 600..<136 * 600
                let sum = bytes.reduce(0) { $0 + abs(Int(first[$1 + down * 600]) - Int(between[$1])) }
                return Double(sum) / Double(bytes.count)
            }
            #expect(mean(down: 12) < 4 && mean(down: 0) > 20, "\(mean(down: 12)), \(mean(down: 0))")
            let (disc, moved) = (discs[2 * frame], discs[2 * frame + 1])
            #expect(disc != discs[2 * frame + 2])
            #expect(disc.indices.contains { abs(Int(disc[$0]) - Int(moved[$0])) > 40 })
        }
    }

    /// Without a word about its input ffmpeg makes a file of the right length and number of pictures.
    @Test func ffmpegReadsTheDefault() throws {
        let folder = try TemporaryFolder()
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8, 8]), to: "in.gif")
        let result = try Tool.run(
            "/bin/sh",
            ["-c", "\(Tool.gif2video) filter < \(gif) | ffmpeg -v error -i - \(folder.path("out.mp4"))"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,r_frame_rate,duration", "-of",
                "default=nw=1:nk=1", folder.path("out.mp4"),
            ])
        #expect(String(decoding: probe.output, as: UTF8.self) == "30/1\n0.400000\n12\n")
    }

    /// Without networks the frames are what the decoder sees, and so what ffmpeg does.
    @Test func profileNoneIsTheGIFItself() throws {
        let gif = ExampleGIF.drifting(delays: [10, 5, 20])
        let ours = try filter("--profile", "none", "--rate", "source", "--format", "rgba", input: gif)
        let theirs = try Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", "-", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-"],
            input: gif)
        #expect(ours.output == theirs.output && !ours.output.isEmpty)
    }

    @Test func sizeLetterboxes() throws {
        let result = try filter(
            "--size", "100x100", "--rate", "source", "--format", "rgb24", "--background", "#102030",
            input: ExampleGIF.drifting(delays: [10]))
        #expect(result.output.count == 100 * 100 * 3)
        #expect(Array(result.output.prefix(3)) == [16, 32, 48])
        #expect(Array(result.output[(50 * 100 + 50) * 3..<(50 * 100 + 51) * 3]) != [16, 32, 48])
    }

    /// Each restored frame leaves before the next frame's bytes arrive, or, where it looks ahead, right behind those; real
    /// networks included.
    @Test(arguments: [0, 1])
    func aFIFOIsServedFrameByFrame(ahead: Int) throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments =
            ["filter", "--rate", "source", "--format", "rgb24"] + (ahead == 0 ? ["--low-latency"] : [])
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let pieces = ExampleGIF.pieces(delays: [Int](repeating: 10, count: 6))
        let size = 48 * 32 * 3
        input.fileHandleForWriting.write(Data(pieces[0]))
        for (index, piece) in pieces[1...6].enumerated() {
            input.fileHandleForWriting.write(Data(piece))
            guard index >= ahead else { continue }
            var picture = Data()
            // Blocks for ever, and the test with it, if the program waits for more input.
            while picture.count < size {
                let more = output.fileHandleForReading.readData(ofLength: size - picture.count)
                try #require(!more.isEmpty)
                picture += more
            }
        }
        input.fileHandleForWriting.write(Data(pieces[7]))
        try input.fileHandleForWriting.close()
        #expect(output.fileHandleForReading.readDataToEndOfFile().count == ahead * size)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// OpenBLAS is told another kind of core: the program stays one process, and its pictures are those of every kind.
    @Test func openBLASGetsTheKernelsOfThisProcessor() throws {
        let gif = ExampleGIF.drifting(delays: [10, 10])
        func pictures(_ core: String?) throws -> [UInt8] {
            let result = try Tool.run(
                Tool.gif2video, ["filter", "--rate", "2x", "--format", "rgb24"], input: gif,
                environment: core.map { ["OPENBLAS_CORETYPE": $0] } ?? [:])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            return result.output
        }
        let chosen = try pictures(nil)
        let oldest = try pictures("Prescott")
        try #require(chosen.count == oldest.count && !chosen.isEmpty)
        // Sums in another order: a level at most.
        #expect(zip(chosen, oldest).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    // MARK: Bad days

    @Test func aTruncatedGIFGivesWhatItHas() throws {
        let pieces = ExampleGIF.pieces(delays: [10, 10, 10, 10])
        let cut = pieces[0...3].flatMap(\.self) + pieces[4].prefix(pieces[4].count / 2)
        let result = try filter("--rate", "source", "--format", "rgb24", input: cut)
        #expect(result.status == 1)
        #expect(result.output.count == 4 * 48 * 32 * 3)
        #expect(result.errors.contains("standard input: frame 4"), "\(result.errors)")
    }

    @Test(arguments: [
        ([], "the input is empty"), (Array("GIF89a".utf8), "ends inside"), (Array("hello, world".utf8), "not a GIF"),
    ])
    func whatIsNoGIFIsRefused(input: [UInt8], message: String) throws {
        let result = try filter(input: input)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.hasPrefix("gif2video: standard input: ") && result.errors.contains(message))
    }

    @Test func aHugeCanvasIsRefusedBeforeItIsAllocated() throws {
        let result = try filter(input: GIFWriter(width: 65535, height: 65535, palette: nil).bytes + [0x2C])
        #expect(result.status == 1)
        #expect(result.errors.contains("limit"), "\(result.errors)")
    }

    /// One pixel painted on a canvas that the networks have no memory for.
    @Test func aCanvasTooLargeForTheNetworksIsRefused() throws {
        let gif = GIFWriter.gif(
            width: 6000, height: 6000, palette: [0, 0, 0, 9, 9, 9], images: [GIFImage(width: 1, height: 1, index: 1)])
        let result = try filter("--max-memory", "2", input: gif)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors.hasPrefix("gif2video: standard input: restoring a canvas of 6000x6000"), "\(result.errors)")
    }

    @Test func missingModelsAreNamed() throws {
        let result = try filter("--models", "/no/such/models", input: ExampleGIF.drifting(delays: [10]))
        #expect(result.status == 2)
        #expect(result.errors.contains("/no/such/models"), "\(result.errors)")
    }

    @Test(arguments: [
        ["--rate", "0"], ["--format", "avi"], ["--size", "10"], ["--background", "transparent"], ["--nonsense"],
    ])
    func mistakesOnTheCommandLineAreExplained(arguments: [String]) throws {
        let result = try Tool.run(Tool.gif2video, ["filter"] + arguments, input: ExampleGIF.drifting(delays: [10]))
        #expect(result.status == 64)
        #expect(result.errors.contains("Error"))
    }

    @Test func aReaderThatHasEnoughEndsItQuietly() throws {
        let folder = try TemporaryFolder()
        let gif = try folder.write(ExampleGIF.drifting(delays: [Int](repeating: 10, count: 40)), to: "in.gif")
        let script = "set -o pipefail; \(Tool.gif2video) filter < \(gif) | head -c 1000 > /dev/null"
        let result = try Tool.run("/bin/bash", ["-c", script])
        #expect(result.status == 128 + SIGPIPE)
        #expect(result.errors.isEmpty, "\(result.errors)")
    }
}
