import Glibc

/// The two clocks.
public enum Clock {
    /// Seconds since 1970: for people, and for what outlives the process.
    public static var wall: Double { read(CLOCK_REALTIME) }
    /// Seconds that only go forward.
    public static var steady: Double { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
