/// An exact fraction in lowest terms: times in seconds, rates in pictures per second, positions between two frames.
///
/// Arithmetic is exact. It is done in 128 bits, where a product of two 64-bit numbers and a sum of two such products fit, and
/// reduced; a result in lowest terms that does not fit 64 bits is a bug and traps. No input gets there:
///
/// - A rate is p/q with q <= 1001 and p/q <= 1000, so p <= 1,001,000 (`OutputRate`).
/// - A frame starts at no more than 10^11 cs (`DecodingLimits.longestDuration`, 10^9 s) and stays for no more than 65,535.
/// - A picture's time is n q/p with n <= 10^12, so numerators stay below 10^15. Its distance from its frame has the
///   denominator 100 p <= 1.1 * 10^8 at the most and a numerator below 10^11; divided by the frame's duration it is a fraction
///   below 1 whose denominator divides 65,535 p, at the most 7 * 10^10.
/// - A tick of a GIF is 1 / rate, or its common divisor in centiseconds by 100 times a factor of at most 64.
public struct Rational: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let numerator: Int
    /// Always positive.
    public let denominator: Int

    public init(_ numerator: Int, _ denominator: Int = 1) {
        self.init(wide: Int128(numerator), Int128(denominator))
    }

    /// Reduces a result of 128 bits.
    private init(wide numerator: Int128, _ denominator: Int128) {
        precondition(denominator != 0, "a fraction needs a denominator other than 0")
        let common = Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
        let divisor = Int128(common) * denominator.signum()
        guard let numerator = Int(exactly: numerator / divisor), let denominator = Int(exactly: denominator / divisor)
        else { preconditionFailure("\(numerator)/\(denominator) does not fit 64 bits") }
        self.numerator = numerator
        self.denominator = denominator
    }

    public static let zero = Rational(0)

    /// The largest number that divides both. Not both are 0.
    private static func greatestCommonDivisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var (a, b) = (a, b)
        while b > UInt64.max {
            (a, b) = (b, a % b)
        }
        if b == 0 { return a }
        // Below 2^64 the processor divides by itself.
        var (c, d) = (UInt64(b), UInt64(a % b))
        while d != 0 { (c, d) = (d, c % d) }
        return UInt128(c)
    }

    /// The largest fraction that goes into both a whole number of times. Both are positive.
    public static func greatestCommonDivisor(_ a: Rational, _ b: Rational) -> Rational {
        precondition(a > .zero && b > .zero, "a common divisor of positive fractions")
        let common = greatestCommonDivisor(
            product(a.numerator, b.denominator).magnitude, product(b.numerator, a.denominator).magnitude)
        return Rational(wide: Int128(common), product(a.denominator, b.denominator))
    }

    private static func product(_ a: Int, _ b: Int) -> Int128 { Int128(a) * Int128(b) }

    public static func + (a: Rational, b: Rational) -> Rational {
        Rational(
            wide: product(a.numerator, b.denominator) + product(b.numerator, a.denominator),
            product(a.denominator, b.denominator))
    }

    public static func - (a: Rational, b: Rational) -> Rational {
        Rational(
            wide: product(a.numerator, b.denominator) - product(b.numerator, a.denominator),
            product(a.denominator, b.denominator))
    }

    public static func * (a: Rational, b: Rational) -> Rational {
        Rational(wide: product(a.numerator, b.numerator), product(a.denominator, b.denominator))
    }

    public static func / (a: Rational, b: Rational) -> Rational {
        Rational(wide: product(a.numerator, b.denominator), product(a.denominator, b.numerator))
    }

    public static func < (a: Rational, b: Rational) -> Bool {
        product(a.numerator, b.denominator) < product(b.numerator, a.denominator)
    }

    /// The largest whole number not above the value.
    public var floor: Int {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The smallest whole number not below the value.
    public var ceiling: Int {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return remainder > 0 ? quotient + 1 : quotient
    }

    /// The nearest Double.
    public var value: Double { Double(numerator) / Double(denominator) }

    public var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
