public import Media

/// When pictures leave.
public enum OutputRate: Hashable, Sendable {
    /// One picture per GIF frame, in the GIF's own timing.
    case source
    /// Every GIF frame and N - 1 in-betweens at 1/N, 2/N ... of its duration. N >= 1.
    case multiple(Int)
    /// A constant rate in pictures per second, by the GIF's true timing.
    case constant(Rational)

    /// The rate as people write it: `source`, `2x`, `30`, `29.97`, `30000/1001`.
    public init?(_ text: String) {
        if text == "source" {
            self = .source
        } else if text.hasSuffix("x"), let factor = Int(text.dropLast()), (1...64).contains(factor) {
            self = .multiple(factor)
        } else if let rate = Self.fraction(text), rate > .zero, rate <= Rational(1000) {
            self = .constant(rate)
        } else {
            return nil
        }
    }

    private static func fraction(_ text: String) -> Rational? {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        if sides.count == 2 {
            guard let numerator = Int(sides[0]), let denominator = Int(sides[1]),
                (1...1_000_000_000).contains(numerator), (1...1_000_000).contains(denominator)
            else { return nil }
            return Rational(numerator, denominator)
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts.joined()
        guard (1...2).contains(parts.count), !digits.isEmpty, digits.count <= 9, digits.allSatisfy(\.isASCII),
            digits.allSatisfy(\.isNumber), let whole = Int(digits)
        else { return nil }
        let decimals = parts.count == 2 ? parts[1].count : 0
        return Rational(whole, (0..<decimals).reduce(1) { power, _ in power * 10 })
    }
}

/// One output picture between two GIF frames.
public struct OutputInstant: Hashable, Sendable {
    /// 0 is the earlier frame itself, below 1 an in-between.
    public let fraction: Rational
    /// Presentation time and duration in seconds.
    public let start: Rational
    public let duration: Rational
}

extension OutputRate {
    /// The pictures that fall into a frame's time, start (inclusive) to start + duration (exclusive), in order.
    ///
    /// Exact: at a constant rate the pictures of all frames together lie at n / rate for n = 0, 1, 2 ...
    /// up to the end of the last frame, whatever the frames' durations.
    /// - Parameters: both in centiseconds; `duration` > 0.
    public func instants(start: Int, duration: Int) -> [OutputInstant] {
        precondition(duration > 0, "a frame has a duration")
        let from = Rational(start, 100)
        let length = Rational(duration, 100)
        switch self {
        case .source:
            return [OutputInstant(fraction: .zero, start: from, duration: length)]
        case .multiple(let count):
            let step = length / Rational(count)
            return (0..<count).map {
                OutputInstant(fraction: Rational($0, count), start: from + step * Rational($0), duration: step)
            }
        case .constant(let rate):
            let first = (from * rate).ceiling
            let end = ((from + length) * rate).ceiling
            return (first..<end).map { index in
                let time = Rational(index) / rate
                return OutputInstant(
                    fraction: (time - from) / length, start: time, duration: Rational(1) / rate)
            }
        }
    }
}
