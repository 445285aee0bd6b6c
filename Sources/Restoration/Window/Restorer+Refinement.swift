import Media
import PixelKernels
import Threads

extension Restorer {
    /// What makes a window's in-betweens, on any of the pool's threads.
    struct Refinement {
        let models: ModelSet
        let state: State
        let keepsAlpha: Bool
        /// What the flow network saw where frames are transparent.
        let background: RGB
        let pool: WorkerPool

        private var operations: PixelOperations { PixelOperations(on: pool) }

        /// What of the difference between two frames the flows may leave for in-betweens to be shown; nil: all.
        ///
        /// Of flat art, scrolling text, windows that open and a chart's bars leave more than that, and their in-betweens are
        /// rubble; shapes that move leave less (scenes of quality/flat_art.py in Training). Flows of several views leave less of
        /// all of them: text 0.25 and more, what moves well 0.21 at most. Of what looks like another scene,
        /// frames of different clips leave more, and most of those of a car that drives by less. Which are held says
        /// docs/quality.md, of the weights there.
        private func mostWarpResidual(_ a: FrameSlot, _ b: FrameSlot) -> Float? {
            if a.isFlat && b.isFlat { return models.slomo.hasViews ? 0.23 : 0.33 }
            return b.beginsScene == true ? 0.55 : nil
        }

        /// Network C at time t. What cannot be followed, flat art or another scene, stays until the next frame: letters and
        /// windows do not melt, faces do not become others.
        func between(_ a: FrameSlot, _ b: FrameSlot, at t: Float) -> [UInt8] {
            // Once for all of a window.
            if b.follows(a), state.slomo.heldWindow == b.frame.index { return a.picture }
            // Network C sees what network B saw: an outline stands out from the background.
            let isTransparent = keepsAlpha && (a.hasTransparency || b.hasTransparency)
            let (first, second) =
                isTransparent
                ? state.transparency.matted(a, b, on: background, pool) : (a.restored.view, b.restored.view)
            let (made, moving) = models.slomo.interpolate(
                first, second, at: t, novelty: novelty(a, b), state: state.slomo, on: pool)
            state.slomo.pictureWindow = b.follows(a) ? b.frame.index : nil
            if let most = mostWarpResidual(a, b), models.slomo.warpResidual(state: state.slomo, operations) > most {
                state.slomo.heldWindow = state.slomo.pictureWindow
                return a.picture
            }
            var pixels = a.picture
            pixels.withUnsafeMutableBufferPointer { pixels in
                if isTransparent {
                    var region = moving
                    // A frame's opaque pixels may have the background's color.
                    region.formUnion(b.follows(a) ? b.changed : .all(height: a.size.height, width: a.size.width))
                    state.transparency.blend(at: t, in: region, models.slomo, state.slomo, into: pixels, pool)
                } else {
                    operations.store(made, intoRGBA: pixels, in: moving)
                }
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
            } else if state.slomo.pictureWindow == a.frame.index && !b.beginsBackground {
                (novelty.first, novelty.second) = (a.changedRestored, b.changedRestored)
            }
            return novelty
        }
    }
}
