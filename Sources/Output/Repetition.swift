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

    /// How often a GIF is shown that lasts `duration` seconds: once if that is 0.
    public func times(of duration: Rational) -> Int {
        guard duration > .zero else { return 1 }
        return switch self {
        case .times(let count): count
        case .atLeast(let seconds): max(1, (seconds / duration).ceiling)
        }
    }

    /// Pictures of a video that shows a GIF of `count` pictures and `duration` seconds, at most `Int.max`.
    public func pictures(_ count: Int, of duration: Rational) -> Int {
        let (all, isTooMany) = count.multipliedReportingOverflow(by: times(of: duration))
        return isTooMany ? .max : all
    }
}
