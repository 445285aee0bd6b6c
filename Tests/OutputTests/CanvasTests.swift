import Foundation
import Media
@testable import Output
import PixelKernels
import TestSupport
import Testing

@Suite struct LetterboxTests {
    private func flat(_ width: Int, _ height: Int, _ color: [UInt8]) -> Picture {
        let size = PixelSize(width: width, height: height)
        return Picture(size: size, pixels: (0..<size.area).flatMap { _ in color }, start: .zero, duration: Rational(1))
    }

    @Test(arguments: [
        (40, 20, PixelRect(x: 0, y: 10, width: 60, height: 30)),
        (10, 40, PixelRect(x: 23, y: 0, width: 13, height: 50)),
        (600, 500, PixelRect(x: 0, y: 0, width: 60, height: 50)),
        (1, 1, PixelRect(x: 5, y: 0, width: 50, height: 50)),
    ])
    func placesAsLargeAsFitsInTheMiddle(width: Int, height: Int, placed: PixelRect) {
        let letterbox = Letterbox(canvas: PixelSize(width: 60, height: 50), fill: (1, 2, 3, 255))
        let color: [UInt8] = [200, 100, 50, 255]
        let result = letterbox.fit(flat(width, height, color))
        #expect(result.size == PixelSize(width: 60, height: 50))
        for y in 0..<50 {
            for x in 0..<60 {
                let inside = !placed.intersection(PixelRect(x: x, y: y, width: 1, height: 1)).isEmpty
                let at = (y * 60 + x) * 4
                #expect(Array(result.pixels[at..<at + 4]) == (inside ? color : [1, 2, 3, 255]))
            }
        }
    }

    /// Cropping fills the canvas with the middle: the left third red, the right one blue, or the same upside.
    @Test(arguments: [
        (90, 30, PixelSize(width: 30, height: 30)), (30, 90, PixelSize(width: 30, height: 30)),
        (90, 30, PixelSize(width: 60, height: 60)), (45, 15, PixelSize(width: 10, height: 40)),
    ])
    func cropsToTheMiddle(width: Int, height: Int, canvas: PixelSize) {
        let isWide = width > height
        let pixels = (0..<width * height).flatMap { index -> [UInt8] in
            switch isWide ? index % width * 3 / width : index / width * 3 / height {
            case 0: [255, 0, 0, 255]
            case 1: [0, 200, 0, 255]
            default: [0, 0, 255, 255]
            }
        }
        let picture = Picture(
            size: PixelSize(width: width, height: height), pixels: pixels, start: .zero, duration: Rational(1))
        let result = Letterbox(canvas: canvas, fill: (9, 9, 9, 255), fit: .crop).fit(picture)
        #expect(result.size == canvas)
        // But for the filter's reach at the edges, all is the middle third.
        for y in canvas.height / 6..<canvas.height * 5 / 6 {
            for x in canvas.width / 6..<canvas.width * 5 / 6 {
                let at = (y * canvas.width + x) * 4
                #expect(Array(result.pixels[at..<at + 4]) == [0, 200, 0, 255], "\(x), \(y)")
            }
        }
        #expect(!result.pixels.contains(9))
    }

    @Test func aPictureOfTheCanvasSizeIsUntouched() {
        let picture = Picture.random(width: 12, height: 9, opaque: false)
        #expect(Letterbox(canvas: picture.size, fill: (0, 0, 0, 0)).fit(picture).pixels == picture.pixels)
    }

