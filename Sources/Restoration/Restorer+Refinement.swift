import Inference
import Media
import Threads

extension Restorer {
    /// What makes a window's in-betweens, on any of the pool's threads.
    struct Refinement {
        let models: ModelSet
        let state: State
        let keepsAlpha: Bool
        let pool: WorkerPool

        private var operations: PixelOperations { PixelOperations(on: pool) }

        /// What of the difference between two frames the flows may leave for in-betweens to be shown; nil: all.
        ///
        /// Of flat art, scrolling text, windows that open and a chart's bars leave more than that, and their in-betweens are
        /// rubble; shapes that move leave less (scenes of quality/flat_art.py in Training). Flows of several views leave less of
        /// all of them: text 0.25 and more, what moves well 0.21 at most. Of what looks like another scene,
        /// frames of different clips leave more, and most of those of a car that drives by less. Which are held says
        /// docs/quality.md, of the weights there.
        private func mostUnexplained(_ a: FrameSlot, _ b: FrameSlot) -> Float? {
            if a.isFlat && b.isFlat { return models.slomo.hasViews ? 0.23 : 0.33 }
            return b.beginsScene == true ? 0.55 : nil
        }

        /// Network C at time t. What cannot be followed, flat art or another scene, stays until the next frame: letters and
        /// windows do not melt, faces do not become others.
        func between(_ a: FrameSlot, _ b: FrameSlot, at t: Float) -> [UInt8] {
            // Once for all of a window.
            if b.follows(a), state.slomo.heldWindow == b.frame.index { return a.picture }
            let (made, moving) = models.slomo.interpolate(
                a.restored.view, b.restored.view, at: t, novelty: novelty(a, b), state: state.slomo, on: pool)
            state.slomo.pictureWindow = b.follows(a) ? b.frame.index : nil
            if let most = mostUnexplained(a, b), models.slomo.unexplained(state: state.slomo, operations) > most {
                state.slomo.heldWindow = state.slomo.pictureWindow
                return a.picture
            }
            var pixels = a.picture
            pixels.withUnsafeMutableBufferPointer { operations.store(made, intoRGBA: $0, in: moving) }
            if keepsAlpha && (a.hasTransparency || b.hasTransparency) {
                blendAlpha(a, b, at: t, into: &pixels)
            }
            return pixels
        }

        /// Where the frames differ from those of the last in-between.
        private func novelty(_ a: FrameSlot, _ b: FrameSlot) -> SuperSlomo.Novelty {
            guard b.follows(a) else { return SuperSlomo.Novelty() }
            var novelty = SuperSlomo.Novelty(between: b.changedRestored)
            if state.slomo.pictureWindow == b.frame.index {
                // Another one of the same window.
                let none = Region(height: a.size.height, width: a.size.width)
                (novelty.first, novelty.second) = (none, none)
            } else if state.slomo.pictureWindow == a.frame.index {
                (novelty.first, novelty.second) = (a.changedRestored, b.changedRestored)
            }
            return novelty
        }

        private func blendAlpha(_ a: FrameSlot, _ b: FrameSlot, at t: Float, into pixels: inout [UInt8]) {
            for (slot, map) in [(a, state.alpha[0]), (b, state.alpha[1])] {
                var spread = slot.frame.pixels
                for at in stride(from: 0, to: spread.count, by: 4) {
                    (spread[at], spread[at + 1], spread[at + 2]) = (spread[at + 3], spread[at + 3], spread[at + 3])
                }
                spread.withUnsafeBufferPointer { operations.load(rgba: $0, into: map.view) }
            }
            models.slomo.blend(
                state.alpha[0].view, state.alpha[1].view, at: t, into: state.alpha[2].view, state: state.slomo, on: pool
            )
            state.alpha[2].withUnsafeBufferPointer { alpha in
                for pixel in 0..<a.size.area {
                    pixels[pixel * 4 + 3] = UInt8(min(max((alpha[pixel] + 1) * 127.5, 0), 255).rounded())
                }
            }
        }
    }
}
