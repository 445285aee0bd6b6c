import Media
import PixelKernels
import Testing
import Threads

@testable import Restoration

@Suite struct HeldPartsTests {
    private static let size = PixelSize(width: 160, height: 96)
    private static let limits = HeldParts.Limits(lostText: 0.4, lost: 0.5, softened: 0.95)
    private let pool = WorkerPool(concurrency: 2)
    private let parts = HeldParts(size, limits)

    /// A gray picture, R, G, B, A.
    private struct Gray: Equatable, CustomTestStringConvertible {
        var pixels: [UInt8]
        /// A failed test does not print them.
        var testDescription: String { "a picture" }
    }

    private func picture(_ level: (_ x: Int, _ y: Int) -> Int) -> Gray {
        let pixels = (0..<Self.size.area).flatMap { pixel -> [UInt8] in
            let (y, x) = pixel.quotientAndRemainder(dividingBy: Self.size.width)
            let value = UInt8(clamping: level(x, y))
            return [value, value, value, 255]
        }
        return Gray(pixels: pixels)
    }

    private func planes(_ picture: Gray) -> Tensor {
        let tensor = Tensor(3, Self.size.height, Self.size.width)
        for channel in 0..<3 {
            for pixel in 0..<Self.size.area {
                tensor.view.plane(channel)[pixel] = Float(picture.pixels[4 * pixel + channel]) / 127.5 - 1
            }
        }
        return tensor
    }

    /// Runs a search; `found` is what the flows find of each frame in the other one.
    private func find(
        _ first: Gray, _ second: Gray, made: Gray, found: (Gray, Gray), window: [Int] = [0, 1],
        at t: Float = 0.5, isFlatArt: Bool = false
    ) -> Bool {
        let frames = [planes(first), planes(second)]
        let others = [planes(found.0), planes(found.1)]
        return parts.find(
            window, PictureCells.Pictures(first: first.pixels, second: second.pixels, made: made.pixels), at: t,
            isFlatArt: isFlatArt, in: .all(height: Self.size.height, width: Self.size.width), on: pool
        ) { index, add in
            // In two pieces, as a large canvas has them.
            for rows in [0..<40, 40..<Self.size.height] {
                var region = Region(height: Self.size.height, width: Self.size.width)
                region.insert(rows: rows, columns: 0..<Self.size.width)
                add(PictureCells.Part(frame: frames[index].view, found: others[index].view, region: region))
            }
        }
    }

    /// Black strokes on white: a line of text, in the lower half.
    private func text(_ phase: Int, ink: Int = 0) -> (Int, Int) -> Int {
        { x, y in (60..<72).contains(y) && (20..<100).contains(x) && (x + phase) % 7 < 3 && y % 5 != phase ? ink : 255 }
    }

    private func bar(at left: Int, _ x: Int, _ y: Int) -> Int? {
        (8..<20).contains(y) && (left..<left + 30).contains(x) ? 60 + (x - left) * 4 : nil
    }

    @Test func aTextThatFadesIntoItsGroundOnTheWayToAnotherStays() {
        let (first, second, blank) = (picture(text(0)), picture(text(2)), picture { _, _ in 255 })
        #expect(find(first, second, made: blank, found: (blank, blank)))
        var held = blank
        parts.hold(first.pixels, second.pixels, at: 0.5, in: &held.pixels)
        #expect(held == first)
    }

    /// A disc on white, beside letters.
    private func disc(_ ink: Int, _ letters: @escaping (Int, Int) -> Int = { _, _ in 255 }) -> Gray {
        picture { x, y in
            (x - 40) * (x - 40) + (y - 66) * (y - 66) < 200 ? ink : x < 64 ? 255 : letters(x, y)
        }
    }

