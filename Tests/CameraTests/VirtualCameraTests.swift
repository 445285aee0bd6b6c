import Glibc
import Media
import TestSupport
import Testing
import Threads

@testable import Camera

@Suite struct VirtualCameraTests {
    private static let size = PixelSize(width: 2, height: 2)

    private func format(_ rate: Rational = Rational(25)) -> CameraFormat {
        CameraFormat(size: Self.size, rate: rate, pixels: .rgb24)
    }

    private func picture(_ value: Int, at number: Int, rate: Rational = Rational(25)) -> Picture {
        Picture(
            size: Self.size, pixels: [UInt8](repeating: UInt8(value), count: 16), start: Rational(number) / rate,
            duration: Rational(1) / rate)
    }

    private func camera(
        _ device: FakeDevice, _ clock: FakeClock, rate: Rational = Rational(25), idle: VirtualCamera.Idle = .last,
        report: @escaping @Sendable (VirtualCamera.Event) -> Void = { _ in }
    ) -> VirtualCamera {
        VirtualCamera(
            device: "/dev/video7", format: format(rate), idle: idle, card: picture(0, at: 0), calls: device,
            clock: clock, report: report)
    }

    /// The first bytes of what the device got.
    private func shown(_ device: FakeDevice) -> [Int] {
        device.state.withLock { $0.written.map { Int($0[0]) } }
    }

    /// An hour of a clock that wakes up late every time, by up to 0.9 periods: no picture too many or too few.
    @Test(arguments: [Rational(30), Rational(30000, 1001), Rational(25), Rational(7, 3)])
    func anHourWithoutDrift(rate: Rational) throws {
        let count = (Rational(3600) * rate).ceiling
        let period = 1e9 / rate.value
        let random = Monitor(SplitMix64(seed: 7))
        let clock = FakeClock(ticks: count) { _ in
            Int64(period * 0.9 * Double(random.withLock { $0.next() } >> 11) / 9007199254740992)
        }
        let device = FakeDevice()
        device.state.withLock { $0.counts = true }
        let camera = camera(device, clock, rate: rate)
        let start = clock.now
        try camera.start()
        clock.join()
        let counts = camera.counts
        #expect(counts == VirtualCamera.Counts(shown: count, repeats: 0, missed: 0, passed: 0, opened: 1))
        let seconds = Double(clock.now - start) * 1e-9
        #expect(abs(seconds - Double(count - 1) / rate.value) < period * 1e-9)
        camera.stop()
        #expect(device.state.withLock { $0.open.isEmpty })
    }

    @Test func ticksAreExact() {
        let ticks = Ticks(start: 5, rate: Rational(30000, 1001))
        // Ten years.
        for tick in [0, 1, 2, 29, 30, 107_892, 9_450_000_000] {
            #expect(ticks.last(at: ticks.time(of: tick)) == tick)
            #expect(ticks.last(at: ticks.time(of: tick + 1) - 1) == tick)
        }
        #expect(ticks.time(of: 30000) == 5 + 1001 * 1_000_000_000)
    }

    /// A clock that is never late, and what it does at each tick.
    private func clock(ticks: Int) -> (FakeClock, feeder: Monitor<(@Sendable (Int) -> Void)?>) {
        let feeder = Monitor<(@Sendable (Int) -> Void)?>(nil)
        let clock = FakeClock(ticks: ticks) { tick in
            feeder.withLock { $0 }?(tick)
            return 0
        }
        return (clock, feeder)
    }

    /// Every picture of two GIFs once, one after the other; then the last one stays.
    @Test func gifsInTurn() throws {
        let device = FakeDevice()
        let (clock, feeder) = clock(ticks: 12)
        let camera = camera(device, clock)
        feeder.withLock {
            $0 = { tick in
                guard tick == 2 else { return }
                for gif in [10, 20] {
                    let writer = camera.writer(stop: StopSignal())
                    for number in 0..<3 { try? writer.write(self.picture(gif + number, at: number)) }
                    writer.finish()
                }
            }
        }
        try camera.start()
        clock.join()
        #expect(shown(device) == [0, 0, 10, 11, 12, 20, 21, 22, 22, 22, 22, 22])
        #expect(camera.counts.repeats == 0)
        camera.stop()
    }

    @Test func theCardComesBack() throws {
        let device = FakeDevice()
        let (clock, feeder) = clock(ticks: 5)
        let camera = camera(device, clock, idle: .card)
        feeder.withLock {
            $0 = { tick in
                guard tick == 1 else { return }
                let writer = camera.writer(stop: StopSignal())
                for number in 0..<2 { try? writer.write(self.picture(9, at: number)) }
                writer.finish()
            }
        }
        try camera.start()
        clock.join()
        #expect(shown(device) == [0, 9, 9, 0, 0])
        camera.stop()
    }

