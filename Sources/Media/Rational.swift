/// An exact fraction in lowest terms: times in seconds, rates in pictures per second, positions between two frames.
///
/// Arithmetic is exact; a result that does not fit 64 bits is a bug and traps.
public struct Rational: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let numerator: Int
    /// Always positive.
    public let denominator: Int

    public init(_ numerator: Int, _ denominator: Int = 1) {
        precondition(denominator != 0, "a fraction needs a denominator other than 0")
        let common = Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
        let divisor = Int(common) * denominator.signum()
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    public static let zero = Rational(0)

    /// The largest number that divides both. Not both are 0.
    private static func greatestCommonDivisor(_ a: UInt, _ b: UInt) -> UInt {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    /// The largest fraction that goes into both a whole number of times. Both are positive.
    public static func greatestCommonDivisor(_ a: Rational, _ b: Rational) -> Rational {
        precondition(a > .zero && b > .zero, "a common divisor of positive fractions")
        let common = greatestCommonDivisor(
            (a.numerator * b.denominator).magnitude, (b.numerator * a.denominator).magnitude)
        return Rational(Int(common), a.denominator * b.denominator)
    }

    public static func + (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
    }

    public static func - (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator)
    }

    public static func * (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.numerator, a.denominator * b.denominator)
    }

    public static func / (a: Rational, b: Rational) -> Rational {
        Rational(a.numerator * b.denominator, a.denominator * b.numerator)
    }

    public static func < (a: Rational, b: Rational) -> Bool {
        a.numerator * b.denominator < b.numerator * a.denominator
    }

    /// The largest whole number not above the value.
    public var floor: Int {
        let quotient = numerator / denominator
        return numerator % denominator < 0 ? quotient - 1 : quotient
    }

    /// The smallest whole number not below the value.
    public var ceiling: Int { -(Rational(-numerator, denominator).floor) }

    /// The nearest Double.
    public var value: Double { Double(numerator) / Double(denominator) }

    public var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
