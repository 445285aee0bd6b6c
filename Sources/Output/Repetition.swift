public import Media

/// How often a video shows its GIF.
public enum Repetition: Hashable, Sendable {
    /// So many times, from 1 on.
    case times(Int)
    /// As often as it takes for the video to last so many seconds.
    case atLeast(Rational)

    /// Most times.
    public static let maximum = 100_000
    /// Longest time that can be asked for, in seconds.
    public static let longest = 1_000_000

    /// - Parameter seconds: 0 to `longest`; rounded to milliseconds.
    public static func atLeast(seconds: Double) -> Repetition {
        .atLeast(Rational(Int((seconds * 1000).rounded(.up)), 1000))
    }

    /// How often a GIF is shown that is as long as `duration`, in seconds, above 0.
    public func times(of duration: Rational) -> Int {
        precondition(duration > .zero, "a GIF takes time")
        switch self {
        case .times(let count): return count
        case .atLeast(let seconds): return max(1, (seconds / duration).ceiling)
        }
    }
}