    /// Scaling agrees with Pillow's bicubic filter, which has the same kernel.
    @Test(arguments: [(40, 30, 64, 48), (64, 48, 20, 15), (30, 30, 30, 30)])
    func scalesAsPillowDoes(width: Int, height: Int, newWidth: Int, newHeight: Int) throws {
        // Smooth and away from black and white: Pillow rounds and clips between its two passes.
        let size = PixelSize(width: width, height: height)
        let pixels = (0..<size.area).flatMap { index -> [UInt8] in
            let (x, y) = (Double(index % width), Double(index / width))
            return [128 + 60 * sin(x / 5), 128 + 60 * cos(y / 4), 128 + 40 * sin((x + y) / 6)].map { UInt8($0) } + [255]
        }
        let picture = Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))
        let ours = Letterbox(canvas: PixelSize(width: newWidth, height: newHeight), fill: (0, 0, 0, 0)).fit(picture)
        let script = """
            import sys
            from PIL import Image
            image = Image.frombytes("RGB", (\(width), \(height)), sys.stdin.buffer.read())
            sys.stdout.buffer.write(image.resize((\(newWidth), \(newHeight)), Image.Resampling.BICUBIC).tobytes())
            """
        let theirs = try Tool.run("/usr/bin/python3", ["-c", script], input: picture.rgb)
        try #require(theirs.output.count == ours.rgb.count, "\(theirs.errors)")
        let worst = zip(ours.rgb, theirs.output).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 2)
    }

    /// All instruction sets agree to the bit; a picture that comes again is the same, and so is one that differs from it.
    @Test(arguments: Letterbox.Fit.allCases) func kernelsAgree(_ fit: Letterbox.Fit) {
        for (canvas, size) in [((37, 21), (16, 50)), ((5, 40), (33, 9)), ((64, 48), (48, 27))] {
            let pictures = (1...2).map { Picture.random(width: size.0, height: size.1, seed: $0, opaque: false) }
            let results = Kernels.Level.allCases.map { level in
                let letterbox = Letterbox(
                    canvas: PixelSize(width: canvas.0, height: canvas.1), fill: (1, 2, 3, 4), fit: fit,
                    scaler: .smooth, kernels: Kernels(atMost: level))
                return [0, 0, 1, 0].map { letterbox.fit(pictures[$0]).pixels }
            }
            #expect(results.allSatisfy { $0 == results[0] })
            #expect(results[0][0] == results[0][1] && results[0][0] == results[0][3] && results[0][0] != results[0][2])
        }
    }

    /// The picture that each pixel of another size is a copy of, by Pillow.
    private func nearestByPillow(_ picture: Picture, _ width: Int, _ height: Int) throws -> [UInt8] {
        let script = """
            import sys
            from PIL import Image
            size = (\(picture.size.width), \(picture.size.height))
            image = Image.frombytes("RGBA", size, sys.stdin.buffer.read())
            sys.stdout.buffer.write(image.resize((\(width), \(height)), Image.Resampling.NEAREST).tobytes())
            """
        return try Tool.run("/usr/bin/python3", ["-c", script], input: picture.pixels).output
    }

    /// Every pixel of the result is one of the picture's, transparent ones included: whole factors, others, and smaller. No center
    /// of a pixel lies between two of the picture's, where either would be right.
    @Test(arguments: [(5, 4, 15, 12), (15, 9, 20, 12), (15, 10, 21, 14), (30, 20, 12, 8), (3, 3, 4, 4)])
    func nearestCopiesPixelsAsPillowDoes(width: Int, height: Int, newWidth: Int, newHeight: Int) throws {
        let picture = Picture.random(width: width, height: height, opaque: false)
        let canvas = PixelSize(width: newWidth, height: newHeight)
        let ours = Letterbox(canvas: canvas, fill: (0, 0, 0, 0), scaler: .nearest).fit(picture)
        #expect(try ours.pixels == nearestByPillow(picture, newWidth, newHeight))
    }

    /// Bars and cut edges are where they are with smooth scaling.
    @Test func nearestKeepsToBarsAndEdges() {
        let picture = Picture.random(width: 6, height: 2)
        func color(_ x: Int, _ y: Int) -> [UInt8] { Array(picture.pixels[(y * 6 + x) * 4..<(y * 6 + x) * 4 + 4]) }
        let canvas = PixelSize(width: 12, height: 8)
        let boxed = Letterbox(canvas: canvas, fill: (1, 2, 3, 4), scaler: .nearest).fit(picture)
        let cropped = Letterbox(canvas: canvas, fill: (1, 2, 3, 4), fit: .crop, scaler: .nearest).fit(picture)
        for y in 0..<8 {
            for x in 0..<12 {
                let at = (y * 12 + x) * 4
                // Twice as large with two rows of bars; four times as large, with the middle 12 of 24 columns.
                let inside = (2..<6).contains(y)
                #expect(Array(boxed.pixels[at..<at + 4]) == (inside ? color(x / 2, (y - 2) / 2) : [1, 2, 3, 4]))
                #expect(Array(cropped.pixels[at..<at + 4]) == color((x + 6) / 4, y / 4))
            }
        }
    }

    /// A picture of so many colors, at most 1024.
    private func picture(colors: Int) -> Picture {
        let pixels = (0..<1024).flatMap { index -> [UInt8] in
            let color = (index * 7 + 3) % colors
            return [UInt8(color % 32 * 8), UInt8(color / 32 * 8), 100, 255]
        }
        return Picture(size: PixelSize(width: 32, height: 32), pixels: pixels, start: .zero, duration: Rational(1))
    }

    private func fitted(_ pictures: [Picture], _ side: Int, _ scaler: Letterbox.Scaler) -> [[UInt8]] {
        let letterbox = Letterbox(canvas: PixelSize(width: side, height: side), fill: (0, 0, 0, 255), scaler: scaler)
        return pictures.map { letterbox.fit($0).pixels }
    }

    @Test(arguments: [
        (2, 64, true), (256, 96, true), (257, 64, false), (1024, 64, false), (2, 80, false), (2, 16, false),
    ])
    func autoTakesNearestForFlatArtAndWholeFactors(colors: Int, side: Int, isNearest: Bool) {
        let pictures = [picture(colors: colors)]
        let nearest = fitted(pictures, side, .nearest)
        let smooth = fitted(pictures, side, .smooth)
        #expect(nearest != smooth)
        #expect(fitted(pictures, side, .auto) == (isNearest ? nearest : smooth))
    }

    /// No change in the midst of a film; what is of one color decides nothing.
    @Test(arguments: [true, false]) func autoDecidesOnce(beginsFlat: Bool) {
        let (blank, flat, rich) = (picture(colors: 1), picture(colors: 9), picture(colors: 999))
        let film = beginsFlat ? [blank, flat, rich, blank, flat] : [blank, rich, flat, blank, rich]
        #expect(fitted(film, 64, .auto) == fitted(film, 64, beginsFlat ? .nearest : .smooth))
    }

    @Test func transparentPixelsDoNotBleed() {
        // Transparent green beside opaque red: shrinking must not make anything green.
        let size = PixelSize(width: 8, height: 8)
        let pixels = (0..<64).flatMap { [UInt8]($0 % 2 == 0 ? [0, 255, 0, 0] : [255, 0, 0, 255]) }
        let picture = Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))
        let result = Letterbox(canvas: PixelSize(width: 4, height: 4), fill: (0, 0, 0, 0)).fit(picture)
        for at in stride(from: 0, to: 64, by: 4) {
            #expect(result.pixels[at] == 255 && result.pixels[at + 1] == 0)
            #expect((100...155).contains(result.pixels[at + 3]))
        }
    }
}