    /// Its edge stands, and what flows make of it is anything.
    @Test(arguments: [Float(0.25), 0.5]) func aShapeThatTakesAnotherColorFades(t: Float) {
        let blank = picture { _, _ in 255 }
        #expect(find(disc(0), disc(160), made: blank, found: (blank, blank), at: t, isFlatArt: true))
        var made = blank
        parts.hold(disc(0).pixels, disc(160).pixels, at: t, in: &made.pixels)
        #expect(made == disc(Int(160 * t)))
    }

    @Test func lettersBesideAShapeThatFadesStay() {
        let (first, second, blank) = (disc(0, text(0)), disc(160, text(2)), picture { _, _ in 255 })
        #expect(find(first, second, made: blank, found: (blank, blank), isFlatArt: true))
        var made = blank
        parts.hold(first.pixels, second.pixels, at: 0.5, in: &made.pixels)
        #expect(made == disc(80, text(0)))
    }

    /// All of both is edges, wherever they are.
    @Test func aTextureThatAnotherOneReplacesStays() {
        func texture(_ phase: Int) -> Gray {
            picture { x, y in (20..<60).contains(x) && (40..<80).contains(y) ? (x * 67 + y * 31 + phase) % 256 : 255 }
        }
        let blank = picture { _, _ in 255 }
        #expect(find(texture(0), texture(120), made: blank, found: (blank, blank), isFlatArt: true))
        var made = texture(0)
        parts.hold(texture(0).pixels, texture(120).pixels, at: 0.5, in: &made.pixels)
        #expect(made == texture(0))
    }

    @Test func aBarThatMovesSharplyIsNotHeld() {
        let (first, second) = (picture { bar(at: 40, $0, $1) ?? 255 }, picture { bar(at: 60, $0, $1) ?? 255 })
        let made = picture { bar(at: 50, $0, $1) ?? 255 }
        #expect(!find(first, second, made: made, found: (first, second)))
    }

    @Test func aTextThatIsReplacedStaysBesideABarThatMovesOn() {
        func slide(_ left: Int, _ letters: (Int, Int) -> Int) -> Gray {
            picture { bar(at: left, $0, $1) ?? letters($0, $1) }
        }
        let (first, second) = (slide(40, text(0)), slide(60, text(2)))
        let made = slide(50) { _, _ in 255 }
        let blank = { (_: Int, _: Int) in 255 }
        #expect(find(first, second, made: made, found: (slide(40, blank), slide(60, blank))))
        var held = made
        parts.hold(first.pixels, second.pixels, at: 0.5, in: &held.pixels)
        #expect(held == slide(50, text(0)))
    }

    @Test func aWindowThatOpensStaysClosedUntilItIsThere() {
        let first = picture { x, y in 200 + (x / 8 + y / 8) % 2 * 30 }
        func isInside(_ x: Int, _ y: Int) -> Bool { (50..<110).contains(x) && (30..<66).contains(y) }
        let second = picture { x, y in isInside(x, y) ? (y % 6 < 2 ? 20 : 240) : 200 + (x / 8 + y / 8) % 2 * 30 }
        let made = picture { x, y in
            isInside(x, y) ? (y % 6 < 2 ? 150 : 215) : 200 + (x / 8 + y / 8) % 2 * 30
        }
        #expect(find(first, second, made: made, found: (second, first)))
    }

    @Test func aFilmThatMovesEverywhereIsNeverHeld() {
        let (first, second) = (picture { x, y in x * 3 + y }, picture { x, y in x * 3 + y + 24 })
        let blank = picture { _, _ in 128 }
        #expect(!find(first, second, made: blank, found: (second, first)))
    }

    @Test func flatArtThatMovesEverywhereIsHeldIfTheFlowsLoseIt() {
        let (first, second) = (picture { x, y in x * 3 + y }, picture { x, y in x * 3 + y + 24 })
        #expect(!find(first, second, made: first, found: (first, second), isFlatArt: true))
        #expect(find(first, second, made: first, found: (second, first), window: [1, 2], isFlatArt: true))
    }

