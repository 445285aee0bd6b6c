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

    /// Steps out of each color until another one is nearer, or the range ends.
    @Test func aCellReachesToTheNearestBorder() {
        var generator = SplitMix64(seed: 10)
        for count in [2, 7, 64, 256] {
            let rgb = (0..<count * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let colors = PaletteColors(Palette(rgb: rgb))
            let all = (0..<count).map { SIMD3(Double(rgb[$0 * 3]), Double(rgb[$0 * 3 + 1]), Double(rgb[$0 * 3 + 2])) }
            for index in stride(from: 0, to: count, by: 1 + count / 16) {
                let reach = colors.reach(of: PaletteColors.key(rgb[index * 3], rgb[index * 3 + 1], rgb[index * 3 + 2]))
                for side in 0..<6 {
                    var axis = SIMD3<Double>(repeating: 0)
                    axis[side / 2] = side.isMultiple(of: 2) ? 1 : -1
                    func isInside(_ length: Double) -> Bool {
                        let point = all[index] + length * 127.5 * axis
                        let own = length * 127.5 * length * 127.5
                        let isNearest = all.allSatisfy {
                            $0 == all[index] || (($0 - point) * ($0 - point)).sum() >= own
                        }
                        return isNearest && point.min() >= 0 && point.max() <= 255
                    }
                    #expect(reach[side] < 1e-5 || isInside(Double(reach[side]) - 1e-5))
                    #expect(reach[side] >= 1 || !isInside(Double(reach[side]) + 1e-5))
                }
            }
        }
    }

    @Test func theTransparentColorIsNoCandidate() {
        let rgb: [UInt8] = [10, 10, 10, 20, 10, 10, 90, 10, 10]
        let colors = PaletteColors(Palette(rgb: rgb, transparentIndex: 1))
        #expect(colors.rgb == [10, 10, 10, 90, 10, 10])
        #expect(abs(colors.radius(of: PaletteColors.key(10, 10, 10)) - Float(80) / 255) < 1e-6)
        #expect(colors.radius(of: PaletteColors.key(20, 10, 10)) == 0)
        #expect(colors.reach(of: PaletteColors.key(20, 10, 10)) == .zero)
    }

    @Test func aSingleColorHasTheLargestRadius() {
        let colors = PaletteColors(Palette(rgb: [5, 5, 5, 5, 5, 5]))
        #expect(colors.rgb == [5, 5, 5])
        #expect(colors.radius(of: PaletteColors.key(5, 5, 5)) == PaletteColors.limit)
    }
}
