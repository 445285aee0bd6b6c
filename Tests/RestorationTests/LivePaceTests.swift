import Media
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct LivePaceTests {
    /// A clock that is moved by hand.
    private final class HandClock: Sendable {
        private let time = Monitor(0.0)

        var now: Double {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    private let clock = HandClock()

    private func pace() -> LivePace { LivePace { [clock] in clock.now } }

    /// Asks for frames 0.1 s apart, of which each takes `cost(effort)` seconds; what efforts they got.
    private func run(
        _ pace: LivePace, frames: Range<Int>, cost: (LivePace.Effort) -> Double
    ) -> [LivePace.Effort] {
        frames.map { index in
            let effort = pace.effort(for: Rational(index, 10))
            clock.now = max(clock.now + cost(effort), Double(index) / 10)
            return effort
        }
    }

    @Test func nothingIsGivenUpInTime() {
        let pace = pace()
        pace.begin(at: 0.2)
        #expect(run(pace, frames: 0..<100) { _ in 0.09 }.allSatisfy { $0 == .everything })
        #expect(pace.losses.total == 0)
    }

    @Test func beforeTheFirstPictureNothingIsLate() {
        let pace = pace()
        clock.now = 1000
        #expect(pace.effort(for: Rational(3)) == .everything)
    }

    @Test func oneThingAfterTheOtherIsGivenUp() {
        let pace = pace()
        pace.begin(at: 0)
        clock.now = 1
        #expect(
            run(pace, frames: 0..<5) { _ in 0.1 } == [.framesOnly, .firstStep, .repetition, .repetition, .repetition])
    }

    @Test func noMoreIsGivenUpThanIsNeeded() {
        let pace = pace()
        pace.begin(at: 0.1)
        let efforts = run(pace, frames: 0..<2000) { $0 == .everything ? 0.15 : 0.05 }
        #expect(efforts.max() == .framesOnly)
        // It is tried again, but less and less often.
        let trials = zip(efforts, efforts.dropFirst()).count { $0 == .framesOnly && $1 == .everything }
        #expect((3...10).contains(trials))
    }

    @Test func whatWasGivenUpComesBack() {
        let pace = pace()
        pace.begin(at: 0.1)
        _ = run(pace, frames: 0..<20) { _ in 0.3 }
        #expect(pace.effort == .firstStep)
        let later = run(pace, frames: 20..<400) { _ in 0.01 }
        #expect(later.last == .everything)
    }

    @Test func aReaderThatWaitsIsNoFault() {
        let pace = pace()
        func picture(_ index: Int) -> Picture {
            .random(width: 1, height: 1, start: Rational(index, 10), duration: Rational(1, 10))
        }
        pace.wrote(picture(0), waited: 0)
        for index in 1..<50 {
            #expect(pace.effort(for: Rational(index, 10)) == .everything)
            // The reader takes a picture only every half second.
            clock.now += 0.5
            pace.wrote(picture(index), waited: 0.49)
        }
        // From here on it does not wait: what is late is late.
        clock.now += 1
        pace.wrote(picture(50), waited: 0)
        #expect(pace.effort(for: Rational(51, 10)) == .framesOnly)
    }

    @Test func aGIFBeginsAnew() {
        let pace = pace()
        pace.begin(at: 0)
        clock.now = 5
        #expect(pace.effort(for: .zero) == .framesOnly)
        pace.begin()
        #expect(pace.effort(for: .zero) == .framesOnly)
        pace.begin(at: 6)
        #expect(pace.effort(for: .zero) == .framesOnly)
    }

    // MARK: The restorer's response

    private let size = PixelSize(width: 40, height: 24)

    private func frame(_ index: Int, changed: PixelRect? = nil) -> Frame {
        Frame.painted(
            index, width: size.width, height: size.height, palette: .grays(16), start: index * 10, duration: 10,
            changed: changed
        ) { x, y in min(15, ((x + (changed == nil ? index : index - 1)) / 4 + y / 6)) }
    }

    /// Pictures at twice the GIF's rate; the clock is at `lateness` behind each frame's time when work on it begins.
    private func restore(_ frames: [Frame], lateness: (Int) -> Double) throws -> (pictures: [Picture], LivePace) {
        let pace = pace()
        pace.begin(at: 0)
        var options = RestorationOptions(rate: .multiple(2), dither: .none)
        options.looksAhead = false
        let restorer = Restorer(
            models: try TestModels().load(), options: options, pool: WorkerPool(concurrency: 1), pace: pace)
        var pictures: [Picture] = []
        for (index, frame) in frames.enumerated() {
            clock.now = Double(index) / 10 + lateness(index)
            try restorer.push(frame) { pictures.append($0) }
        }
        try restorer.finish { pictures.append($0) }
        return (pictures, pace)
    }

    @Test func theClockStays() throws {
        let frames = (0..<8).map { frame($0) }
        let (inTime, timely) = try restore(frames) { _ in -0.01 }
        let (late, pace) = try restore(frames) { $0 < 2 ? -0.01 : 0.01 }
        #expect(late.map(\.start) == inTime.map(\.start) && late.map(\.duration) == inTime.map(\.duration))
        #expect(timely.losses.total == 0)
        // Frame 2: its in-between is gone, its own picture is whole. Frame 3: nor its later steps. From 4 on: the same.
        #expect(late[0...2].map(\.pixels) == inTime[0...2].map(\.pixels))
        #expect(late[3].pixels == late[2].pixels && inTime[3].pixels != inTime[2].pixels)
        #expect(late[4].pixels == inTime[4].pixels)
        #expect(late[5].pixels == late[4].pixels)
        #expect(late[6].pixels != inTime[6].pixels && late[6].pixels != late[5].pixels)
        #expect(late[7...].allSatisfy { $0.pixels == late[6].pixels })
        #expect(pace.losses.inBetweens == 2 && pace.losses.steps == 1 && pace.losses.frames == 4)
    }

    @Test func aStillAfterALostFrameIsRestored() throws {
        let frames = [0, 1, 2, 3].map { frame($0) } + [frame(4, changed: .empty)]
        let (pictures, pace) = try restore(frames) { (1...3).contains($0) ? 0.01 : -0.01 }
        #expect(pace.losses.frames == 1)
        #expect(pictures[6].pixels == pictures[4].pixels)
        // The last frame repeats the one that was lost, whose picture nobody has seen yet.
        #expect(pictures[8].pixels != pictures[6].pixels)
    }
}
