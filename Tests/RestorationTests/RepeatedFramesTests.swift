import Media
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct RepeatedFramesTests {
    private let pool = WorkerPool(concurrency: 2)
    private let size = PixelSize(width: 40, height: 24)

    /// A soft ramp, `shift` pixels on.
    private func ramp(
        _ shift: Int, start: Int, duration: Int, palette: Palette = .grays(16), changed: PixelRect? = nil
    ) -> Frame {
        Frame.painted(
            start, width: size.width, height: size.height, palette: palette, start: start, duration: duration,
            changed: changed
        ) { x, y in min(15, (x + shift) / 4 + y / 6) }
    }

    /// The frame with some pixels of other gray levels.
    private func changed(_ frame: Frame, _ pixels: [(x: Int, y: Int, by: Int)]) -> Frame {
        var bytes = frame.pixels
        for (x, y, by) in pixels {
            let at = 4 * (y * size.width + x)
            for channel in at..<at + 3 { bytes[channel] = UInt8(clamping: Int(bytes[channel]) + by) }
        }
        return Frame(
            index: frame.index, size: size, pixels: bytes, paletteMap: frame.paletteMap, start: frame.start,
            duration: frame.duration, changed: frame.changed)
    }

    private func isAlike(_ a: Frame, _ b: Frame) -> Bool {
        RepeatedFrames.areAlike(a, b, in: size.bounds, .alike)
    }

    private func pictures(_ frames: [Frame], rate: OutputRate, looksAhead: Bool = true) throws -> [Picture] {
        let options = RestorationOptions(rate: rate, dither: .none, looksAhead: looksAhead)
        let models = try TestModels(colorNone: looksAhead ? "ccdnet-neighbors" : "ccdnet-live").load()
        return try run(Restorer(models: models, options: options, pool: pool), frames)
    }

    // MARK: Repetitions

    @Test func equalColorsOfOtherPalettesAreARepetition() {
        let gray = Palette.grays(16)
        let longer = Palette(rgb: gray.rgb + [255, 0, 0])
        let (a, b) = (ramp(0, start: 0, duration: 3), ramp(0, start: 3, duration: 3, palette: longer))
        #expect(RepeatedFrames.areAlike(a, b, in: size.bounds, .equal))
        #expect(!RepeatedFrames.areAlike(a, ramp(1, start: 3, duration: 3), in: size.bounds, .equal))
    }

    @Test func scatteredPixelsOfDitherAreNoise() {
        let frame = ramp(0, start: 0, duration: 3)
        let noise = (0..<20).map { (x: $0 * 7 % 40, y: $0 * 5 % 24, by: $0 % 2 == 0 ? 17 : -17) }
        #expect(isAlike(frame, changed(frame, noise)))
        #expect(!RepeatedFrames.areAlike(frame, changed(frame, noise), in: size.bounds, .equal))
    }

    @Test func aSmallThingThatMovesIsNoNoise() {
        let frame = ramp(0, start: 0, duration: 3)
        func cursor(_ x: Int) -> Frame {
            changed(
                frame, (0..<8).flatMap { step in [(x: x, y: 8 + step, by: 120), (x: x + 1, y: 8 + step, by: 120)] })
        }
        for x in 10..<20 { #expect(!isAlike(cursor(x), cursor(x + 1)), "from column \(x)") }
        // A dot that appears, and a faint patch.
        #expect(!isAlike(frame, changed(frame, [(x: 5, y: 5, by: 200)])))
        let patch = (0..<16).flatMap { y in (0..<16).map { x in (x: 16 + x, y: 8 + y, by: 8) } }
        #expect(!isAlike(frame, changed(frame, patch)))
    }

    @Test func noiseInAlphaIsNoRepetition() {
        func holed(_ hole: Int) -> Frame {
            Frame.painted(0, width: 40, height: 24, palette: .grays(16), start: 0, duration: 3) { x, y in
                x == hole && y == 3 ? nil : 0
            }
        }
        #expect(isAlike(holed(4), holed(4)))
        #expect(!isAlike(holed(4), holed(5)))
    }

    // MARK: How an encoder wrote a hold does not matter

    /// One film of five pictures of 9 cs: each once, each three times, with palettes that change, with noise.
    private func film(_ write: (_ shift: Int, _ start: Int) -> [Frame]) -> [Frame] {
        (0..<5).flatMap { write($0 * 2, $0 * 9) }
    }

    @Test(
        arguments: [OutputRate.constant(Rational(60)), .constant(Rational(25)), .constant(Rational(100))],
        [true, false])
    func repetitionsGiveTheSameFilm(rate: OutputRate, looksAhead: Bool) throws {
        let once = try pictures(film { [ramp($0, start: $1, duration: 9)] }, rate: rate, looksAhead: looksAhead)
        let longer = Palette(rgb: Palette.grays(16).rgb + [255, 0, 0])
        let repeated = film { shift, start in
            [0, 3, 6].map { ramp(shift, start: start + $0, duration: 3, palette: $0 == 3 ? longer : .grays(16)) }
        }
        let uneven = film { shift, start in
            [ramp(shift, start: start, duration: 2), ramp(shift, start: start + 2, duration: 7)]
        }
        for written in [repeated, uneven] {
            let found = try pictures(written, rate: rate, looksAhead: looksAhead)
            #expect(found.map(\.start) == once.map(\.start))
            let isSame = found.map(\.pixels) == once.map(\.pixels)
            #expect(isSame)
        }
    }

    @Test func copiesWithNoiseMoveSteadily() throws {
        let rate = OutputRate.constant(Rational(100))
        let once = try pictures(film { [ramp($0, start: $1, duration: 9)] }, rate: rate)
        let noisy = film { shift, start in
            [0, 3, 6].map { later in
                let frame = ramp(shift, start: start + later, duration: 3)
                return changed(frame, (0..<later).map { (x: $0 * 7 % 40, y: $0 * 5 % 24, by: 17) })
            }
        }
        let isSame = try pictures(noisy, rate: rate).map(\.pixels) == once.map(\.pixels)
        #expect(isSame)
    }

    /// At 100 cs and more, written as a whole or in parts, a still is a hold.
    @Test(arguments: [[100], [101], [50, 50], [33, 33, 34], [10, 300], [99, 1, 1, 1]])
    func aHoldStaysUntilTheNextPicture(parts: [Int]) throws {
        var frames: [Frame] = []
        for part in parts {
            frames.append(ramp(0, start: frames.reduce(0) { $0 + $1.duration }, duration: max(part, 2)))
        }
        let end = frames.reduce(0) { $0 + $1.duration }
        frames.append(ramp(3, start: end, duration: 10))
        let found = try pictures(frames, rate: .constant(Rational(50)))
        let isStill = found.allSatisfy { $0.start >= Rational(end, 100) || $0.pixels == found[0].pixels }
        let isNewAtLast = found.last?.pixels != found[0].pixels
        #expect(isStill && isNewAtLast)
    }

    @Test func everyFrameHasItsPicturesAtAMultipleOfTheRate() throws {
        let frames = film { shift, start in
            [0, 3, 6].map { ramp(shift, start: start + $0, duration: 3, changed: $0 == 0 ? nil : .empty) }
        }
        #expect(try pictures(frames, rate: .multiple(2)).count == 30)
        let source = try pictures(frames, rate: .source)
        #expect(source.count == 15)
        let areRepeated = source.indices.allSatisfy { source[$0].pixels == source[$0 / 3 * 3].pixels }
        #expect(areRepeated)
    }

    // MARK: Waiting pictures

    @Test func inBetweensWaitForANewPictureAndStillsDoNot() throws {
        let options = RestorationOptions(rate: .constant(Rational(50)), dither: .none, looksAhead: false)
        let restorer = Restorer(models: try TestModels().load(), options: options, pool: pool)
        var last = Rational(-1)
        var latest = Rational.zero
        for index in 0..<150 {
            let frame = ramp(0, start: 2 * index, duration: 2)
            try restorer.push(frame) { last = $0.start }
            latest = max(latest, Rational(2 * index, 100) - last)
        }
        // Half a second at the most, and nothing once it is a hold.
        #expect(latest <= Rational(50, 100))
        #expect(last == Rational(298, 100))
        var moving: [Picture] = []
        try restorer.push(ramp(3, start: 300, duration: 2)) { moving.append($0) }
        #expect(moving.map(\.start) == [Rational(3)])
    }

    @Test func theLookAheadWaitsForASecondAtMost() throws {
        let options = RestorationOptions(rate: .constant(Rational(50)), dither: .none)
        let models = try TestModels(colorNone: "ccdnet-neighbors").load()
        let restorer = Restorer(models: models, options: options, pool: pool)
        var last = Rational.zero
        for index in 0..<150 {
            try restorer.push(ramp(0, start: 2 * index, duration: 2)) { last = $0.start }
            #expect(Rational(2 * index, 100) - last <= Rational(102, 100))
        }
        #expect(last >= Rational(294, 100))
    }
}
