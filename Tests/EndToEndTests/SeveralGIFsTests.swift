import Foundation
import TestSupport
import Testing

/// Several GIFs in one stream, as `gif2video filter` gets them.
@Suite struct SeveralGIFsTests {
    private static let first = ExampleGIF.drifting(delays: [10, 10])
    private static let second = ExampleGIF.drifting(delays: [10, 10, 10])
    private static let smaller = ExampleGIF.drifting(width: 24, height: 16, delays: [10])
    private static let picture = 48 * 32 * 3

    private func filter(_ input: [UInt8], _ more: String...) throws -> Tool.Result {
        try Tool.run(
            Tool.gif2video, ["filter", "--rate", "source", "--format", "rgb24", "--profile", "none"] + more,
            input: input)
    }

    /// Padding between GIFs and behind them does not matter.
    @Test(arguments: [[], [0], Array("\r\n".utf8), [UInt8](repeating: 0, count: 100_000)])
    func allAreRestoredOneAfterTheOther(padding: [UInt8]) throws {
        let result = try filter(Self.first + padding + Self.second + padding, "--all")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let alone = try filter(Self.first).output + filter(Self.second).output
        #expect(result.output == alone && alone.count == 5 * Self.picture)
    }

    /// One header, whatever the number of GIFs.
    @Test func theyAreOneY4MStream() throws {
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--all", "--rate", "20", "--profile", "none"],
            input: Self.first + Self.second)
        let header = try #require(result.output.firstIndex(of: UInt8(ascii: "\n"))) + 1
        #expect(result.status == 0 && result.output.count == header + 10 * (Self.picture + 6), "\(result.errors)")
    }

    @Test func anotherCanvasIsLeftUnreadUnlessThereIsASize() throws {
        let refused = try filter(Self.first + Self.smaller + Self.first, "--all")
        #expect(refused.status == 1 && refused.output.count == 2 * Self.picture)
        #expect(refused.errors.contains("the next GIF has a canvas of 24x16, not 48x32"), "\(refused.errors)")
        let fitted = try filter(Self.first + Self.smaller + Self.first, "--all", "--size", "48x32")
        #expect(fitted.status == 0 && fitted.output.count == 5 * Self.picture, "\(fitted.errors)")
    }

    @Test func withoutAllThereIsAWordAboutTheRest() throws {
        let result = try filter(Self.first + Self.second)
        #expect(result.status == 0 && result.output.count == 2 * Self.picture)
        #expect(
            result.errors.contains("another GIF follows and is left unread (--all restores it)"), "\(result.errors)")
        #expect(try filter(Self.first + Array("rubbish".utf8)).errors.contains("bytes behind the GIF's end"))
        #expect(try filter(Self.first + [0, 0, 10]).errors.isEmpty)
    }

    @Test func whatFollowsAndIsNoGIFEndsIt() throws {
        for rest in ["rubbish", "GIFT"] {
            let result = try filter(Self.first + Array(rest.utf8), "--all")
            #expect(result.status == 1 && result.output.count == 2 * Self.picture)
            #expect(result.errors.hasPrefix("gif2video: standard input: "), "\(result.errors)")
        }
    }

    @Test func aDamagedGIFDoesNotCostTheNextOne() throws {
        var damaged = GIFWriter(width: 48, height: 32, palette: [0, 0, 0, 255, 255, 255])
        damaged.imageHeader(GIFImage(width: 48, height: 32, index: 1))
        damaged.imageData(LZWEncoder.encode([1, 1, 1], codeSize: 8))
        damaged.trailer()
        let result = try filter(damaged.bytes + Self.second, "--all")
        #expect(result.status == 1 && result.output.count == 4 * Self.picture, "\(result.errors)")
        #expect(result.errors.contains("image data end before the image is complete; 1 frame before the end restored"))
    }

    /// The writer stays: without --all the end of the GIF is the end.
    @Test func nothingIsWaitedForBehindTheGIF() throws {
        let folder = try TemporaryFolder()
        let gif = try folder.write(Self.first, to: "in.gif")
        let result = try Tool.run(
            "/bin/bash",
            [
                "-c",
                "cd \(folder.url.path) && mkfifo fifo && exec 3<>fifo && cat \(gif) >&3 && "
                    + "\(Tool.gif2video) filter --rate source --format rgb24 --profile none < fifo",
            ])
        #expect(result.status == 0 && result.errors.isEmpty && result.output.count == 2 * Self.picture)
    }
}