    /// A dog that runs looks better blended than frozen. Of a drawing with as much texture a fifth is flat; a caption on a film stands
    /// out.
    @Test(arguments: [(0, 130, false), (2, 130, true), (0, 40, true)])
    func aPartThatFlowsLoseIsHeldOnlyIfItIsDrawnOrStandsOut(flatRows: Int, level: Int, isHeld: Bool) {
        func texture(_ x: Int, _ y: Int) -> Int { y % 8 < flatRows + 1 ? 0 : (x * 7 + y * 11) % 50 }
        func isInside(_ left: Int, _ x: Int, _ y: Int) -> Bool {
            (left..<left + 40).contains(x) && (30..<66).contains(y)
        }
        func film(_ left: Int) -> Gray {
            picture { x, y in
                isInside(left, x, y) ? level + texture(x, y) : 160 + (flatRows > 0 ? 0 : (x * 5 + y * 3) % 9 * 3)
            }
        }
        let (first, second) = (film(30), film(80))
        let made = picture { x, y in isInside(55, x, y) ? (level + 160) / 2 : 160 }
        #expect(find(first, second, made: made, found: (second, first)) == isHeld)
    }

    /// The light on a wall, and leaves far away.
    @Test func aPartThatChangesByAFewLevelsIsNotHeld() {
        func isInside(_ x: Int, _ y: Int) -> Bool { (50..<110).contains(x) && (30..<66).contains(y) }
        func wall(_ levels: Int) -> Gray { picture { x, y in isInside(x, y) && y % 6 < 2 ? 200 - levels : 200 } }
        #expect(!find(wall(0), wall(10), made: wall(0), found: (wall(10), wall(0))))
        #expect(find(wall(0), wall(20), made: wall(0), found: (wall(20), wall(0)), window: [1, 2]))
    }

    @Test func noiseOfAFewPixelsIsNotHeld() {
        let first = picture { _, _ in 255 }
        let second = picture { x, y in (40..<47).contains(x) && (40..<49).contains(y) ? 0 : 255 }
        #expect(!find(first, second, made: first, found: (second, first)))
        let larger = picture { x, y in (40..<48).contains(x) && (40..<48).contains(y) ? 0 : 255 }
        #expect(find(first, larger, made: first, found: (larger, first), window: [1, 2]))
    }

    @Test func aPartThatWasHeldKeepsItsVerdictALittleLonger() {
        let (first, second, blank) = (picture(text(0)), picture(text(2)), picture { _, _ in 255 })
        // Three eighths of the difference are not found.
        func mixed(_ one: Gray, _ other: Gray) -> Gray {
            Gray(pixels: zip(one.pixels, other.pixels).map { UInt8((Int($0) * 5 + Int($1) * 3) / 8) })
        }
        let nearly = (mixed(first, second), mixed(second, first))
        #expect(!find(first, second, made: blank, found: nearly, window: [0, 1]))
        #expect(find(first, second, made: blank, found: (blank, blank), window: [1, 2]))
        #expect(find(first, second, made: blank, found: nearly, window: [2, 3]))
    }

    @Test func oneInBetweenInTheMiddleTellsForAllOfAWindow() {
        let (first, second, blank) = (picture(text(0)), picture(text(2)), picture { _, _ in 255 })
        #expect(find(first, second, made: blank, found: (blank, blank), at: 0.3))
        #expect(find(first, second, made: first, found: (first, second), at: 0.6))
    }

    @Test func blurIsJudgedAtTheFirstInBetweenThatShowsIt() {
        func isInside(_ x: Int, _ y: Int) -> Bool { (50..<110).contains(x) && (30..<66).contains(y) }
        let first = picture { _, _ in 200 }
        let second = picture { x, y in isInside(x, y) ? (y % 6 < 2 ? 120 : 240) : 200 }
        #expect(!find(first, second, made: first, found: (second, first), at: 0.1))
        #expect(find(first, second, made: first, found: (second, first), at: 0.3))
        #expect(find(first, second, made: second, found: (first, second), at: 0.9))
    }
}
