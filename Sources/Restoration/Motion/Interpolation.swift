import Media
import PixelKernels
import Threads

/// Makes the in-betweens of two frames, one at a time, on any thread.
protocol InBetweenMaker {
    /// The picture at time t, in (0, 1): R, G, B, A.
    func picture(at t: Float) -> [UInt8]
}

/// Network C of figure 4: makes the in-betweens of two restored frames, one at a time, on any thread.
struct Interpolation: InBetweenMaker {
    private let a: FrameSlot
    private let b: FrameSlot
    /// Both, restored, and where they may differ before that: as it is known when this is made, as the window moves on.
    private let before: SequenceFrame
    private let after: SequenceFrame
    private let changed: Region?
    private let slomo: SuperSlomo
    private let states: NetworkStates
    private let composer: PictureComposer
    /// The color that the flow network saw in place of transparent pixels.
    private let background: RGB
    private let pool: WorkerPool

    init(
        _ a: FrameSlot, _ b: FrameSlot, _ slomo: SuperSlomo, _ states: NetworkStates, _ composer: PictureComposer,
        background: RGB, on pool: WorkerPool
    ) {
        (self.a, self.b, self.slomo, self.states) = (a, b, slomo, states)
        (before, after, changed) = (a.restoredFrame, b.restoredFrame, b.input.scene.changes(since: a.number))
        (self.composer, self.background, self.pool) = (composer, background, pool)
    }

    /// The picture at time t. Captions and what else stands in front of the film stay (`StandingOverlay`). Parts that
    /// cannot be followed (`HeldParts`), and frames before another scene, stay until the next frame: letters and windows do not
    /// melt, faces do not become others.
    func picture(at t: Float) -> [UInt8] {
        // One in-between tells for all of a window.
        if states.slomo.isHeld(a.number, b.number) { return a.picture }
        // Network C sees what network B saw: an outline stands out from the background.
        let isTransparent = composer.keepsAlpha && (a.hasTransparency || b.hasTransparency)
        let (first, second) = frames(isTransparent: isTransparent)
        let (made, moving) = slomo.interpolate(first, second, at: t, state: states.slomo, on: pool)
        if isAnotherScene {
            states.slomo.hold(a.number, b.number)
            return a.picture
        }
        var picture =
            isTransparent ? blend(at: t, in: moving) : composer.picture(of: made, in: moving, over: a.picture)
        let isHeld = states.heldParts.find(
            [a.number, b.number], PictureCells.Pictures(first: a.picture, second: b.picture, made: picture), at: t,
            isFlatArt: a.isFlat && b.isFlat, in: moving, on: pool
        ) { index, add in
            let (frame, other) = index == 0 ? (first, second) : (second, first)
            let found = slomo.find(index, in: other.values, moving, state: states.slomo, on: pool)
            add(PictureCells.Part(frame: frame.values, found: found, region: moving))
        }
        if !isTransparent { addOverlay(to: &picture, at: t, in: moving) }
        if isHeld { states.heldParts.hold(a.picture, b.picture, at: t, in: &picture) }
        return picture
    }

    /// Puts what stands in front of the film on an in-between.
    private func addOverlay(to picture: inout [UInt8], at t: Float, in moving: Region) {
        let flows = slomo.publishedFlows(states.slomo)
        guard states.overlay.find(a, b, flows, made: picture, at: t, in: moving, on: pool) else { return }
        states.overlay.compose(a, b, at: t, in: moving, slomo, states.slomo, into: &picture, on: pool)
    }

    /// The restored frames as network C sees them.
    private func frames(isTransparent: Bool) -> (SequenceFrame, SequenceFrame) {
        guard isTransparent else { return (before, after) }
        let (first, second) = states.transparency.matted(a, b, on: background, pool)
        return (before.with(first), after.with(second))
    }

    /// The in-between of frames with transparent pixels.
    private func blend(at t: Float, in moving: Region) -> [UInt8] {
        var region = moving
        // A frame's opaque pixels may have the background's color.
        region.formUnion(changed ?? .all(height: a.size.height, width: a.size.width))
        var pixels = a.picture
        pixels.withUnsafeMutableBufferPointer {
            states.transparency.blend(at: t, in: region, slomo, states.slomo, into: $0, pool)
        }
        return pixels
    }

    /// Whether the frames look like two scenes and the flows leave too much of their difference. Most frames of a car that
    /// drives by leave less than the limit, frames of different clips more. docs/quality.md says which are held.
    private var isAnotherScene: Bool {
        guard b.beginsScene == true else { return false }
        return slomo.warpResidual(state: states.slomo, PixelOperations(on: pool)) > slomo.thresholds.heldSceneChange
    }
}
