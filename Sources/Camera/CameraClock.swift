import CLinux
import Glibc
import Media
import Threads

/// The time that a camera goes by. One thread waits.
protocol CameraClock: Sendable {
    /// Nanoseconds that only go forward.
    var now: Int64 { get }
    /// Returns at that time, or when the signal is raised.
    func wait(until time: Int64, _ stop: StopSignal)
}

/// CLOCK_MONOTONIC, with a timerfd that is set to absolute times.
final class SteadyClock: CameraClock {
    private let timer = clinux_timer()

    deinit {
        if timer >= 0 { close(timer) }
    }

    var now: Int64 { Clock.steadyNanoseconds }

    func wait(until time: Int64, _ stop: StopSignal) {
        if timer >= 0, clinux_set_timer(timer, time) == 0 {
            _ = stop.wait(for: timer, events: POLLIN)
        } else {
            stop.wait(seconds: Double(time - now) * 1e-9)
        }
    }
}

/// When pictures are due: exactly k / rate after the start, for as long as the clock can count.
struct Ticks {
    let start: Int64
    let rate: Rational

    /// Nanoseconds on the clock.
    func time(of tick: Int) -> Int64 {
        let (seconds, rest) = (tick * rate.denominator).quotientAndRemainder(dividingBy: rate.numerator)
        return start + Int64(seconds) * 1_000_000_000 + Int64(rest * 1_000_000_000 / rate.numerator)
    }

    /// The last one whose time is not after `time`.
    func last(at time: Int64) -> Int {
        let (seconds, rest) = (time - start).quotientAndRemainder(dividingBy: 1_000_000_000)
        let (whole, part) = (Int(seconds) * rate.numerator).quotientAndRemainder(dividingBy: rate.denominator)
        let billion = 1_000_000_000
        // A tick more may fit into what the divisions dropped.
        var tick = whole + (part * billion + Int(rest) * rate.numerator) / (rate.denominator * billion)
        while self.time(of: tick + 1) <= time { tick += 1 }
        return tick
    }
}
