import Foundation
import TestSupport
import Testing

/// A canvas of 3840 x 2160 is restored within the memory that is computed for it.
@Suite(.serialized) struct LargeCanvasTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Two frames of a film of ffmpeg's, in which everything moves.
    private func largeGIF() throws -> [UInt8] {
        let path = folder.path("large.gif")
        let result = try Tool.run(
            "/usr/bin/env",
            [
                "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=10:duration=0.2",
                "-vf",
                "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse", path,
            ])
        try #require(result.status == 0, "\(result.errors)")
        return try Array(folder.read("large.gif"))
    }

    private func filter(_ more: [String], _ gif: [UInt8]) throws -> (result: Tool.Result, peak: Int) {
        try Tool.runWithPeak(Tool.gif2video, ["filter", "--profile", "live", "--format", "rgb24"] + more, input: gif)
    }

    /// 1.5 GiB: the frames alone, as floats, would take more.
    @Test(arguments: ["source", "2x"]) func aLargeCanvasIsRestored(rate: String) throws {
        let gif = try largeGIF()
        let (result, peak) = try filter(["--rate", rate], gif)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.count == (rate == "source" ? 2 : 4) * 3840 * 2160 * 3)
        #expect(peak < 1536, "\(peak) MiB")
        let (refused, _) = try filter(["--rate", rate, "--max-memory", "1"], gif)
        let words = refused.errors.split(separator: " ")
        let about = try #require(words.firstIndex(of: "about"), "\(refused.errors)")
        let computed = try #require(Int(words[about + 1]))
        #expect(refused.status == 1 && peak <= computed, "\(peak) of \(computed) MiB")
        #expect(2 * peak > computed, "\(peak) of \(computed) MiB")
    }
}
