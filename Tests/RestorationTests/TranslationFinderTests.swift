import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct TranslationFinderTests {
    private static let size = PixelSize(width: 256, height: 192)
    private static let scale: Float = 80
    /// Rows of a header that stands above a page.
    private static let header = 32
    private let pool = WorkerPool(concurrency: 2)
    private let page = Glyphs(seed: 4)

    /// Random marks of 6 x 9 pixels, in strokes of two, in lines of 20.
    private struct Glyphs {
        private static let lines = 64
        private var bits: [UInt32] = []

        init(seed: UInt64) {
            var generator = SplitMix64(seed: seed)
            bits = (0..<Self.lines * 64).map { _ in UInt32.random(in: 0...UInt32.max, using: &generator) }
        }

        /// Whether the page is black there.
        func isInk(_ x: Int, _ y: Int) -> Bool {
            let (line, row) = (y + 20 * 16).quotientAndRemainder(dividingBy: 20)
            let (column, across) = (x + 640).quotientAndRemainder(dividingBy: 8)
            if row >= 9 || across >= 6 { return false }
            let mark = bits[(line % Self.lines) * 64 + column % 64]
            return mark >> UInt32(row / 2 * 3 + across / 2) & 1 == 1
        }
    }

    private func input(_ index: Int, _ level: (_ x: Int, _ y: Int) -> Int) -> FrameInput {
        let frame = Frame.painted(
            index, width: Self.size.width, height: Self.size.height, palette: .grays(16), start: 10 * index,
            duration: 10
        ) { x, y in level(x, y) }
        let input = FrameInput(size: Self.size, cache: PaletteCache(), on: pool)
        input.fill(frame, on: .white)
        return input
    }

    private func level(_ x: Int, _ y: Int) -> Int { page.isInk(x, y) ? 1 : 14 }

    private var all: Region { .all(height: Self.size.height, width: Self.size.width) }

    private func flows(_ kind: Bool) -> [any FlowMap] {
        (0..<2).map { _ -> any FlowMap in
            let shape = TensorShape(2, Self.size.height, Self.size.width)
            return kind ? PackedPlanes(shape, range: 5) : Tensor(shape).view
        }
    }

    @discardableResult
    private func correct(_ flows: [any FlowMap], _ a: FrameInput, _ b: FrameInput, in moving: Region) -> (
        moving: Region, isTranslated: Bool
    ) {
        TranslationFinder(size: Self.size).correct(
            flows[0], flows[1], from: a, to: b, in: moving, scale: Self.scale, on: pool)
    }

    /// The share of a rectangle's pixels whose flow is a translation, to a tenth of a pixel.
    private func share(of flow: any FlowMap, _ x: Float, _ y: Float, in part: PixelRect) -> Float {
        var count = 0
        for row in part.y..<part.maxY {
            for column in part.x..<part.maxX {
                let found = Self.scale * flow.flow(row: row, column: column)
                if abs(found.x - x) < 0.1 && abs(found.y - y) < 0.1 { count += 1 }
            }
        }
        return Float(count) / Float(part.area)
    }

    /// Flows of a network that has found nothing, kept as floats and as shorts.
    @Test(arguments: [false, true], [(0, -16), (37, 0), (-24, 12), (3, -61)])
    func aPageThatScrollsMovesAsOneBelowAHeaderThatStands(isPacked: Bool, way: (x: Int, y: Int)) {
        let header = Glyphs(seed: 9)
        let frames = (0..<2).map { index in
            input(index) { x, y in
                if y < Self.header { return header.isInk(x, y) ? 0 : 12 }
                return level(x - index * way.x, y - index * way.y)
            }
        }
        let flows = flows(isPacked)
        correct(flows, frames[0], frames[1], in: all)
        for (flow, sign) in zip(flows, [1, -1]) {
            let (x, y) = (sign * way.x, sign * way.y)
            // The pixels that are there in both frames, without those that come near to a border.
            let left = max(0, -x), top = max(Self.header, Self.header - y)
            let seen = PixelRect(
                x: left + 24, y: top + 24, width: Self.size.width - abs(x) - 48,
                height: Self.size.height - Self.header - abs(y) - 48)
            #expect(share(of: flow, Float(x), Float(y), in: seen) > 0.98)
            let above = PixelRect(x: 0, y: 0, width: Self.size.width, height: Self.header - 8)
            #expect(share(of: flow, 0, 0, in: above) > 0.98)
        }
    }

    @Test func aTranslationIsFoundToAFractionOfAPixel() {
        /// The mean of two rows.
        func between(_ x: Int, _ y: Int) -> Int { (level(x, y) + level(x, y + 1)) / 2 }
        let frames = [input(0, level), input(1) { between($0, $1 + 16) }]
        let flows = flows(false)
        correct(flows, frames[0], frames[1], in: all)
        let found = Self.scale * flows[0].flow(row: 90, column: 128)
        #expect(abs(found.x) < 0.1 && abs(found.y + 16.5) < 0.3)
    }

    /// A part that moves passes pixels that are equal in both frames; farther away flows stay.
    @Test func theRegionGrowsByTheWayOfWhatMoves() {
        let frames = [input(0, level), input(1) { level($0, $1 + 16) }]
        let flows = flows(false)
        var moving = Region(height: Self.size.height, width: Self.size.width)
        moving.insert(rows: 56..<Self.size.height - 16, columns: 30..<200)
        let (grown, isTranslated) = correct(flows, frames[0], frames[1], in: moving)
        #expect(isTranslated)
        for row in 0..<Self.size.height {
            let isNear = (40..<Self.size.height).contains(row)
            #expect(isNear ? grown[row].clamped(to: 40..<190) == 40..<190 : grown[row].isEmpty, "row \(row)")
            #expect(grown[row].isEmpty || (30..<200).contains(grown[row].lowerBound) && grown[row].upperBound <= 200)
        }
        #expect(share(of: flows[0], 0, -16, in: PixelRect(x: 60, y: 70, width: 100, height: 80)) > 0.98)
        for flow in flows {
            #expect(share(of: flow, 0, 0, in: PixelRect(x: 0, y: 0, width: 256, height: 40)) == 1)
            #expect(share(of: flow, 0, 0, in: PixelRect(x: 0, y: 0, width: 30, height: 192)) == 1)
            #expect(share(of: flow, 0, 0, in: PixelRect(x: 200, y: 0, width: 56, height: 192)) == 1)
        }
    }

    /// Flows that explain the motion, another page in its place, less motion than a network needs help for, and noise.
    @Test func flowsStayWhereNoTranslationIsBetter() {
        let right = flows(false)
        for (flow, y) in zip(right, [Float(-16), 16]) {
            for row in 0..<Self.size.height {
                flow.fill(row: row, 0..<Self.size.width, with: Translation(x: 0, y: y / Self.scale))
            }
        }
        let first = input(0, level)
        correct(right, first, input(1) { level($0, $1 + 16) }, in: all)
        #expect(share(of: right[0], 0, -16, in: Self.size.bounds) == 1)
        #expect(share(of: right[1], 0, 16, in: Self.size.bounds) == 1)
        let other = Glyphs(seed: 5)
        var generator = SplitMix64(seed: 6)
        let noise = (0..<Self.size.area).map { _ in Int.random(in: 0...15, using: &generator) }
        for second in [
            input(1) { other.isInk($0, $1) ? 1 : 14 }, input(1) { level($0, $1 + 2) },
            input(1) { noise[$1 * Self.size.width + $0] },
        ] {
            let flows = flows(false)
            #expect(!correct(flows, first, second, in: all).isTranslated)
            for flow in flows { #expect(share(of: flow, 0, 0, in: Self.size.bounds) == 1) }
        }
    }

    /// Canvases smaller than a few blocks, and of odd sizes.
    @Test(arguments: [(1, 1), (31, 200), (33, 34), (131, 67)]) func smallCanvasesAreLeftAlone(width: Int, height: Int) {
        let size = PixelSize(width: width, height: height)
        let frames = (0..<2).map { index in
            let input = FrameInput(size: size, cache: PaletteCache(), on: pool)
            input.fill(
                Frame.painted(
                    index, width: width, height: height, palette: .grays(16), start: 10 * index, duration: 10
                ) { level($0, $1 + 16 * index) }, on: .white)
            return input
        }
        let flows = (0..<2).map { _ in Tensor(2, height, width) }
        let all = Region.all(height: height, width: width)
        let (grown, isTranslated) = TranslationFinder(size: size).correct(
            flows[0].view, flows[1].view, from: frames[0], to: frames[1], in: all, scale: Self.scale, on: pool)
        #expect(grown == all)
        #expect(isTranslated == flows.contains { $0.array.contains { $0 != 0 } })
        if width * height < 4000 { #expect(flows.allSatisfy { $0.array.allSatisfy { $0 == 0 } }) }
    }
}
