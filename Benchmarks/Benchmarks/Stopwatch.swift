import Foundation

/// Two clocks: on the wall, and of all of this process's threads.
struct Stopwatch {
    /// In seconds.
    let elapsed: Double
    /// In seconds; what other programs take of a busy machine does not count.
    let processor: Double

    static func time(_ body: () -> Void) -> Stopwatch {
        let (wall, processor) = (now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID))
        body()
        return Stopwatch(
            elapsed: now(CLOCK_MONOTONIC) - wall, processor: now(CLOCK_PROCESS_CPUTIME_ID) - processor)
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
