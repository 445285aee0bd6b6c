import Media
import TestSupport
import Testing

@Suite struct ColorExtensionTests {
    /// Visible pixels here and there, each of another color; the numbers are the pixels' own.
    private func picture(_ size: PixelSize, share: Int, seed: UInt64) -> (rgba: [UInt8], ids: [UInt16]) {
        var generator = SplitMix64(seed: seed)
        let rgba = (0..<size.area).flatMap { pixel -> [UInt8] in
            guard Int.random(in: 0..<1000, using: &generator) < share else { return [0, 0, 0, 0] }
            return [UInt8(pixel & 255), UInt8(pixel >> 8), 7, UInt8.random(in: 1...255, using: &generator)]
        }
        return (rgba, (0..<size.area).map { UInt16($0) })
    }

    private func extend(_ rgba: inout [UInt8], _ ids: inout [UInt16], _ size: PixelSize, in part: PixelRect) {
        rgba.withUnsafeMutableBufferPointer { rgba in
            ids.withUnsafeMutableBufferPointer { ids in
                let colors = ColorExtension(of: UnsafeBufferPointer(rgba), size: size, in: part)
                for row in 0..<part.height { colors.extend(row: row, of: rgba, ids: ids) }
            }
        }
    }

    @Test(arguments: [(0, 1), (2, 2), (20, 3), (500, 4), (1000, 5)] as [(Int, UInt64)])
    func transparentPixelsGetTheColorOfTheNearestVisibleOne(share: Int, seed: UInt64) {
        let size = PixelSize(width: 61, height: 47)
        let (known, numbers) = picture(size, share: share, seed: seed)
        let part = PixelRect(x: 5, y: 9, width: 50, height: 30)
        var (rgba, ids) = (known, numbers)
        extend(&rgba, &ids, size, in: part)
        let visible = (0..<size.area).filter { known[4 * $0 + 3] != 0 }
        for pixel in 0..<size.area {
            let (x, y) = (pixel % size.width, pixel / size.width)
            let isInPart = part.x..<part.maxX ~= x && part.y..<part.maxY ~= y
            // Squares of distances, of those within reach.
            func distance(_ other: Int) -> Int? {
                let (dx, dy) = (abs(other % size.width - x), abs(other / size.width - y))
                return dx <= ColorExtension.reach && dy <= ColorExtension.reach ? dx * dx + dy * dy : nil
            }
            let nearest = visible.compactMap(distance).min()
            let source = Int(ids[pixel])
            #expect(rgba[4 * pixel + 3] == known[4 * pixel + 3])
            #expect(rgba[4 * pixel..<4 * pixel + 3] == known[4 * source..<4 * source + 3])
            if known[4 * pixel + 3] == 0 && isInPart && nearest != nil {
                #expect(distance(source) == nearest && known[4 * source + 3] != 0)
            } else {
                #expect(source == pixel)
            }
        }
    }

    @Test func anEmptyPartIsNoMistake() {
        let size = PixelSize(width: 4, height: 3)
        var (rgba, ids) = picture(size, share: 500, seed: 1)
        let before = rgba
        extend(&rgba, &ids, size, in: .empty)
        #expect(rgba == before)
    }
}
