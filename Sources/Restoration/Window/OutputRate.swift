public import Media

/// When pictures leave.
public enum OutputRate: Hashable, Sendable, LosslessStringConvertible {
    /// One picture per GIF frame, in the GIF's own timing.
    case source
    /// Every GIF frame and N - 1 in-betweens at 1/N, 2/N ... of its duration. N >= 1.
    case multiple(Int)
    /// A constant rate in pictures per second, by the GIF's true timing. A rate that `init(_:)` reads is at most
    /// `maximum`, with a denominator of at most `maxDenominator`.
    case constant(Rational)

    /// Most pictures per second.
    public static let maximum = 1000
    /// 1001 is that of the rates of television, 30000/1001 and its like.
    public static let maxDenominator = 1001
    /// Most pictures per GIF frame.
    public static let maxFactor = 64
    /// The form of a rate, for messages.
    public static let syntax =
        "a rate: source, 2x to \(maxFactor)x, 30, 29.97, or 30000/1001; up to \(maximum) a second, "
        + "as a fraction with a denominator of at most \(maxDenominator)"

    /// The rate as people write it: `source`, `2x`, `30`, `29.97`, `30000/1001`.
    ///
    /// A decimal number means the nearest fraction with a denominator of at most `maxDenominator`: the number itself where it
    /// is such a fraction (29.97 is 2997/100, 23.976 is 2997/125), else for instance 30000/1001 for 29.97003. nil for what is
    /// no rate, and for rates out of bounds; `syntax` tells people so.
    public init?(_ text: String) {
        if text == "source" {
            self = .source
        } else if text.hasSuffix("x"), let factor = Self.number(text.dropLast()), (1...Self.maxFactor).contains(factor)
        {
            self = .multiple(factor)
        } else if let rate = Self.fraction(text) ?? Self.decimal(text), rate > .zero, rate <= Rational(Self.maximum) {
            self = .constant(rate)
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .source: "source"
        case .multiple(let count): "\(count)x"
        case .constant(let rate): "\(rate)"
        }
    }

    /// A whole number of at most 18 digits, and of nothing but digits.
    private static func number(_ text: Substring) -> Int? {
        let isNumber = (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
        return isNumber ? Int(text) : nil
    }

    /// `30000/1001`.
    private static func fraction(_ text: String) -> Rational? {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let numerator = number(sides[0]), let denominator = number(sides[1]), denominator > 0
        else { return nil }
        let rate = Rational(numerator, denominator)
        return rate.denominator <= maxDenominator ? rate : nil
    }

    /// `30` or `29.97`, as a fraction. Below 1 / `maxDenominator` there is none near.
    private static func decimal(_ text: String) -> Rational? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let digits = number(parts.joined()[...]) else { return nil }
        let scale = (0..<(parts.count == 2 ? parts[1].utf8.count : 0)).reduce(1) { power, _ in power * 10 }
        let value = Rational(digits, scale)
        guard value >= Rational(1, maxDenominator), value <= Rational(maximum) else { return nil }
        return nearest(to: value)
    }

    /// The nearest fraction with a denominator of at most `maxDenominator`; the one with the smallest of two as near.
    private static func nearest(to value: Rational) -> Rational {
        let (numerator, denominator) = (Int128(value.numerator), Int128(value.denominator))
        // Distances from the value, times its denominator and the fraction's own: below 10^21.
        var best = (fraction: Rational(value.floor), distance: Int128.max, denominator: Int128(1))
        for candidate in 1...Int128(maxDenominator) {
            let nearest = (2 * numerator * candidate + denominator) / (2 * denominator)
            let distance = (nearest * denominator - numerator * candidate).magnitude
            if best.distance == .max || Int128(distance) * best.denominator < best.distance * candidate {
                best = (Rational(Int(nearest), Int(candidate)), Int128(distance), candidate)
            }
        }
        return best.fraction
    }
}
