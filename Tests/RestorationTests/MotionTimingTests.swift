import Media
import Testing

@testable import Restoration

@Suite struct MotionTimingTests {
    private func run(_ duration: Int, start: Int = 0, rate: OutputRate = .source) -> FrameRun {
        FrameRun(frame(start, duration), rate: rate)
    }

    private func frame(_ start: Int, _ duration: Int) -> Frame {
        Frame(
            index: 0, size: PixelSize(width: 0, height: 0), pixels: [],
            paletteMap: PaletteMap(ids: [], palettes: [nil]),
            start: start, duration: duration, changed: .empty)
    }

    /// Centiseconds that motion takes of a picture's time, in a GIF with this rhythm.
    private func motion(_ duration: Int, rhythm: [Int]) -> Double {
        var timing = MotionTiming()
        for usual in rhythm { timing.note(run(usual)) }
        return Double(duration) - timing.motionStart(run(duration)).value * 100
    }

    @Test func theUsualTimeIsMotionAsAWhole() {
        for usual in [2, 4, 10, 20, 50] {
            #expect(motion(usual, rhythm: Array(repeating: usual, count: 8)) == Double(usual))
            // The GIF's first frame has no rhythm to go by.
            #expect(motion(usual, rhythm: []) == Double(usual))
        }
    }

    @Test func slidesOfASecondStandStill() {
        for duration in [100, 101, 150, 65_535] {
            #expect(motion(duration, rhythm: []) == 0)
            #expect(motion(duration, rhythm: [duration, duration, duration]) == 0)
            #expect(motion(duration, rhythm: [4, 4, 4, 4]) == 0)
        }
    }

    @Test func aPauseInAFilmMovesInItsLastUsualTime() {
        let film = Array(repeating: 5, count: 10)
        #expect(motion(10, rhythm: film) == 10)
        #expect(motion(20, rhythm: film) == 5)
        #expect(motion(80, rhythm: film) == 5)
    }

    @Test func noCentisecondIsACliff() {
        for rhythm in [[], [4, 4, 4], [10, 10, 10], [30, 30, 30], [100, 100, 100], [3, 9, 27, 81]] {
            for duration in 2..<200 {
                let step = abs(motion(duration + 1, rhythm: rhythm) - motion(duration, rhythm: rhythm))
                #expect(step < 1.000001, "\(duration) cs after \(rhythm)")
            }
        }
    }

    /// So that pictures before it can leave while more repetitions may come.
    @Test func theMotionOfAGrowingRunNeverBeginsEarlier() {
        for rhythm in [[], [2], [4, 4, 4], [10, 60], [60, 10], [3, 9, 27, 81]] {
            var timing = MotionTiming()
            for usual in rhythm { timing.note(run(usual)) }
            var growing = run(2)
            var last = timing.motionStart(growing)
            for start in stride(from: 2, to: 140, by: 2) {
                growing.extend(by: frame(start, 2))
                let next = timing.motionStart(growing)
                #expect(next >= last, "\(start + 2) cs after \(rhythm)")
                last = next
            }
        }
    }

    @Test func aRunThatGoesOnWithAHoldIsAHold() {
        var held = run(60)
        held.extend(by: frame(60, 60))
        #expect(held.isHold)
        let rest = FrameRun(frame(120, 3), after: held, rate: .source)
        #expect(rest.isHold && rest.goesOn && rest.stillTime == 123)
        #expect(MotionTiming().motionStart(rest) == Rational(123, 100))
    }

    @Test func aRunTakesTheInstantsOfItsFramesInOrder() throws {
        var whole = run(3, rate: .multiple(2))
        whole.extend(by: frame(3, 5))
        #expect(whole.count(after: Rational(0)) == 3 && whole.count(after: Rational(3, 200)) == 2)
        #expect(whole.count(after: Rational(8, 100)) == 0 && whole.count(after: Rational(-1)) == 4)
        #expect(whole.takeOwnInstant()?.start == .zero)
        #expect(whole.takeOwnInstant() == nil)
        #expect(whole.takeInstant(through: Rational(1, 100)) == nil)
        var rest: [Rational] = []
        while let instant = whole.takeInstant() { rest.append(instant.start) }
        #expect(rest == [Rational(3, 200), Rational(3, 100), Rational(11, 200)])
    }

    @Test func instantsAfterATimeAreCountedAsTheyAreTaken() {
        for rate in [OutputRate.constant(Rational(30)), .constant(Rational(7, 3)), .multiple(3)] {
            var run = run(7, start: 5, rate: rate)
            for (start, duration) in [(12, 2), (14, 40), (54, 3)] { run.extend(by: frame(start, duration)) }
            for time in 0..<60 {
                var copy = run
                while copy.takeInstant(through: Rational(time, 100)) != nil {}
                #expect(copy.count(after: Rational(time, 100)) == run.count(after: Rational(time, 100)))
                var rest = 0
                while copy.takeInstant() != nil { rest += 1 }
                #expect(run.count(after: Rational(time, 100)) == rest)
            }
        }
    }
}
