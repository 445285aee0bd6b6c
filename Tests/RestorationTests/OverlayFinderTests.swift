import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct OverlayFinderTests {
    private let size = PixelSize(width: 96, height: 64)
    private let pool = WorkerPool(concurrency: 2)

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

    private func mask(
        _ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, followed: (Int) -> Bool = { _ in false },
        dragged: (Int) -> Bool
    ) -> [UInt8]? {
        mask(size, a, b, firstReach: 16, followed: followed, dragged: dragged)
    }

    /// The mask, whose values lie in the rectangle that the finder tells; nil where it tells of none, and then it is empty.
    private func mask(
        _ size: PixelSize, _ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, firstReach: Int,
        followed: (Int) -> Bool = { _ in false }, dragged isDragged: (Int) -> Bool
    ) -> [UInt8]? {
        let dragged = DraggedPixels(size)
        dragged.find(in: .all(height: size.height, width: size.width), on: pool) { first, flags in
            for index in flags.indices where isDragged(first + index) { flags[index] = 1 }
        }
        let plane = BytePlane(size)
        plane.start.update(repeating: 7, count: size.area)
        let finder = OverlayFinder(size, firstReach: firstReach)
        let part = finder.find(a, b, dragged, isFollowed: followed, into: plane, PixelOperations(on: pool))
        let mask = Array(UnsafeBufferPointer(start: plane.start, count: size.area))
        let found = mask.indices.filter { mask[$0] == 1 }
        let (rows, columns) = (found.map { $0 / size.width }, found.map { $0 % size.width })
        #expect(found.count == mask.filter { $0 != 0 }.count)
        #expect(part?.rows.lowerBound == rows.min() && part?.rows.last == rows.max())
        #expect(part?.columns.lowerBound == columns.min() && part?.columns.last == columns.max())
        return part == nil ? nil : mask
    }

    /// Flows that a test looks at: their readers do not keep them.
    private final class Flows {
        var kept: [Tensor] = []
    }

    private let flows = Flows()

    /// A constant flow, of as many pixels across and down.
    private func followed(
        _ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, by way: (x: Float, y: Float)
    ) -> FollowedPixels {
        let made = [1, -1].map { (sign: Float) -> Tensor in
            let flow = Tensor(2, size.height, size.width)
            for at in 0..<size.area { (flow.values[at], flow.values[size.area + at]) = (sign * way.x, sign * way.y) }
            return flow
        }
        flows.kept += made
        return FollowedPixels(
            first: a.restored, second: b.restored, size: size,
            flows: PublishedFlows(made[0].view, made[1].view, pixels: 1),
            around: Region.Patch(rows: 0..<size.height, columns: 0..<size.width))
    }

    /// The strokes of letters that move down by three pixels stand by what both frames show: they cover themselves.
    @Test func lettersThatMoveByLessThanTheyAreLongAreNoOverlay() throws {
        let frames = [0, 3].map { down in
            frame { x, y in letter(x, y - down).map { ($0, $0, $0) } ?? (90, 120, 150) }
        }
        let moved = followed(frames[0], frames[1], by: (0, 3))
        #expect(mask(frames[0], frames[1]) { _ in true } != nil)
        #expect(mask(frames[0], frames[1], followed: moved.contains) { _ in true } == nil)
    }

    /// Some come to where such letters stood: by both pictures alone these stand. Over a film a flow as large is the film's.
    @Test(arguments: [true, false]) func linesOfAPageThatMoveByALineAreNoOverlay(isPage: Bool) {
        let frames = [0, 24].map { down in
            frame { x, y in
                let row = y - down
                // The second line is the first one's letters again.
                let isLetter = letter(x, row) != nil || letter(x, row + 24) != nil
                return isLetter ? (250, 250, 250) : isPage ? (30, 30, 40) : film(x, y, 0)
            }
        }
        let moved = followed(frames[0], frames[1], by: (0, 24))
        #expect(mask(frames[0], frames[1]) { _ in true } != nil)
        #expect((mask(frames[0], frames[1], followed: moved.contains) { _ in true } == nil) == isPage)
    }

    /// The flow is the film's, and takes the caption along.
    @Test(arguments: [(-8, 0), (-2, 0)] as [(Float, Float)])
    func aCaptionOverAFilmThatIsFollowedIsAnOverlay(x: Float, y: Float) throws {
        let frames = (captioned(0), captioned(Int(-x)))
        let moved = followed(frames.0, frames.1, by: (x, y))
        let found = mask(frames.0, frames.1, followed: moved.contains) { _ in true }
        #expect(found != nil && found == mask(frames.0, frames.1) { _ in true })
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
        let sight = OverlayFinder.Sight(gif: pixels, restored: pixels)
        let found = mask(PixelSize(width: width, height: height), sight, sight, firstReach: 16) { _ in true }
        #expect(found == nil)
    }

    @Test(arguments: 0..<60)
    func aPartOfThePictureTellsWhatTheWholeTells(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let scene = OverlayScene(&random)
        let whole = mask(scene.size, scene.a, scene.b, firstReach: 1000) { scene.isDragged[$0] }
        for reach in [1, 5, 16] {
            let part = mask(scene.size, scene.a, scene.b, firstReach: reach) { scene.isDragged[$0] }
            #expect(part == whole, "reach \(reach)")
        }
    }

    @Test(arguments: 0..<24)
    func overlaysAreWhatTheDefinitionSays(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let scene = OverlayScene(&random)
        let found = mask(scene.size, scene.a, scene.b, firstReach: 1) { scene.isDragged[$0] }
        let expected = PlainOverlays(size: scene.size, a: scene.a, b: scene.b).mask(isDragged: scene.isDragged)
        #expect(found ?? [UInt8](repeating: 0, count: scene.size.area) == expected)
    }

    /// The two tests above tell something only where overlays occur, and scenes without any.
    @Test func theScenesHoldOverlaysOrNone() {
        let found = (0..<24 as Range<UInt64>).filter { seed in
            var random = SplitMix64(seed: seed)
            let scene = OverlayScene(&random)
            return mask(scene.size, scene.a, scene.b, firstReach: 16) { scene.isDragged[$0] } != nil
        }
        #expect((6...18).contains(found.count), "\(found)")
    }
}
