import Foundation
import TestSupport
import Testing

/// `gif2video convert`, `probe` and `compare` as their users run them, with the committed networks.
@Suite struct ConvertTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func gif2video(_ arguments: String...) throws -> Tool.Result {
        try Tool.run(Tool.gif2video, arguments)
    }

    /// Pictures, rate and duration as ffprobe counts them.
    private func facts(_ name: String) throws -> (pictures: Int, rate: String, seconds: Double) {
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,r_frame_rate:format=duration",
                "-of", "default=nw=1:nk=1", folder.path(name),
            ])
        let lines = String(decoding: probe.output, as: UTF8.self).split(separator: "\n")
        try #require(lines.count == 3, "\(lines) \(probe.errors)")
        return (try #require(Int(lines[1])), String(lines[0]), try #require(Double(lines[2])))
    }

    @Test(arguments: ["mp4", "webm", "mkv", "y4m", "mov"])
    func everyKindOfFileIsMade(kind: String) throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8, 8]), to: "in.gif")
        let result = try gif2video("convert", gif, "-o", folder.path("out.\(kind)"))
        #expect(result.status == 0)
        #expect(result.errors.contains("5 frames, 12 pictures"), "\(result.errors)")
        let facts = try facts("out.\(kind)")
        #expect(facts.pictures == 12 && facts.rate == "30/1" && abs(facts.seconds - 0.4) < 0.04)
        #expect(try folder.contents == ["in.gif", "out.\(kind)"])
    }

    /// With --rate source every frame stays for its own time, whatever the others do.
    @Test func timingIsTrue() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [6, 15, 30, 9]), to: "in.gif")
        #expect(try gif2video("convert", "-q", "--rate", "source", gif, "-o", folder.path("out.y4m")).errors.isEmpty)
        let facts = try facts("out.y4m")
        #expect(facts.pictures == 20 && facts.rate == "100/3" && abs(facts.seconds - 0.6) < 1e-6)
    }

    // MARK: Repetition

    /// Hashes of the pictures, one a line.
    private func hashes(_ name: String) throws -> [Substring] {
        let result = try Tool.run("ffmpeg", ["-v", "error", "-i", folder.path(name), "-f", "framemd5", "-"])
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").last }
    }

    @Test(arguments: [["--repeat", "3"], ["--at-least", "1"]])
    func aVideoShowsTheGIFAsOftenAsAskedFor(option: [String]) throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8, 8]), to: "in.gif")
        for name in ["out.y4m", "out.mp4"] {
            let result = try Tool.run(
                Tool.gif2video, ["convert", "--loop", gif, "-o", folder.path(name)] + option)
            #expect(result.status == 0 && result.errors.contains("5 frames, 36 pictures, 1.20 s"), "\(result.errors)")
            let facts = try facts(name)
            #expect(facts.pictures == 36 && facts.rate == "30/1" && abs(facts.seconds - 1.2) < 0.04)
        }
        #expect(try gif2video("convert", "-q", "--loop", gif, "-o", folder.path("once.y4m")).status == 0)
        let once = try hashes("once.y4m")
        #expect(try once.count == 12 && hashes("out.y4m") == once + once + once)
    }

    @Test func aRepetitionBeyondTheLimitIsRefusedAtOnce() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8]), to: "in.gif")
        let result = try gif2video(
            "convert", "--max-pictures", "20", "--repeat", "5", gif, "-o", folder.path("out.mp4"))
        #expect(result.status == 1 && result.errors.contains("--max-pictures"), "\(result.errors)")
        let both = try gif2video("convert", "--repeat", "5", "--at-least", "3", gif, "-o", folder.path("out.mp4"))
        #expect(both.status == 64 && both.errors.contains("not both"))
        #expect(try folder.contents == ["in.gif"])
    }

    @Test func manyGIFsGoIntoAFolder() throws {
        for name in ["a.gif", "b.gif"] { _ = try folder.write(ExampleGIF.drifting(delays: [8, 8]), to: name) }
        let broken = try folder.write(Array("GIF89a".utf8), to: "c.gif")
        let result = try gif2video(
            "convert", "-q", folder.path("a.gif"), broken, folder.path("b.gif"), "-o", folder.path("videos") + "/",
            "--to",
            "y4m")
        #expect(result.status == 1)
        #expect(result.errors.contains("c.gif: "))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("videos")).sorted() == ["a.y4m", "b.y4m"])
    }

    @Test func twoGIFsDoNotBecomeOneFile() throws {
        let result = try gif2video("convert", "x/cat.gif", "y/cat.gif", "-o", folder.path("videos") + "/")
        #expect(result.status == 64)
        #expect(result.errors.contains("x/cat.gif and y/cat.gif would both become"))
    }

    @Test func aTruncatedGIFIsConvertedAsFarAsItGoes() throws {
        let pieces = ExampleGIF.pieces(delays: [10, 10, 10, 10])
        let gif = try folder.write(pieces[0...2].flatMap(\.self) + [0x55], to: "in.gif")
        let result = try gif2video("convert", gif, "-o", folder.path("out.mp4"))
        #expect(result.status == 1)
        #expect(result.errors.contains("in.gif: ") && result.errors.contains("holds the 2 frames before"))
        #expect(try facts("out.mp4").pictures == 6)
    }

    @Test func anOutputThatCannotBeWrittenIsNamed() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8]), to: "in.gif")
        for name in ["no/such/out.mp4", "no/such/out.y4m"] {
            let result = try gif2video("convert", gif, "-o", folder.path(name))
            #expect(result.status == 2)
            #expect(result.errors.contains("No such file or directory"), "\(result.errors)")
        }
        #expect(try gif2video("convert", gif, "-o", folder.path("out.avi")).status == 64)
        #expect(try gif2video("convert", folder.path("none.gif"), "-o", folder.path("out.mp4")).status == 2)
        #expect(try folder.contents == ["in.gif"])
    }

    @Test func withoutFFmpegItSaysSo() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8]), to: "in.gif")
        let result = try Tool.run(
            Tool.gif2video, ["convert", gif, "-o", folder.path("out.mp4")], environment: ["PATH": folder.url.path])
        #expect(result.status == 2)
        #expect(result.errors.contains("apt-get install ffmpeg"), "\(result.errors)")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedConversionLeavesNothing(signal: Int32) throws {
        let gif = try folder.write(
            ExampleGIF.drifting(width: 320, height: 240, delays: [Int](repeating: 10, count: 80)), to: "in.gif")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments = ["convert", gif, "-o", folder.path("out.y4m")]
        process.standardError = FileHandle.nullDevice
        try process.run()
        while try !folder.contents.contains(where: { $0.hasSuffix(".partial") }) {
            try #require(process.isRunning)
            usleep(10_000)
        }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
        #expect(try folder.contents == ["in.gif"])
    }

    @Test func probeSaysWhatItIs() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 20]), to: "in.gif")
        let text = try gif2video("probe", gif)
        #expect(text.status == 0)
        let words = String(decoding: text.output, as: UTF8.self)
        for expected in ["48x32", "frames    2,", "0.28 s", "8 to 20 cs", "loops for ever", "global of 32 colors"] {
            #expect(words.contains(expected), "\(words)")
        }
        let json = try gif2video("probe", "--json", gif)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        #expect(object["width"] as? Int == 48 && object["height"] as? Int == 32 && object["frames"] as? Int == 2)
        #expect(object["delays"] as? [Int] == [8, 20] && object["loop_count"] as? Int == 0)
        #expect((object["dither"] as? [String: Any])?["is_dithered"] is Bool)
    }

    @Test func probeNamesTheCuts() throws {
        // Six frames in grays that brighten to the right, then six upside down in a bright red and blue.
        let palette = (UInt8(0)..<32).flatMap { (step: UInt8) -> [UInt8] in
            step < 16 ? [step * 9, step * 9, step * 9] : [255 - step * 4, 20, (step - 16) * 16]
        }
        let images = (0..<12).map { (index: Int) -> GIFImage in
            let indices = (0..<48 * 32).map { (pixel: Int) -> UInt8 in
                UInt8(index < 6 ? (pixel % 48 + index) / 4 : 31 - (pixel / 48 + index) / 4)
            }
            return GIFImage(width: 48, height: 32, indices: indices).with { $0.delay = 4 }
        }
        let gif = try folder.write(
            GIFWriter.gif(width: 48, height: 32, palette: palette, images: images), to: "in.gif")
        let json = try gif2video("probe", "--json", "--profile", "none", gif)
        let object = try #require(JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        #expect(object["cuts"] as? [Int] == [6], "\(json.errors)")
        let text = try gif2video("probe", "--profile", "none", gif)
        #expect(String(decoding: text.output, as: UTF8.self).contains("2, cuts before frame 6"))
    }

    @Test func compareMakesASheet() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8, 8]), to: "in.gif")
        let result = try gif2video("compare", gif, "-o", folder.path("sheet.png"), "--frames", "3", "--zoom", "2")
        #expect(result.status == 0, "\(result.errors)")
        let read = try Tool.run(
            "ffprobe",
            ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", folder.path("sheet.png")])
        #expect(String(decoding: read.output, as: UTF8.self) == "\(8 + 3 * (96 + 8)),\(8 + 2 * (64 + 8))\n")
    }

    @Test func theSheetShowsTheSameFramesTwice() throws {
        let gif = try folder.write(ExampleGIF.drifting(delays: [8, 8, 8, 8, 8]), to: "in.gif")
        let (width, height, gap) = (48, 32, 8)
        for (row, profile) in ["none", "live"].enumerated() {
            let film = try Tool.run(
                Tool.gif2video, ["filter", "--format", "rgb24", "--rate", "source", "--profile", profile],
                input: [UInt8](try Data(contentsOf: URL(fileURLWithPath: gif))))
            try #require(film.output.count == 5 * width * height * 3, "\(film.errors)")
            let made = try gif2video(
                "compare", gif, "-o", folder.path("sheet.png"), "--frames", "3", "--profile", "live")
            try #require(made.status == 0, "\(made.errors)")
            let sheet = try Tool.run(
                "ffmpeg", ["-v", "error", "-i", folder.path("sheet.png"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
            let pitch = (gap + 3 * (width + gap)) * 3
            for (column, frame) in [0, 1, 3].enumerated() {
                for y in 0..<height {
                    let shown = (gap + row * (height + gap) + y) * pitch + (gap + column * (width + gap)) * 3
                    let own = (frame * height + y) * width * 3
                    #expect(
                        sheet.output[shown..<shown + width * 3].elementsEqual(film.output[own..<own + width * 3]),
                        "\(profile), frame \(frame), line \(y)")
                }
            }
        }
    }

    /// The committed networks do what they are there for, on GIFs whose originals are known.
    @Test func theExamplesComeOutBetter() throws {
        let script = Tool.root.appendingPathComponent("Examples/measure-example").path
        let result = try Tool.run("/usr/bin/python3", [script, "--program", Tool.gif2video])
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").filter { $0.contains(".gif") }
        try #require(lines.count == 2, "\(result.errors)")
        for line in lines {
            let numbers = line.split(separator: " ").compactMap { Double($0) }
            try #require(numbers.count == 5)
            // GIF, restored; repeated, blended, ours.
            #expect(numbers[1] > numbers[0] + 1, "\(line)")
            #expect(numbers[4] > numbers[2] && numbers[4] > numbers[3], "\(line)")
        }
    }
}
