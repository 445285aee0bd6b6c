import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct DenseInverseSearchTests {
    private let pool = WorkerPool(concurrency: 2)

    /// Smooth noise with detail of all sizes.
    private struct Texture {
        private let values: [[Float]]

        init() {
            var random = SplitMix64(seed: 8)
            values = (0..<64).map { _ in (0..<64).map { _ in Float.random(in: 0...255, using: &random) } }
        }

        /// The level at a place, from 0 on.
        func level(_ y: Float, _ x: Float) -> Float {
            var sum: Float = 0
            for scale in [Float(4), 11, 29] {
                let (row, column) = (y / scale + 100, x / scale + 100)
                let (top, left) = (Int(row), Int(column))
                let (down, across) = (row - Float(top), column - Float(left))
                func corner(_ dy: Int, _ dx: Int) -> Float { values[(top + dy) % 64][(left + dx) % 64] }
                let above = (1 - across) * corner(0, 0) + across * corner(0, 1)
                sum += (1 - down) * above + down * ((1 - across) * corner(1, 0) + across * corner(1, 1))
            }
            return sum / 3
        }
    }

    /// A search in two frames whose levels are given by row and column.
    private func search(
        _ height: Int, _ width: Int, _ first: @escaping (Int, Int) -> Float,
        _ second: @escaping (Int, Int) -> Float
    ) -> DenseInverseSearch {
        let search = DenseInverseSearch(height: height, width: width)
        for (index, level) in [first, second].enumerated() {
            let line = search.luma(index).plane(0)
            for y in 0..<height { for x in 0..<width { line[y * width + x] = level(y, x) } }
        }
        search.makePyramid(on: pool)
        return search
    }

    private func whole(_ height: Int, _ width: Int) -> Region.Patch {
        Region.Patch(rows: 0..<height, columns: 0..<width)
    }

    private func largest(_ flow: TensorView) -> Float {
        PixelOperations(on: pool).largestMagnitude(of: flow)
    }

    /// The share of the pixels, but for `margin` at the edge, whose flow is within half a pixel of another one.
    private func share(_ flow: TensorView, near x: Float, _ y: Float, margin: Int) -> Double {
        let (height, width) = (flow.shape.height, flow.shape.width)
        var count = 0
        for row in margin..<height - margin {
            for column in margin..<width - margin {
                let at = row * width + column
                if abs(flow.plane(0)[at] - x) < 0.5 && abs(flow.plane(1)[at] - y) < 0.5 { count += 1 }
            }
        }
        return Double(count) / Double((height - 2 * margin) * (width - 2 * margin))
    }

    /// Farther than a patch is wide, in frames of even and odd sizes.
    @Test(arguments: [(96, 128, 21, -13), (75, 101, -17, 9), (64, 64, 0, 3)] as [(Int, Int, Float, Float)])
    func aFrameThatMovesIsFollowedThereAndBack(height: Int, width: Int, x: Float, y: Float) {
        let texture = Texture()
        let search = search(
            height, width, { texture.level(Float($0), Float($1)) },
            { texture.level(Float($0) - y, Float($1) - x) })
        let there = search.find(from: 0, in: whole(height, width), on: pool)
        #expect(share(there, near: x, y, margin: 24) > 0.95)
        let back = search.find(from: 1, in: whole(height, width), on: pool)
        #expect(share(back, near: -x, -y, margin: 24) > 0.95)
    }

    /// A square of 24 pixels that moves farther than it is wide, over another texture that stands still.
    @Test func aPartThatMovesFarIsFollowedAndTheRestStands() {
        let texture = Texture()
        func frame(_ left: Int) -> (Int, Int) -> Float {
            { y, x in
                (40..<64).contains(y) && (left..<left + 24).contains(x)
                    ? 255 - texture.level(Float(y), Float(x - left)) / 4 : texture.level(Float(y + 70), Float(x)) / 2
            }
        }
        let flow = search(104, 160, frame(30), frame(58)).find(from: 0, in: whole(104, 160), on: pool)
        let inner = flow.plane(0) + 52 * 160 + 42
        #expect(abs(inner[0] - 28) < 1, "\(inner[0])")
        #expect(abs(flow.plane(0)[20 * 160 + 120]) < 0.1 && abs(flow.plane(1)[20 * 160 + 120]) < 0.1)
    }

    @Test func outsideOfTheRegionTheFlowIsZero() {
        let texture = Texture()
        let search = search(
            80, 96, { texture.level(Float($0), Float($1)) }, { texture.level(Float($0), Float($1 - 5)) })
        _ = search.find(from: 0, in: whole(80, 96), on: pool)
        let flow = search.find(from: 0, in: Region.Patch(rows: 40..<60, columns: 48..<64), on: pool)
        #expect(flow.plane(0)[10 * 96 + 10] == 0 && flow.plane(0)[75 * 96 + 90] == 0)
        #expect(abs(flow.plane(0)[50 * 96 + 56] - 5) < 0.5)
    }

    @Test func plainFramesStandStill() {
        let flow = search(40, 40, { _, _ in 90 }, { _, _ in 200 }).find(from: 0, in: whole(40, 40), on: pool)
        #expect(largest(flow) == 0)
    }

    /// The smallest frames are one patch.
    @Test(arguments: [8, 9, 23, 24, 25]) func smallFramesAreSearched(side: Int) {
        let texture = Texture()
        let search = search(
            side, side, { texture.level(Float($0), Float($1)) }, { texture.level(Float($0), Float($1 - 1)) })
        let flow = search.find(from: 0, in: whole(side, side), on: pool)
        #expect(largest(flow) < 40)
        #expect(!DenseInverseSearch.serves(height: 7, width: side))
    }
}
