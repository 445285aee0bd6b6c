import Foundation
import TestSupport
import Testing

/// A GIF whose only image is cut off: every command makes a picture of what is there, and says that it is damaged.
@Suite struct DamagedGIFTests {
    private let folder: TemporaryFolder
    private let gif: String
    private static var bytes: [UInt8] {
        let pieces = ExampleGIF.pieces(delays: [10])
        return pieces[0] + pieces[1].prefix(pieces[1].count * 4 / 5)
    }

    init() throws {
        folder = try TemporaryFolder()
        gif = try folder.write(Self.bytes, to: "cut.gif")
    }

    @Test func filterShowsIt() throws {
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--rate", "source", "--format", "rgb24", "--profile", "none"], input: Self.bytes)
        #expect(result.status == 1 && result.output.count == 48 * 32 * 3)
        #expect(result.errors.contains("the input ends inside image data; 1 frame before the end"), "\(result.errors)")
    }

    @Test(arguments: ["mp4", "y4m"]) func convertMakesAVideo(kind: String) throws {
        let result = try Tool.run(Tool.gif2video, ["convert", gif, "-o", folder.path("out.\(kind)")])
        #expect(result.status == 1 && result.errors.contains("1 frame, 3 pictures, 0.10 s"), "\(result.errors)")
        #expect(result.errors.contains("holds the 1 frame before the end"), "\(result.errors)")
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0",
                folder.path("out.\(kind)"),
            ])
        #expect(String(decoding: probe.output, as: UTF8.self) == "3\n")
    }

    @Test func probeSaysWhatIsThere() throws {
        let result = try Tool.run(Tool.gif2video, ["probe", "--json", gif])
        #expect(result.status == 1)
        let object = try #require(JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(object["frames"] as? Int == 1 && object["delays"] as? [Int] == [10])
        #expect((object["problem"] as? String)?.contains("the input ends inside image data") == true)
    }

    @Test func compareMakesASheet() throws {
        let sheet = folder.path("sheet.png")
        let result = try Tool.run(Tool.gif2video, ["compare", gif, "--profile", "live", "-o", sheet])
        #expect(result.status == 1 && result.errors.contains("the input ends inside image data"), "\(result.errors)")
        let size = try Tool.run(
            "ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", sheet])
        #expect(String(decoding: size.output, as: UTF8.self) == "64,88\n")
    }

    /// Damage behind the last frame of the sheet counts, too.
    @Test func compareTellsOfDamageThatItDoesNotShow() throws {
        let pieces = ExampleGIF.pieces(delays: [10, 10, 10, 10])
        let cut = try folder.write(pieces[0...3].flatMap(\.self) + pieces[4].dropLast(40), to: "late.gif")
        let result = try Tool.run(
            Tool.gif2video,
            ["compare", cut, "--profile", "live", "--frames", "1", "-o", folder.path("sheet.png")])
        #expect(result.status == 1 && result.errors.contains("frame 4, byte"), "\(result.errors)")
        #expect(try folder.contents.contains("sheet.png"))
    }

    @Test func compareMakesPNGsOnly() throws {
        let whole = try folder.write(ExampleGIF.drifting(frames: 2), to: "whole.gif")
        let result = try Tool.run(Tool.gif2video, ["compare", whole, "-o", folder.path("sheet.jpg")])
        #expect(result.status == 64 && result.errors.contains("a sheet is a .png file"), "\(result.errors)")
        #expect(try !folder.contents.contains("sheet.jpg"))
    }

    @Test func theDaemonKeepsIt() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration())
        try daemon.drop(Self.bytes, "in/cut.gif")
        try daemon.waitUntil("it has failed") { try daemon.states() == ["failed"] }
        #expect(try daemon.pictures("out/cut.y4m") == 3)
        #expect(daemon.log.contains("the video holds the 1 frame before the end"), "\(daemon.log)")
        #expect(daemon.exists("in/failed/cut.gif.txt") || daemon.exists("in/failed/cut.txt"), "\(daemon.log)")
    }

    /// Patterns are matched without regard to small and capital letters.
    @Test func theDaemonTakesEveryCaseOfTheExtension() throws {
        let daemon = try DaemonProcess.started(FolderStream.configuration("[jobs]", "exclude = [\"secret*\"]"))
        let names = ["a.gif", "b.GIF", "Mixed.Gif"]
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/SECRET.gif")
        try daemon.drop(ExampleGIF.drifting(frames: 2), "in/text.txt")
        for name in names { try daemon.drop(ExampleGIF.drifting(frames: 2), "in/\(name)") }
        try daemon.waitUntil("all are done") { try daemon.states() == ["done", "done", "done"] }
        for name in ["a", "b", "Mixed"] { #expect(daemon.exists("out/\(name).y4m")) }
        #expect(!daemon.exists("out/SECRET.y4m") && !daemon.exists("out/text.y4m"))
    }
}
