import Glibc

/// The two clocks.
public enum Clock {
    /// Seconds since 1970: for people, and for what outlives the process.
    public static var wall: Double {
        let time = read(CLOCK_REALTIME)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    /// Seconds that only go forward.
    public static var steady: Double { Double(steadyNanoseconds) * 1e-9 }
    /// The same in nanoseconds.
    public static var steadyNanoseconds: Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
