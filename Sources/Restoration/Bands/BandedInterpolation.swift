import Inference
import Media
import PixelKernels
import Threads

/// Network C on large canvases: makes the in-betweens of two restored opaque frames, band by band, as `Interpolation` does those
/// of smaller ones.
///
/// One thread at a time.
final class BandedInterpolation: InBetweenMaker {
    private let a: FrameSlot
    private let b: FrameSlot
    private let frames: BandedRefinement.Frames
    private let slomo: SuperSlomo
    private let states: NetworkStates
    private let banded: BandedNetworks
    private let operations: PixelOperations
    /// The region in which the restored frames or the flows differ: elsewhere an in-between is the first frame.
    private let differing: Region
    /// Whether all in-betweens are the first frame; known from the first one on.
    private var isHeld = false
    private var isPrepared = false

    init(
        _ a: FrameSlot, _ b: FrameSlot, _ slomo: SuperSlomo, _ states: NetworkStates, _ banded: BandedNetworks,
        on pool: WorkerPool
    ) {
        guard let before = a.results?.restored, let after = b.results?.restored else {
            preconditionFailure("in-betweens of frames that are not restored")
        }
        (self.a, self.b, self.slomo, self.states, self.banded) = (a, b, slomo, states, banded)
        operations = PixelOperations(on: pool)
        frames = BandedRefinement.Frames(first: before, second: after)
        var differing = before.differences(from: after, on: pool)
        differing.formUnion(banded.flow.moving)
        self.differing = differing
    }

    func picture(at t: Float) -> [UInt8] {
        if isHeld || differing.isEmpty { return a.picture }
        if !isPrepared { banded.refinement.prepare(frames, banded.flow, on: operations.pool) }
        isPrepared = true
        banded.refinement.project(at: t, on: operations.pool)
        if isAnotherScene(at: t) {
            isHeld = true
            return a.picture
        }
        var picture = a.picture
        banded.refinement.refine(frames, banded.flow, at: t, in: differing, on: operations.pool) { motion in
            let part = differing.part(motion.rows)
            let made = motion.blend(slomo.sampling, in: part, operations)
            picture.withUnsafeMutableBufferPointer { pixels in
                let bytes =
                    4 * motion.rows.lowerBound * a.size.width..<4 * motion.rows.upperBound * a.size.width
                operations.store(made, intoRGBA: UnsafeMutableBufferPointer(rebasing: pixels[bytes]), in: part)
            }
        }
        let isPartHeld = states.heldParts.find(
            [a.number, b.number], PictureCells.Pictures(first: a.picture, second: b.picture, made: picture), at: t,
            isFlatArt: a.isFlat && b.isFlat, in: differing, on: operations.pool
        ) { index, add in
            banded.refinement.find(index, frames, banded.flow, in: differing, on: operations.pool) {
                add(
                    PictureCells.Part(
                        frame: $1.frame, found: $1.picture, row: $0.lowerBound, region: differing.rows($0)))
            }
        }
        addOverlay(to: &picture, at: t)
        if isPartHeld { states.heldParts.hold(a.picture, b.picture, at: t, in: &picture) }
        return picture
    }

    private func isAnotherScene(at t: Float) -> Bool {
        guard b.beginsScene == true else { return false }
        let residual = banded.refinement.warpResidual(frames, banded.flow, at: t, on: operations.pool)
        return residual > slomo.thresholds.heldSceneChange
    }

    /// Puts what stands in front of the film on an in-between.
    private func addOverlay(to picture: inout [UInt8], at t: Float) {
        let flows = PublishedFlows(banded.flow, pixels: slomo.configuration.maxFlow)
        guard states.overlay.find(a, b, flows, made: picture, at: t, in: differing, on: operations.pool),
            let overlay = states.overlay.found
        else { return }
        var region = Region(height: a.size.height, width: a.size.width)
        region.insert(rows: overlay.part.rows, columns: overlay.part.columns)
        // Pixels farther from the overlay get nothing of it.
        region = region.grown(by: slomo.coarseReach).intersection(differing)
        let mean = MeanLevel(at: t)
        banded.refinement.refine(frames, banded.flow, at: t, in: region, on: operations.pool) { motion in
            let part = region.part(motion.rows)
            takeOut(overlay.mask, motion)
            let film = motion.keep(motion.blend(.bilinear, in: part, operations), in: part, operations)
            fillShare(overlay.mask, motion)
            let share = motion.blend(.bilinear, in: part, operations)
            OverlayLayers.write(
                film, share: share, overlay.mask, (a.picture, b.picture), mean, in: part,
                fromRow: motion.rows.lowerBound, into: &picture, on: operations.pool)
        }
    }

    /// Takes the overlay out of both frames.
    private func takeOut(_ mask: BytePlane, _ motion: BandedRefinement.Motion) {
        change(motion, mask) { isMasked, value in isMasked ? 0 : value }
    }

    /// Puts the share that is left of them, 0 or 1, in their place.
    private func fillShare(_ mask: BytePlane, _ motion: BandedRefinement.Motion) {
        change(motion, mask) { isMasked, _ in isMasked ? 0 : 1 }
    }

    private func change(
        _ motion: BandedRefinement.Motion, _ mask: BytePlane, _ body: (_ isMasked: Bool, _ value: Float) -> Float
    ) {
        let width = a.size.width
        operations.pool.forEach(motion.source.count) { row in
            let masked = mask.row(motion.source.lowerBound + row)
            for frame in [motion.first, motion.second] {
                for channel in 0..<3 {
                    let line = frame.plane(channel) + row * width
                    for x in 0..<width { line[x] = body(masked[x] != 0, line[x]) }
                }
            }
        }
    }
}
