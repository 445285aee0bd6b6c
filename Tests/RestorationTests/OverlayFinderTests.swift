import Media
import Testing

@testable import Restoration

@Suite struct OverlayFinderTests {
    private let size = PixelSize(width: 96, height: 64)

    private func frame(_ color: (Int, Int) -> (Int, Int, Int)) -> OverlayFinder.Sight {
        var pixels: [UInt8] = []
        for y in 0..<size.height {
            for x in 0..<size.width {
                let (red, green, blue) = color(x, y)
                pixels += [UInt8(clamping: red), UInt8(clamping: green), UInt8(clamping: blue), 255]
            }
        }
        return OverlayFinder.Sight(gif: pixels, restored: pixels)
    }

    /// White letters with a black outline.
    private func letter(_ x: Int, _ y: Int) -> Int? {
        guard (40..<56).contains(y), (10..<82).contains(x) else { return nil }
        let (column, row) = ((x - 10) % 12, y - 40)
        if column >= 10 { return nil }
        let isStroke =
            (3..<6).contains(column) && (2..<14).contains(row) || (2..<5).contains(row) && (2..<8).contains(column)
        let isOutline =
            (2..<7).contains(column) && (1..<15).contains(row) || (1..<6).contains(row) && (1..<9).contains(column)
        return isStroke ? 255 : isOutline ? 0 : nil
    }

    /// A film of waves, panned.
    private func film(_ x: Int, _ y: Int, _ shift: Int) -> (Int, Int, Int) {
        let place = x + shift
        return ((place * 37 + y * 11) % 200, (place * 5) % 180, (place * 13 + y * 29) % 220)
    }

    private func captioned(_ shift: Int) -> OverlayFinder.Sight {
        frame { x, y in letter(x, y).map { ($0, $0, $0) } ?? film(x, y, shift) }
    }

    private func mask(_ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, dragged: (Int) -> Bool) -> [UInt8]? {
        var finder = OverlayFinder(size)
        var mask = [UInt8](repeating: 7, count: size.area)
        return finder.find(a, b, isDragged: dragged, into: &mask) ? mask : nil
    }

    @Test func aCaptionThatTheFlowsTakeAlongIsFound() throws {
        let found = try #require(mask(captioned(0), captioned(8)) { _ in true })
        var (letters, missed, film, taken) = (0, 0, 0, 0)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let isFound = found[y * size.width + x] == 1
                if letter(x, y) != nil {
                    letters += 1
                    if !isFound { missed += 1 }
                } else if y < 36 || y > 60 {
                    film += 1
                    if isFound { taken += 1 }
                }
            }
        }
        #expect(missed * 20 <= letters && taken == 0, "\(missed) of \(letters) missed, \(taken) of \(film) taken")
    }

    @Test func whatTheFlowsLeaveAloneIsLeftToThem() {
        #expect(mask(captioned(0), captioned(8)) { _ in false } == nil)
    }

    @Test func aBackgroundThatSomethingPassesIsLeftToTheFlows() {
        func scene(_ ball: Int) -> OverlayFinder.Sight {
            frame { x, y in
                (x - ball) * (x - ball) + (y - 32) * (y - 32) < 100 ? (220, 40, 30) : film(x / 8 * 8, y / 8 * 8, 0)
            }
        }
        // Flows where the ball is, was, and between.
        let found = mask(scene(30), scene(60)) { pixel in
            (20..<70).contains(pixel % size.width) && (22..<42).contains(pixel / size.width)
        }
        #expect(found == nil)
    }

    @Test func aFilmWithoutACaptionHasNoOverlay() {
        #expect(mask(frame { film($0, $1, 0) }, frame { film($0, $1, 8) }) { _ in true } == nil)
    }

    @Test(arguments: [(1, 1), (7, 40), (40, 7)])
    func smallPicturesHaveNone(width: Int, height: Int) {
        let pixels = [UInt8](repeating: 9, count: width * height * 4)
        var finder = OverlayFinder(PixelSize(width: width, height: height))
        var mask = [UInt8](repeating: 1, count: width * height)
        let sight = OverlayFinder.Sight(gif: pixels, restored: pixels)
        #expect(!finder.find(sight, sight, isDragged: { _ in true }, into: &mask))
        #expect(mask.allSatisfy { $0 == 0 })
    }
}
