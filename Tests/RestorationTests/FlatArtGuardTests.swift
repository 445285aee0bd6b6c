import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct FlatArtGuardTests {
    private let pool = WorkerPool(concurrency: 2)
    private static let limits = FlatArtGuard.Limits(frame: 0.2...0.35, block: 0.08...0.16)

    /// A frame of zeros, moved by `change` palette radii; the radius is 0.1 everywhere.
    private func restored(
        height: Int = 40, width: Int = 50, _ limits: FlatArtGuard.Limits = limits, keepsAll: Bool = false,
        _ change: (_ x: Int, _ y: Int) -> Float
    ) -> (before: [Float], after: [Float]) {
        let gif = Tensor(3, height, width)
        let radius = Tensor(1, height, width)
        radius.view.fill(0.1)
        let target = Tensor(3, height, width)
        target.withUnsafeMutableBufferPointer { values in
            for y in 0..<height {
                for x in 0..<width { values[(height + y) * width + x] = 0.1 * change(x, y) }
            }
        }
        let before = target.array
        FlatArtGuard(height: height, width: width).apply(
            to: SequenceFrame(target.view), gif: gif.view, radius: radius.view, limits, keepsAll: keepsAll,
            on: pool)
        return (before, target.array)
    }

    @Test func aFrameThatHardlyChangesStaysAsItWas() {
        #expect(restored { _, _ in 0.19 }.after.allSatisfy { $0 == 0 })
        // Even where a corner changes much.
        #expect(restored { x, y in x < 8 && y < 8 ? 4 : 0 }.after.allSatisfy { $0 == 0 })
    }

    @Test func aFrameThatChangesIsLeftToTheNetwork() {
        let (before, after) = restored { _, _ in 0.36 }
        #expect(after == before)
    }

    @Test func aFrameKnownToBeArtStaysHoweverFarTheNetworkMovesIt() {
        #expect(restored(keepsAll: true) { _, _ in 4 }.after.allSatisfy { $0 == 0 })
    }

    @Test func theLimitsAreThoseOfTheNetwork() {
        let high = FlatArtGuard.Limits(frame: 0.4...0.5, block: 0.08...0.16)
        #expect(restored(high) { _, _ in 0.36 }.after.allSatisfy { $0 == 0 })
        let (before, after) = restored(FlatArtGuard.Limits(frame: 0.01...0.02, block: 0.01...0.02)) { _, _ in 0.05 }
        #expect(after == before)
    }

    @Test func betweenTheBoundsTheChangeFades() throws {
        let (before, after) = restored { _, _ in 0.275 }
        let at = try #require(before.firstIndex { $0 != 0 })
        #expect(abs(after[at] / before[at] - 0.5) < 1e-3)
    }

    @Test func aQuietPartOfABusyFrameStaysAsItWas() {
        let (height, width) = (64, 96)
        let (before, after) = restored(height: height, width: width) { x, _ in x < 48 ? 1.5 : 0.05 }
        for y in 0..<height {
            for x in 0..<width {
                let at = (height + y) * width + x
                // The weight fades between the centers of the blocks on both sides of the seam.
                if x < 40 { #expect(after[at] == before[at]) }
                if x >= 56 { #expect(after[at] == 0) }
                if x > 40 && x < 48 { #expect(after[at] < before[at] && after[at] > 0) }
            }
        }
    }

    @Test(arguments: [(1, 1), (1, 40), (17, 1), (16, 16), (33, 15)])
    func everySizeIsFine(height: Int, width: Int) {
        let (before, after) = restored(height: height, width: width) { _, _ in 2 }
        #expect(after == before)
        #expect(restored(height: height, width: width) { _, _ in 0.05 }.after.allSatisfy { $0 == 0 })
    }
}
