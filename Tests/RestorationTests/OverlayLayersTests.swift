import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct OverlayLayersTests {
    private let size = PixelSize(width: 93, height: 61)
    private let pool = WorkerPool(concurrency: 2)

    /// A motion of at most `pixels` to every side, different from pixel to pixel.
    private func motion(_ pixels: Float, _ random: inout SplitMix64) throws -> OverlayLayers.Motion {
        let slomo = try TestModels().load().slomo
        let state = slomo.makeState(height: size.height, width: size.width)
        state.flow.moving = .all(height: size.height, width: size.width)
        slomo.publishFlow(state, on: pool)
        let most = pixels / slomo.configuration.maxFlow
        for (view, limit) in [(state.ft0, most), (state.ft1, most), (state.visibility, 1)] {
            for value in 0..<view.shape.count { view.pointer[value] = Float.random(in: -limit...limit, using: &random) }
        }
        return OverlayLayers.Motion(slomo: slomo, state: state, time: 0.375)
    }

    private func shown(_ random: inout SplitMix64) -> OverlayLayers.Shown {
        let restored = Tensor(3, size.height, size.width)
        restored.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] = Float.random(in: -1...1, using: &random) }
        }
        let picture = (0..<4 * size.area).map { _ in UInt8.random(in: 0...255, using: &random) }
        return OverlayLayers.Shown(restored: restored.view, picture: picture)
    }

    /// Layers that are made around the overlay only give what those of the whole picture give.
    @Test(arguments: [0, 1.5, 7] as [Float])
    func anOverlayIsComposedAsInTheWholePicture(pixels: Float) throws {
        var random = SplitMix64(seed: 3)
        let (motion, a, b) = (try motion(pixels, &random), shown(&random), shown(&random))
        let mask = BytePlane(size)
        let part = Region.Patch(rows: 20..<31, columns: 40..<59)
        for y in part.rows {
            for x in part.columns where Int.random(in: 0..<3, using: &random) > 0 { mask.row(y)[x] = 1 }
        }
        var moving = Region(height: size.height, width: size.width)
        moving.insert(rows: 25..<size.height, columns: 3..<size.width)
        let layers = OverlayLayers(size)
        let pictures = [part, Region.Patch(rows: 0..<size.height, columns: 0..<size.width)].map { part in
            var pixels = a.picture
            layers.compose(
                OverlayLayers.Overlay(mask: mask, part: part), in: moving, a, b, motion, into: &pixels, on: pool)
            return pixels
        }
        #expect(pictures[0] == pictures[1] && pictures[0] != a.picture)
    }
}
