import Media
import Testing

@Suite struct RationalTests {
    @Test func isInLowestTermsWithAPositiveDenominator() {
        #expect(Rational(6, -4) == Rational(-3, 2))
        #expect(Rational(0, -7) == .zero)
        #expect(Rational(-6, -4).denominator == 2)
        #expect(Rational(30000, 1001).description == "30000/1001")
    }

    @Test func computesExactly() {
        #expect(Rational(1, 3) + Rational(1, 6) == Rational(1, 2))
        #expect(Rational(1, 3) - Rational(1, 2) == Rational(-1, 6))
        #expect(Rational(2, 3) * Rational(3, 4) == Rational(1, 2))
        #expect(Rational(2, 3) / Rational(4, 9) == Rational(3, 2))
        #expect(Rational(1, 3) < Rational(34, 100))
        #expect((0..<3000).reduce(Rational.zero) { sum, _ in sum + Rational(1001, 30000) } == Rational(1001, 10))
    }

    @Test func intermediateResultsMayHave128Bits() {
        let large = Int.max
        #expect(Rational(large, 3) * Rational(3, large) == Rational(1))
        #expect(Rational(large, large - 1) / Rational(large, large - 1) == Rational(1))
        #expect(Rational(1, large) + Rational(1, large) == Rational(2, large))
        #expect(Rational(large, 2) - Rational(large, 2) == .zero)
        #expect(Rational(large - 1, large) < Rational(large, large - 1))
        #expect(!(Rational(large, large - 1) < Rational(large - 1, large)))
        #expect(Rational(Int.min, 2).floor == Int.min / 2 && Rational(Int.min).ceiling == Int.min)
        #expect(Rational(Int.min, Int.min) == Rational(1))
        #expect(Rational.greatestCommonDivisor(Rational(1, 1 << 40), Rational(3, 1 << 40)) == Rational(1, 1 << 40))
    }

    @Test(arguments: [(7, 2, 3, 4), (-7, 2, -4, -3), (6, 2, 3, 3), (-6, 2, -3, -3), (0, 5, 0, 0), (-1, 3, -1, 0)])
    func roundsBothWays(numerator: Int, denominator: Int, floor: Int, ceiling: Int) {
        #expect(Rational(numerator, denominator).floor == floor)
        #expect(Rational(numerator, denominator).ceiling == ceiling)
    }
}

@Suite struct GeometryTests {
    @Test func intersectsAndJoins() {
        let a = PixelRect(x: 0, y: 0, width: 10, height: 10)
        let b = PixelRect(x: 6, y: -2, width: 10, height: 5)
        #expect(a.intersection(b) == PixelRect(x: 6, y: 0, width: 4, height: 3))
        #expect(a.union(b) == PixelRect(x: 0, y: -2, width: 16, height: 12))
        #expect(a.intersection(PixelRect(x: 10, y: 0, width: 1, height: 1)) == .empty)
        #expect(a.union(.empty) == a)
        #expect(PixelRect.empty.union(b) == b)
    }
}

@Suite struct PaletteTests {
    @Test func equalsByContentAndTransparentIndex() {
        let colors: [UInt8] = [1, 2, 3, 4, 5, 6]
        #expect(Palette(rgb: colors) == Palette(rgb: colors))
        #expect(Palette(rgb: colors).hashValue == Palette(rgb: colors).hashValue)
        #expect(Palette(rgb: colors) != Palette(rgb: colors, transparentIndex: 1))
        #expect(Palette(rgb: colors) != Palette(rgb: [1, 2, 3, 4, 5, 7]))
        #expect(Palette(rgb: colors).count == 2)
    }
}