@Suite struct HeldPictureTests {
    private final class Counter: PictureWriter {
        var written: [Picture] = []
        var isFinished = false
        func write(_ picture: Picture) throws { written.append(picture) }
        func finish() throws { isFinished = true }
    }

    @Test func picturesStayForTheirTime() throws {
        let durations = [Rational(1, 10), Rational(3, 100), Rational(1, 2)]
        let counter = Counter()
        let writer = HeldPictureWriter(counter, tick: Rational(1, 100))
        for (index, duration) in durations.enumerated() {
            try writer.write(.random(width: 2, height: 2, seed: UInt64(index), duration: duration))
        }
        try writer.finish()
        #expect(counter.written.count == 10 + 3 + 50)
        #expect(counter.isFinished)
    }

    /// An edit in place while a GIF is read gives pictures of other durations than its tick is for.
    @Test(arguments: [Rational(3, 200), Rational(1, 1000), .zero])
    func aDurationThatTheTickDoesNotDivideIsAnError(duration: Rational) throws {
        let counter = Counter()
        let writer = HeldPictureWriter(counter, tick: Rational(1, 100))
        try writer.write(.random(width: 2, height: 2, seed: 1, duration: Rational(1, 100)))
        #expect(throws: HeldPictureWriter.GIFChanged.self) {
            try writer.write(.random(width: 2, height: 2, seed: 2, duration: duration))
        }
        #expect(counter.written.count == 1)
    }

    /// A writer that wants to stop can do so between two repetitions.
    @Test func aWriterThatThrowsEndsAPictureThatIsHeldForLong() throws {
        struct Cancelled: Error {}
        final class Stopping: PictureWriter {
            var count = 0
            func write(_ picture: Picture) throws {
                if count == 5 { throw Cancelled() }
                count += 1
            }
            func finish() throws {}
        }
        let stopping = Stopping()
        let writer = HeldPictureWriter(stopping, tick: Rational(1, 1000))
        #expect(throws: Cancelled.self) {
            try writer.write(.random(width: 2, height: 2, seed: 1, duration: Rational(65_535, 100)))
        }
        #expect(stopping.count == 5)
    }
}

@Suite struct OutputSizeTests {
    @Test(
        arguments: [
            ("640x480", .pixels(PixelSize(width: 640, height: 480))), ("4x", .factor(4)), ("1X", .factor(1)),
            ("16384x", .factor(16384)),
        ] as [(String, OutputSize)])
    func sizesAndFactorsAreRead(text: String, size: OutputSize) {
        #expect(OutputSize(text) == size)
    }

    @Test(arguments: ["", "x", "0x", "-2x", "1.5x", "4", "4xx", "16385x", "0x10", "99999999999999999999x"])
    func whatIsNeitherIsNone(text: String) {
        #expect(OutputSize(text) == nil)
    }
}
