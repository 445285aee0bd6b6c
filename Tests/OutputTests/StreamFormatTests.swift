import Glibc
import Media
import Output
import TestSupport
import Testing

@Suite struct StreamFormatTests {
    @Test func rawKeepsEveryByte() throws {
        let folder = try TemporaryFolder()
        let pictures = [1, 2, 3].map { Picture.random(width: 5, height: 3, seed: $0, opaque: false) }
        for keepsAlpha in [false, true] {
            let writer = RawWriter(try folder.sink("out"), keepsAlpha: keepsAlpha)
            for picture in pictures { try writer.write(picture) }
            try writer.finish()
            #expect(try folder.read("out") == pictures.flatMap { keepsAlpha ? $0.pixels : $0.rgb })
        }
    }

    /// Every color of a grid, against the exact formula of BT.601.
    @Test func y4mIsWithinHalfALevelOfBT601() throws {
        let levels = [UInt8](stride(from: 0, through: 255, by: 15))
        var colors: [[UInt8]] = []
        for red in levels {
            for green in levels {
                for blue in levels { colors.append([red, green, blue, 255]) }
            }
        }
        let size = PixelSize(width: levels.count * levels.count, height: levels.count)
        let folder = try TemporaryFolder()
        let writer = Y4MWriter(try folder.sink("out.y4m"), rate: Rational(25))
        try writer.write(
            Picture(size: size, pixels: colors.flatMap { $0 }, start: .zero, duration: Rational(1, 25)))
        try writer.finish()
        let planes: [Double] = try folder.read("out.y4m").suffix(3 * size.area).map { Double($0) }
        for (pixel, color) in colors.enumerated() {
            let (red, green, blue) = (Double(color[0]) / 255, Double(color[1]) / 255, Double(color[2]) / 255)
            let luma: Double = 0.299 * red + 0.587 * green + 0.114 * blue
            let cb: Double = (blue - luma) / 1.772
            let cr: Double = (red - luma) / 1.402
            #expect(abs(planes[pixel] - (16 + 219 * luma)) <= 0.51)
            #expect(abs(planes[size.area + pixel] - (128 + 224 * cb)) <= 0.51)
            #expect(abs(planes[2 * size.area + pixel] - (128 + 224 * cr)) <= 0.51)
        }
    }

    /// ffmpeg reads the pictures back from our Y4M, within 2 levels.
    @Test(arguments: [(48, 32), (37, 23), (1, 1), (2, 5)])
    func ffmpegReadsY4M(width: Int, height: Int) throws {
        let folder = try TemporaryFolder()
        let pictures = [1, 2, 3].map { Picture.random(width: width, height: height, seed: $0) }
        let writer = Y4MWriter(try folder.sink("out.y4m"), rate: Rational(30000, 1001))
        for picture in pictures { try writer.write(picture) }
        try writer.finish()
        let header = String(decoding: try folder.read("out.y4m").prefix { $0 != 10 }, as: UTF8.self)
        #expect(
            header == "YUV4MPEG2 W\(width) H\(height) F30000:1001 Ip A1:1 C444 XYSCSS=444 XCOLORRANGE=LIMITED")

        let facts = try Tool.run(
            "ffprobe",
            [
                "-v", "error", "-show_entries", "stream=pix_fmt,color_range,r_frame_rate", "-of", "csv=p=0",
                folder.path("out.y4m"),
            ])
        #expect(String(decoding: facts.output, as: UTF8.self) == "yuv444p,tv,30000/1001\n")
        let read = try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-i", folder.path("out.y4m"), "-vf", "scale=flags=accurate_rnd+full_chroma_int",
                "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
            ])
        let expected = pictures.flatMap(\.rgb)
        try #require(read.output.count == expected.count, "\(read.errors)")
        let worst = zip(read.output, expected).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 2)
    }

    @Test func aStreamKeepsItsCanvas() throws {
        let folder = try TemporaryFolder()
        for writer in [
            RawWriter(try folder.sink("a"), keepsAlpha: false) as any PictureWriter,
            Y4MWriter(try folder.sink("b"), rate: Rational(25)),
        ] {
            try writer.write(.random(width: 4, height: 4))
            #expect(throws: OutputError.self) { try writer.write(.random(width: 4, height: 5)) }
        }
    }

    @Test func aReaderThatWentAwayIsToldApart() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let sink = ByteSink(descriptor: ends[1], name: "a pipe", closes: true)
        #expect(throws: OutputError.readerGone("a pipe")) { try sink.write([1, 2, 3]) }
    }

    @Test func aFullDiskIsAnError() throws {
        let sink = ByteSink(descriptor: open("/dev/full", O_WRONLY), name: "/dev/full", closes: true)
        #expect(throws: OutputError.system(output: "/dev/full", call: "write", errno: ENOSPC)) {
            try sink.write([1, 2, 3])
        }
    }

    @Test func aPNGIsReadBackExactly() throws {
        let folder = try TemporaryFolder()
        let picture = Picture.random(width: 31, height: 17, opaque: false)
        let file = try folder.staged("a.png")
        try PNGWriter.write(picture, to: try file.create(), name: "a.png")
        try file.seal()
        try file.publish()
        let read = try Tool.run(
            "ffmpeg", ["-v", "error", "-i", folder.path("a.png"), "-f", "rawvideo", "-pix_fmt", "rgba", "-"])
        #expect(read.output == picture.pixels)
    }

    /// Whether it shows when bytes leave or at the end.
    @Test(arguments: [4, 400]) func aPNGOnAFullDiskIsAnError(side: Int) throws {
        let error = #expect(throws: OutputError.self) {
            try PNGWriter.write(
                .random(width: side, height: side), to: open("/dev/full", O_WRONLY), name: "a.png")
        }
        guard case .system("a.png", _, ENOSPC)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// NFS and disks with quotas say then that bytes were lost.
    @Test func anErrorOfTheLastCallsIsHeard() throws {
        // The number belongs to no open file.
        let sink = ByteSink(descriptor: 1 << 20, name: "lost", closes: true)
        #expect(throws: OutputError.system(output: "lost", call: "close", errno: EBADF)) { try sink.close() }
    }
}
