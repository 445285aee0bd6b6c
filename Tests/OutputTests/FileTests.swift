import Glibc
import Media
import Output
import TestSupport
import Testing

@Suite struct FileTests {
    init() {
        // As the program does: an encoder that has gone is an error of write(2).
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func aFileAppearsWhenItIsComplete() throws {
        let folder = try TemporaryFolder()
        let writer = try FileWriter(path: folder.path("a.raw")) { RawWriter($0, keepsAlpha: true) }
        let picture = Picture.random(width: 4, height: 4)
        try writer.write(picture)
        #expect(try folder.contents.allSatisfy { $0.hasPrefix(".") })
        try writer.finish()
        #expect(try folder.contents == ["a.raw"])
        #expect(try folder.read("a.raw") == picture.pixels)
    }

    @Test func anUnfinishedFileLeavesNothingAndSparesTheOld() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([7], to: "a.raw")
        do {
            let writer = try FileWriter(path: folder.path("a.raw")) { RawWriter($0, keepsAlpha: true) }
            try writer.write(.random(width: 4, height: 4))
        }
        #expect(try folder.contents == ["a.raw"])
        #expect(try folder.read("a.raw") == [7])
    }

    @Test func anUnwritableFolderIsNamed() {
        let error = #expect(throws: OutputError.self) {
            try FileWriter(path: "/no/such/folder/a.raw") { RawWriter($0, keepsAlpha: true) }
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("/no/such/folder"))
    }

    @Test(arguments: VideoContainer.allCases, [(32, 24), (33, 25)])
    func ffmpegMakesVideo(container: VideoContainer, side: (Int, Int)) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.\(container.rawValue)")
        let writer = try VideoFileWriter(path: path, container: container, rate: Rational(25), keepsAlpha: false)
        for index in 0..<10 {
            try writer.write(.random(width: side.0, height: side.1, seed: UInt64(index)))
            #expect(try !folder.contents.contains("a.\(container.rawValue)"))
        }
        try writer.finish()
        #expect(try folder.contents == ["a.\(container.rawValue)"])
        let probe = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames,color_space",
                "-of",
                "csv=p=0", path,
            ])
        let even = [side.0, side.1].map { ($0 + 1) / 2 * 2 }
        #expect(String(decoding: probe.output, as: UTF8.self) == "\(even[0]),\(even[1]),bt709,10\n")
    }

    @Test func colorsSurviveTheEncoder() throws {
        let folder = try TemporaryFolder()
        let size = PixelSize(width: 64, height: 64)
        let color: [UInt8] = [200, 60, 40, 255]
        let picture = Picture(
            size: size, pixels: (0..<size.area).flatMap { _ in color }, start: .zero, duration: Rational(1, 25))
        let writer = try VideoFileWriter(
            path: folder.path("a.mp4"), container: .mp4, rate: Rational(25), keepsAlpha: false)
        for _ in 0..<5 { try writer.write(picture) }
        try writer.finish()
        let read = try Tool.run(
            "ffmpeg", ["-v", "error", "-i", folder.path("a.mp4"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        try #require(read.output.count == size.area * 3 * 5, "\(read.errors)")
        for channel in 0..<3 { #expect(abs(Int(read.output[channel]) - Int(color[channel])) <= 3) }
    }

    @Test func webmKeepsTransparencyAndTheOthersRefuse() throws {
        let folder = try TemporaryFolder()
        let writer = try VideoFileWriter(
            path: folder.path("a.webm"), container: .webm, rate: Rational(25), keepsAlpha: true)
        let size = PixelSize(width: 32, height: 32)
        let pixels = (0..<size.area).flatMap { [UInt8]([255, 0, 0, $0 % 32 < 16 ? 0 : 255]) }
        for _ in 0..<4 { try writer.write(Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))) }
        try writer.finish()
        let read = try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-c:v", "libvpx-vp9", "-i", folder.path("a.webm"), "-frames:v", "1", "-f", "rawvideo",
                "-pix_fmt", "rgba", "-",
            ])
        try #require(read.output.count == size.area * 4, "\(read.errors)")
        #expect(read.output[4 * 4 + 3] < 16)
        #expect(read.output[28 * 4 + 3] > 239)
        #expect(throws: OutputError.self) {
            try VideoFileWriter(path: folder.path("a.mp4"), container: .mp4, rate: Rational(25), keepsAlpha: true)
        }
    }

    @Test func anEncoderThatFailsIsHeard() throws {
        let folder = try TemporaryFolder()
        // ffmpeg cannot create its output there and says so.
        let writer = try VideoFileWriter(
            path: folder.path("no/such/a.mp4"), container: .mp4, rate: Rational(25), keepsAlpha: false)
        let error = #expect(throws: OutputError.self) {
            for index in 0..<500 { try writer.write(.random(width: 64, height: 64, seed: UInt64(index))) }
            try writer.finish()
        }
        guard case .encoder(_, let message)? = error else { return #expect(Bool(false), "not an encoder's error") }
        #expect(message.contains("No such file or directory"))
    }

    @Test func nothingWrittenIsAnError() throws {
        let folder = try TemporaryFolder()
        let writer = try VideoFileWriter(
            path: folder.path("a.mp4"), container: .mp4, rate: Rational(25), keepsAlpha: false)
        #expect(throws: OutputError.self) { try writer.finish() }
        #expect(try folder.contents.isEmpty)
    }
}
