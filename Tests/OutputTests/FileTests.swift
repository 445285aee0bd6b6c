import Filesystem
import Foundation
import Glibc
import Media
import TestSupport
import Testing

@testable import Output

@Suite struct FileTests {
    init() {
        // As the program does: an encoder that has gone is an error of write(2).
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func aFileAppearsWhenItIsPublished() throws {
        let folder = try TemporaryFolder()
        let file = try folder.staged("a.raw")
        let writer = try FileWriter(file) { RawWriter($0, keepsAlpha: true) }
        let picture = Picture.random(width: 4, height: 4)
        try writer.write(picture)
        try writer.finish()
        #expect(try folder.contents.allSatisfy { $0.hasPrefix(".") })
        try file.seal()
        try file.publish()
        #expect(try folder.contents == ["a.raw"])
        #expect(try folder.read("a.raw") == picture.pixels)
    }

    @Test func anUnfinishedFileLeavesNothingAndSparesTheOld() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([7], to: "a.raw")
        do {
            let writer = try FileWriter(folder.staged("a.raw")) { RawWriter($0, keepsAlpha: true) }
            try writer.write(.random(width: 4, height: 4))
        }
        #expect(try folder.contents == ["a.raw"])
        #expect(try folder.read("a.raw") == [7])
    }

    /// A disk that loses writes, or another process, may change its size.
    @Test(arguments: [-1, 1]) func aFileOfAnotherSizeIsNotWhole(change: Int) throws {
        let folder = try TemporaryFolder()
        let file = try folder.staged("a.y4m")
        let writer = try FileWriter(file) { Y4MWriter($0, rate: Rational(25)) }
        try writer.write(.random(width: 4, height: 4))
        let growing = folder.path("\(file.stagingName)/\(file.growingName)")
        let size = try #require(FileManager.default.attributesOfItem(atPath: growing)[.size] as? Int)
        try #require(truncate(growing, off_t(size + change)) == 0)
        #expect(
            throws: OutputError.incomplete(output: folder.path("a.y4m"), reason: "\(size + change) bytes of \(size)")
        ) { try writer.finish() }
    }

    @Test func anUnwritableFolderIsNamed() {
        let error = #expect(throws: SystemError.self) { try StagedFile("/no/such/folder/a.raw") }
        #expect(error?.code == ENOENT && error?.description.contains("/no/such/folder") == true)
    }

    /// As root, a rename would replace the device.
    @Test func onlyRegularFilesAreReplaced() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.path("fifo.y4m"), 0o600) == 0)
        symlink("/dev/null", folder.path("device.y4m"))
        symlink(folder.path("fifo.y4m"), folder.path("link.y4m"))
        symlink("/proc/self/fd/1", folder.path("stdout"))
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        let before = try folder.contents
        for name in before {
            let error = #expect(throws: OutputError.self) { try folder.staged(name) }
            guard case .unsupported(folder.path(name), _)? = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
        for device: Path in ["/dev/null", "/dev/stdout"] {
            #expect(throws: OutputError.self) { try StagedFile(device) }
        }
        #expect(try folder.contents == before)
    }

    @Test func aLinkIsReplacedAndItsTargetStays() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([7], to: "target")
        symlink("target", folder.path("a.raw"))
        symlink("nowhere", folder.path("b.raw"))
        for name in ["a.raw", "b.raw"] {
            let file = try folder.staged(name)
            let writer = try FileWriter(file) { RawWriter($0, keepsAlpha: true) }
            try writer.write(.random(width: 1, height: 1))
            try writer.finish()
            try file.seal()
            try file.publish()
            #expect(try folder.read(name).count == 4)
        }
        #expect(try folder.contents == ["a.raw", "b.raw", "target"])
        #expect(try folder.read("target") == [7])
    }

    @Test(arguments: VideoContainer.allCases, [(32, 24), (33, 25)])
    func eachContainerHoldsAllPictures(container: VideoContainer, side: (Int, Int)) throws {
        let folder = try TemporaryFolder()
        let name = "a.\(container.fileExtension)"
        let path = folder.path(name)
        let file = try folder.staged(name)
        let writer = VideoFileWriter(file, template: container.template(keepsAlpha: false), rate: Rational(25))
        for index in 0..<10 {
            try writer.write(.random(width: side.0, height: side.1, seed: UInt64(index)))
        }
        try writer.finish()
        #expect(try !folder.contents.contains(name))
        try file.seal()
        try file.publish()
        #expect(try folder.contents == [name])
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames,color_space",
                "-of",
                "csv=p=0", path,
            ])
        // Those that keep every pixel's color keep odd sides.
        let isWhole = container == .prores || container == .ffv1
        let sides = [side.0, side.1].map { isWhole ? $0 : ($0 + 1) / 2 * 2 }
        let space = container == .ffv1 ? "gbr" : "bt709"
        #expect(String(decoding: probe.output, as: UTF8.self) == "\(sides[0]),\(sides[1]),\(space),10\n")
    }

    @Test(arguments: VideoContainer.allCases)
    func colorsSurviveTheEncoder(container: VideoContainer) throws {
        let folder = try TemporaryFolder()
        let size = PixelSize(width: 64, height: 64)
        let color: [UInt8] = [200, 60, 40, 255]
        let picture = Picture(
            size: size, pixels: (0..<size.area).flatMap { _ in color }, start: .zero, duration: Rational(1, 25))
        let name = "a.\(container.fileExtension)"
        let file = try folder.staged(name)
        let writer = VideoFileWriter(file, template: container.template(keepsAlpha: false), rate: Rational(25))
        for _ in 0..<5 { try writer.write(picture) }
        try writer.finish()
        try file.seal()
        try file.publish()
        let read = try Tool.run(
            "ffmpeg", ["-v", "error", "-i", folder.path(name), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        try #require(read.output.count == size.area * 3 * 5, "\(read.errors)")
        for channel in 0..<3 { #expect(abs(Int(read.output[channel]) - Int(color[channel])) <= 3) }
    }

    @Test func webmKeepsTransparency() throws {
        let folder = try TemporaryFolder()
        let file = try folder.staged("a.webm")
        let writer = VideoFileWriter(file, template: VideoContainer.webm.template(keepsAlpha: true), rate: Rational(25))
        let size = PixelSize(width: 32, height: 32)
        let pixels = (0..<size.area).flatMap { [UInt8]([255, 0, 0, $0 % 32 < 16 ? 0 : 255]) }
        for _ in 0..<4 { try writer.write(Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))) }
        try writer.finish()
        try file.seal()
        try file.publish()
        let read = try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-c:v", "libvpx-vp9", "-i", folder.path("a.webm"), "-frames:v", "1", "-f", "rawvideo",
                "-pix_fmt", "rgba", "-",
            ])
        try #require(read.output.count == size.area * 4, "\(read.errors)")
        #expect(read.output[4 * 4 + 3] < 16)
        #expect(read.output[28 * 4 + 3] > 239)
    }

    @Test func nothingWrittenIsAnError() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = VideoFileWriter(
                try folder.staged("a.mp4"), template: VideoContainer.mp4.template(keepsAlpha: false),
                rate: Rational(25))
            #expect(throws: OutputError.self) { try writer.finish() }
        }
        #expect(try folder.contents.isEmpty)
    }
}
