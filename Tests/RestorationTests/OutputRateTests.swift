import Media
import Restoration
import TestSupport
import Testing

@Suite struct OutputRateTests {
    @Test func readsWhatPeopleWrite() {
        #expect(OutputRate("source") == .source)
        #expect(OutputRate("2x") == .multiple(2))
        #expect(OutputRate("30") == .constant(Rational(30)))
        #expect(OutputRate("29.97") == .constant(Rational(2997, 100)))
        #expect(OutputRate("12.5") == .constant(Rational(25, 2)))
        #expect(OutputRate("30000/1001") == .constant(Rational(30000, 1001)))
        for text in [
            "", "0", "0x", "65x", "-1", "1e3", "x", "30/0", "1/2/3", "1.2.3", "thirty", "9999999999", "2000", ".", "+1",
            "+2x",
            "1/-1", "99999999999999999999", "1/99999999999999999999", "0.00000000000000000001",
        ] {
            #expect(OutputRate(text) == nil, "\(text)")
        }
    }

    /// A decimal number that is such a fraction is kept, any other is the nearest.
    @Test(arguments: [
        ("29.97", 2997, 100), ("29.97003", 30000, 1001), ("29.9700299", 30000, 1001), ("23.976", 2997, 125),
        ("23.976024", 24000, 1001), ("59.94", 2997, 50), ("59.94005994005994", 60000, 1001), ("9.99999999", 10, 1),
        ("0.333333333", 1, 3), ("999.9999999999999", 1000, 1), ("0.001", 1, 1000), ("0.0012", 1, 833),
        ("16.6667", 50, 3),
    ])
    func aDecimalNumberIsTheNearestFractionOfADenominatorUpTo1001(text: String, numerator: Int, denominator: Int) {
        #expect(OutputRate(text) == .constant(Rational(numerator, denominator)))
    }

    @Test func fractionsAreBounded() {
        #expect(OutputRate("1/1001") == .constant(Rational(1, 1001)))
        #expect(OutputRate("1001000/1001") == .constant(Rational(1000)))
        #expect(OutputRate("1000999/1001") == .constant(Rational(1_000_999, 1001)))
        #expect(OutputRate("60/2004") == .constant(Rational(5, 167)))
        for text in ["1/1002", "29970/1003", "1001001/1001", "1000000000/1", "0.0009", "0.000000001", "0/5"] {
            #expect(OutputRate(text) == nil, "\(text)")
        }
    }

    /// No rate and no time that is accepted lets arithmetic overflow: primes, so that nothing can be reduced, at the bounds.
    @Test(
        arguments: [
            .source, .multiple(64), .constant(Rational(1000)), .constant(Rational(1_000_999, 1001)),
            .constant(Rational(990_989, 991)), .constant(Rational(1, 1001)), .constant(Rational(997, 991)),
        ] as [OutputRate])
    func theLongestGIFsFitEveryRate(rate: OutputRate) throws {
        // 10^11 cs is `DecodingLimits.longestDuration`; 99,999,999,977 and 65,521 are prime.
        for (start, duration) in [(99_999_999_977 - 65_521, 65_521), (99_999_999_977, 2), (0, 65_535), (3, 65_519)] {
            let instants = rate.instants(start: start, duration: duration)
            let all = rate.pictures(frames: 1_000_000_000, duration: start + duration)
            #expect(all > 0)
            for index in Set([0, 1, instants.count / 2, instants.count - 1]) where instants.indices.contains(index) {
                let instant = instants[index]
                let end = instant.start + instant.duration
                #expect(instant.start >= Rational(start, 100) && end > instant.start)
                #expect(instant.start < Rational(start + duration, 100))
                #expect(Rational.greatestCommonDivisor(instant.duration, Rational(1, 6400)) <= Rational(1, 6400))
            }
        }
    }

    @Test func aLongFramesPicturesAreCountedWithoutMakingThem() {
        let instants = OutputRate.constant(Rational(1000)).instants(start: 0, duration: 65_535)
        #expect(instants.count == 655_350)
        #expect(instants.last?.start == Rational(655_349, 1000))
        #expect(MemoryLayout.size(ofValue: instants) < 128)
        let later = OutputRate.constant(Rational(30)).instants(start: 7, duration: 8)
        #expect(later.map(\.start) == [Rational(3, 30), Rational(4, 30)])
        #expect(OutputRate.constant(Rational(1)).instants(start: 1, duration: 2).isEmpty)
    }

    /// All frames together give pictures at n / rate, each once, up to the end, whatever the durations.
    @Test(arguments: [Rational(30), Rational(30000, 1001), Rational(25), Rational(10), Rational(1), Rational(3, 7)])
    func aConstantRateHasNoGapsAndNoDrift(rate: Rational) {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<20 {
            var start = 0
            var expected = 0
            for _ in 0..<50 {
                let duration = Int.random(in: 2...40, using: &generator)
                for instant in OutputRate.constant(rate).instants(start: start, duration: duration) {
                    #expect(instant.start == Rational(expected) / rate)
                    #expect(instant.duration == Rational(1) / rate)
                    #expect(instant.start < Rational(start + duration, 100))
                    expected += 1
                }
                start += duration
            }
            #expect(expected == (Rational(start, 100) * rate).ceiling)
        }
    }

    @Test func aMultipleDividesTheFramesTime() {
        let instants = OutputRate.multiple(4).instants(start: 100, duration: 10)
        #expect(instants.map(\.start) == [Rational(1), Rational(41, 40), Rational(21, 20), Rational(43, 40)])
        #expect(instants.allSatisfy { $0.duration == Rational(1, 40) })
    }

    @Test func theSourceRateIsTheFrameItself() {
        let instants = OutputRate.source.instants(start: 7, duration: 3)
        #expect(Array(instants) == [OutputRate.multiple(1).instants(start: 7, duration: 3)[0]])
        #expect(instants[0].start == Rational(7, 100) && instants[0].duration == Rational(3, 100))
    }
}

@Suite struct RGBTests {
    @Test func readsWhatPeopleWrite() {
        #expect(RGB("#102030") == RGB(red: 16, green: 32, blue: 48))
        #expect(RGB("fff") == .white)
        #expect(RGB("black") == .black)
        for text in ["", "#12345", "#gggggg", "1234567", "red?"] { #expect(RGB(text) == nil, "\(text)") }
    }
}
