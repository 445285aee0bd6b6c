import GIFDecoding
import Media
import Pipeline
import Restoration
import TestSupport
import Testing

/// One rate and one length of a video file for all of a GIF's pictures.
@Suite struct TickTests {
    private func summary(_ delays: [Int], isCut: Bool = false) throws -> GIFSummary {
        var bytes = ExampleGIF.drifting(width: 4, height: 2, delays: delays)
        if isCut { bytes.removeLast(2) }
        return try GIFScanner.scan(ByteArraySource(bytes), name: "test")
    }

    /// The tick divides every picture's duration, and none longer does.
    @Test(
        arguments: [.source, .multiple(2), .multiple(64), .constant(Rational(30)), .constant(Rational(997, 991))]
            as [OutputRate])
    func theTickIsTheLongestThatDividesEveryPicture(rate: OutputRate) throws {
        for delays in [[6, 15, 30, 9], [4, 4, 4], [2, 65_535], [7], [12, 18, 65_532]] {
            let summary = try summary(delays)
            var divisor: Rational?
            var start = 0
            var pictures = 0
            for delay in delays {
                for instant in rate.instants(start: start, duration: delay) {
                    divisor = divisor.map { .greatestCommonDivisor($0, instant.duration) } ?? instant.duration
                }
                start += delay
            }
            let tick = summary.tick(rate)
            #expect(tick == divisor ?? tick)
            start = 0
            for delay in delays {
                for instant in rate.instants(start: start, duration: delay) {
                    #expect((instant.duration / tick).denominator == 1)
                    pictures += (instant.duration / tick).numerator
                }
                start += delay
            }
            #expect(summary.pictures(rate) == pictures, "\(rate), \(delays)")
        }
    }

    /// The decoder draws a frame that the scanner did not get to, whose duration may be any.
    @Test func aDamagedGIFHasTheShortestTick() throws {
        let summary = try summary([10, 10, 10], isCut: true)
        try #require(summary.defect != nil)
        #expect(summary.tick(.source) == Rational(1, 100) && summary.tick(.multiple(4)) == Rational(1, 400))
        #expect(summary.tick(.constant(Rational(30000, 1001))) == Rational(1001, 30000))
    }

    @Test func whatIsTooLongIsRefusedBeforehand() throws {
        let summary = try summary([100, 101])
        var limits = DecodingLimits.standard
        var options = RestorationOptions(rate: .constant(Rational(10)))
        try summary.check(limits, options, name: "test")
        limits.maxDuration = 2
        let duration = #expect(throws: GIFDecodingError.self) { try summary.check(limits, options, name: "test") }
        #expect(
            duration?.description
                == "test: it plays for more than the limit of 2 s (--max-duration, limits.duration)")
        limits.maxDuration = 3
        try summary.check(limits, options, name: "test")
        options.maxPictures = 21
        try summary.check(limits, options, name: "test")
        options.maxPictures = 20
        let pictures = #expect(throws: GIFDecodingError.self) { try summary.check(limits, options, name: "test") }
        #expect(
            pictures?.description
                == "test: it would become more than the limit of 20 pictures (--max-pictures, limits.pictures)")
        // Repeated pictures count: a tick of one centisecond.
        options.rate = .source
        options.maxPictures = 201
        try summary.check(limits, options, name: "test")
        options.maxPictures = 200
        #expect(throws: GIFDecodingError.self) { try summary.check(limits, options, name: "test") }
    }

    /// 100,000 frames of 655.35 s: 65 thousand million pictures at 1000 a second.
    @Test func hoursOfPicturesAreNotCountedOneByOne() throws {
        var writer = GIFWriter(width: 1, height: 1, palette: [0, 0, 0, 9, 9, 9])
        let image = GIFImage(width: 1, height: 1, index: 1).with { $0.delay = 65_535 }
        writer.image(image)
        let one = writer.bytes[(13 + 6)...]
        for _ in 1..<100_000 { writer.raw(Array(one)) }
        writer.trailer()
        let summary = try GIFScanner.scan(ByteArraySource(writer.bytes), name: "test")
        #expect(summary.frameCount == 100_000 && summary.duration == 6_553_500_000)
        #expect(summary.tick(.source) == Rational(65_535, 100))
        #expect(summary.pictures(.constant(Rational(1000))) == 65_535_000_000)
        #expect(summary.pictures(.multiple(64)) == 6_400_000)
    }
}
