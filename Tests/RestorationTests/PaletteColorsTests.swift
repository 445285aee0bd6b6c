import Media
import TestSupport
import Testing

@testable import Restoration

@Suite struct PaletteColorsTests {
    @Test func theRadiusIsHalfTheDistanceToTheNearestOther() {
        var generator = SplitMix64(seed: 9)
        for count in [2, 7, 64, 256] {
            var rgb = (0..<count * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // A duplicate, as padding makes them, is no other color.
            if count > 4 { rgb.replaceSubrange((count - 1) * 3..<count * 3, with: rgb[0..<3]) }
            let colors = PaletteColors(Palette(rgb: rgb))
            for index in 0..<count {
                let color = rgb[index * 3..<index * 3 + 3].map { Double($0) / 127.5 - 1 }
                let distances = (0..<count).map { other -> Double in
                    let candidate = rgb[other * 3..<other * 3 + 3].map { Double($0) / 127.5 - 1 }
                    return zip(color, candidate).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                }
                let nearest = distances.filter { $0 > 1e-9 }.min() ?? 2
                let key = PaletteColors.key(rgb[index * 3], rgb[index * 3 + 1], rgb[index * 3 + 2])
                #expect(abs(Double(colors.radius(of: key)) - min(1, nearest / 2)) < 1e-6)
            }
        }
    }

    @Test func theTransparentColorIsNoCandidate() {
        let rgb: [UInt8] = [10, 10, 10, 20, 10, 10, 90, 10, 10]
        let colors = PaletteColors(Palette(rgb: rgb, transparentIndex: 1))
        #expect(colors.rgb == [10, 10, 10, 90, 10, 10])
        #expect(abs(colors.radius(of: PaletteColors.key(10, 10, 10)) - Float(80) / 255) < 1e-6)
        #expect(colors.radius(of: PaletteColors.key(20, 10, 10)) == 0)
    }

    @Test func aSingleColorHasTheLargestRadius() {
        let colors = PaletteColors(Palette(rgb: [5, 5, 5, 5, 5, 5]))
        #expect(colors.rgb == [5, 5, 5])
        #expect(colors.radius(of: PaletteColors.key(5, 5, 5)) == PaletteColors.limit)
    }
}