    /// Pictures that come late: the one before is repeated, and of two that are ready the newer one is shown.
    @Test func lateAndCleared() throws {
        let device = FakeDevice()
        let (clock, feeder) = clock(ticks: 9)
        let camera = camera(device, clock)
        nonisolated(unsafe) let writer = camera.writer(hasHeadStart: false, stop: StopSignal())
        try writer.write(picture(50, at: 0))
        feeder.withLock {
            $0 = { tick in
                switch tick {
                case 3:
                    // 1 and 2 were due at ticks 1 and 2.
                    for number in 1...4 { try? writer.write(self.picture(50 + number, at: number)) }
                case 5:
                    for number in 5...8 { try? writer.write(self.picture(50 + number, at: number)) }
                case 6:
                    camera.clear()
                    let next = camera.writer(stop: StopSignal())
                    try? next.write(self.picture(90, at: 0))
                    next.finish()
                default: break
                }
            }
        }
        try camera.start()
        clock.join()
        #expect(shown(device) == [50, 50, 50, 53, 54, 55, 90, 90, 90])
        let counts = camera.counts
        #expect(counts.repeats == 2)
        #expect(counts.passed == 2)
        camera.stop()
    }

    /// A GIF whose pictures come in bursts is begun when a few are ready; its beginning is told by the clock.
    @Test func headStart() throws {
        let device = FakeDevice()
        let (clock, feeder) = clock(ticks: 12)
        let camera = camera(device, clock)
        let start = Double(clock.now) * 1e-9
        let began = Monitor<[Double]>([])
        nonisolated(unsafe) let writer = camera.writer(stop: StopSignal()) { time in began.withLock { $0.append(time) }
        }
        feeder.withLock {
            // A picture a tick; six are the head start of 25 a second.
            $0 = { tick in if tick < 8 { try? writer.write(self.picture(50 + tick, at: tick)) } else { writer.finish() }
            }
        }
        try camera.start()
        clock.join()
        #expect(shown(device) == [0, 0, 0, 0, 0, 50, 51, 52, 53, 54, 55, 56])
        let time = try #require(began.withLock { $0.first })
        #expect(abs(time - start - 5 / 25) < 1e-6)
        #expect(camera.counts.repeats == 0)
        camera.stop()
    }

    /// A thread that did not get the processor for five periods has missed five, and goes on in time.
    @Test func missedDeadlinesAreCounted() throws {
        let device = FakeDevice()
        let clock = FakeClock(ticks: 10) { $0 == 4 ? 200_000_000 : 0 }
        let camera = camera(device, clock)
        try camera.start()
        clock.join()
        #expect(camera.counts == VirtualCamera.Counts(shown: 10, repeats: 0, missed: 5, passed: 0, opened: 1))
        camera.stop()
    }

    /// The device goes, is away for 2 s, and comes back: opened again, tried less and less often.
    @Test func theDeviceComesBack() throws {
        let device = FakeDevice()
        let clock = FakeClock(ticks: 200) { tick in
            device.state.withLock { state in
                if tick == 50 { state.path = nil }
                if tick == 100 { state.path = "/dev/video7" }
            }
            return 0
        }
        let events = Monitor<[VirtualCamera.Event]>([])
        let camera = camera(device, clock, idle: .last) { event in events.withLock { $0.append(event) } }
        try camera.start()
        clock.join()
        let gone = CameraError.system(device: "/dev/video7", call: "write", errno: ENODEV)
        #expect(
            events.withLock { $0 } == [
                .opened(path: "/dev/video7"), .lost(gone), .lost(.missing(device: "/dev/video7")),
                .opened(path: "/dev/video7"),
            ])
        let counts = camera.counts
        #expect(counts.opened == 2)
        #expect(counts.shown + counts.missed == 200)
        // Back within the longest pause that had grown by then: 1.6 s.
        #expect((50..<50 + 40 + 40).contains(counts.missed), "\(counts)")
        let attempts = device.state.withLock { $0.calls.count { $0 == "open" } }
        #expect(attempts <= 8, "\(attempts) attempts")
        #expect(camera.trouble == nil)
        camera.stop()
    }

    /// A producer of pictures is held back to about a second of them, and released when the camera ends.
    @Test func bringersWaitAndAreReleased() throws {
        let device = FakeDevice()
        let camera = camera(device, FakeClock(ticks: 0))
        try camera.start()
        let written = Monitor(0)
        let thread = try NamedThread("bringer") {
            let writer = camera.writer(stop: StopSignal())
            do {
                for number in 0..<1000 {
                    try writer.write(self.picture(1, at: number))
                    written.withLock { $0 += 1 }
                }
            } catch {}
        }
        while written.withLock({ $0 }) < 25 { usleep(1000) }
        usleep(20_000)
        #expect(written.withLock { $0 } == 25)
        camera.stop()
        thread.join()
        #expect(written.withLock { $0 } == 25)
    }
}
