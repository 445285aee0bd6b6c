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
            "", "0", "0x", "65x", "-1", "1e3", "x", "30/0", "1/2/3", "1.2.3", "thirty", "9999999999", "2000", ".",
        ] {
            #expect(OutputRate(text) == nil, "\(text)")
        }
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
                    #expect(instant.fraction >= .zero && instant.fraction < Rational(1))
                    #expect(instant.fraction * Rational(duration, 100) + Rational(start, 100) == instant.start)
                    expected += 1
                }
                start += duration
            }
            #expect(expected == (Rational(start, 100) * rate).ceiling)
        }
    }

    @Test func aMultipleDividesTheFramesTime() {
        let instants = OutputRate.multiple(4).instants(start: 100, duration: 10)
        #expect(instants.map(\.fraction) == [.zero, Rational(1, 4), Rational(1, 2), Rational(3, 4)])
        #expect(instants.map(\.start) == [Rational(1), Rational(41, 40), Rational(21, 20), Rational(43, 40)])
        #expect(instants.allSatisfy { $0.duration == Rational(1, 40) })
    }

    @Test func theSourceRateIsTheFrameItself() {
        let instants = OutputRate.source.instants(start: 7, duration: 3)
        #expect(instants == [OutputRate.multiple(1).instants(start: 7, duration: 3)[0]])
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
