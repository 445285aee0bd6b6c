import Media
import TestSupport
import Testing

@testable import Restoration

@Suite struct HandMadePatternTests {
    private func frame(_ color: (Int, Int) -> Int?) -> Frame {
        Frame.painted(0, width: 96, height: 64, palette: .grays(16), start: 0, duration: 10, color)
    }

    /// A threshold for each pixel of a square of 4x4, as encoders' ordered dither has it.
    private let ordered = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]

    @Test func areasWithCheckerboardsBetweenThemAreMadeByHand() {
        let art = frame { x, y in
            if (x - 40) * (x - 40) + (y - 20) * (y - 20) < 150 { return 15 }
            let band = y / 12
            return y % 12 < 6 ? band : (x + y) % 2 == 0 ? band : band + 1
        }
        #expect(HandMadePattern.isIn(art))
    }

    @Test func aGradientInOrderedDitherIsNot() {
        let dithered = frame { x, y in
            let level = Double(x) * 3 / 96
            return Int(level) + (level - level.rounded(.down) > (Double(ordered[y % 4 * 4 + x % 4]) + 0.5) / 16 ? 1 : 0)
        }
        #expect(!HandMadePattern.isIn(dithered))
    }

    @Test func errorDiffusionIsNot() {
        var errors = [Double](repeating: 0, count: 98)
        let diffused = frame { x, y in
            if x == 0 && y == 0 { errors = Array(repeating: 0, count: 98) }
            let wanted = 2 + Double(y) / 40 + errors[x]
            let level = wanted.rounded()
            errors[x] = (wanted - level) / 2
            errors[x + 1] += (wanted - level) / 2
            return Int(level)
        }
        #expect(!HandMadePattern.isIn(diffused))
    }

    @Test func flatArtWithoutACheckerboardIsLeftToTheClassifier() {
        #expect(!HandMadePattern.isIn(frame { x, _ in x / 12 }))
    }

    @Test func artOfManyColorsIsNot() {
        let palette = Palette(rgb: (0..<64).flatMap { [UInt8($0 * 4), 0, UInt8(255 - $0)] })
        let many = Frame.painted(0, width: 128, height: 32, palette: palette, start: 0, duration: 10) { x, y in
            y < 16 ? x / 2 : (x + y) % 2
        }
        #expect(!HandMadePattern.isIn(many))
    }

    @Test(arguments: [(1, 1), (2, 9), (9, 2)])
    func aFrameWithoutAnInsideIsNot(width: Int, height: Int) {
        let tiny = Frame.painted(0, width: width, height: height, palette: .grays(2), start: 0, duration: 10) { x, y in
            (x + y) % 2
        }
        #expect(!HandMadePattern.isIn(tiny))
    }
}
