import PixelKernels
import Media
import Threads

/// Captions, logos and displays that stand in front of a moving film: they stay in in-betweens, and nothing of them is
/// dragged along with the film.
///
/// A network that follows the film takes the letters with it. `OverlayFinder` finds what stands by what both frames show: pixels
/// that are equal in the GIF, or nearly so once restored, and that hold edges which have not moved. An in-between then is
/// made in two layers (`OverlayLayers`).
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class StandingOverlay {
    /// 1 where a pixel belongs to an overlay, and where it lies beside one: at its softened edge.
    private let mask: BytePlane
    /// The rectangle around these pixels; nil: there are none.
    private var part: Region.Patch?
    /// The frames that this is of, by number.
    private var window: [Int] = []
    private let finder: OverlayFinder
    private let dragged: DraggedPixels
    private let layers: OverlayLayers

    /// Bytes a pixel, without those of the layers.
    static let memory = BytePlane.memory + OverlayFinder.memory + DraggedPixels.memory

    init(_ size: PixelSize) {
        mask = BytePlane(size)
        finder = OverlayFinder(size)
        dragged = DraggedPixels(size)
        layers = OverlayLayers(size)
    }

    /// Looks at two frames without transparent pixels, once for all of a window.
    /// - Parameters:
    ///   - flows: those that the in-betweens follow.
    ///   - made: an in-between at time t, R, G, B, A.
    ///   - moving: where in-betweens may differ from the frames.
    /// - Returns: whether there is an overlay.
    func find(
        _ a: FrameSlot, _ b: FrameSlot, _ flows: PublishedFlows, made: [UInt8], at t: Float, in moving: Region,
        on pool: WorkerPool
    ) -> Bool {
        if window == [a.number, b.number] { return part != nil }
        window = [a.number, b.number]
        findDragged(a.picture, b.picture, flows, made: made, at: t, in: moving, on: pool)
        let followed = FollowedPixels(
            first: a.picture, second: b.picture, size: a.size, flows: flows, around: dragged.part)
        part = finder.find(
            OverlayFinder.Sight(gif: a.frame.pixels, restored: a.picture),
            OverlayFinder.Sight(gif: b.frame.pixels, restored: b.picture), dragged,
            isFollowed: followed.contains, into: mask,
            PixelOperations(on: pool))
        return part != nil
    }

    /// The overlay that was found last; nil: there is none.
    var found: OverlayLayers.Overlay? { part.map { OverlayLayers.Overlay(mask: mask, part: $0) } }

    /// Finds the pixels that the flows move, or that differ in the in-between from the mean of the frames.
    private func findDragged(
        _ first: [UInt8], _ second: [UInt8], _ flows: PublishedFlows, made: [UInt8], at t: Float, in moving: Region,
        on pool: WorkerPool
    ) {
        let mean = MeanLevel(at: t)
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                made.withUnsafeBufferPointer { made in
                    nonisolated(unsafe) let (first, second, made) = (first, second, made)
                    dragged.find(in: moving, on: pool) { start, flags in
                        flows.markMoved(from: start, flags)
                        let bytes = 4 * start..<4 * (start + flags.count)
                        mean.markChanged(
                            UnsafeBufferPointer(rebasing: made[bytes]), UnsafeBufferPointer(rebasing: first[bytes]),
                            UnsafeBufferPointer(rebasing: second[bytes]), by: Self.changed, flags)
                    }
                }
            }
        }
    }

    /// Levels by which an in-between of what stands may differ from both frames' mean.
    private static let changed: UInt16 = 6

    /// Writes the film and the overlay where the overlay had a part in an in-between of the two frames.
    /// - Parameters:
    ///   - t: the time of the last `interpolate`, whose motion is taken.
    ///   - moving: where that has made anything.
    ///   - pixels: the in-between, R, G, B, A.
    func compose(
        _ a: FrameSlot, _ b: FrameSlot, at t: Float, in moving: Region, _ slomo: SuperSlomo,
        _ motion: SuperSlomo.State, into pixels: inout [UInt8], on pool: WorkerPool
    ) {
        guard let found else { return }
        layers.compose(
            found, in: moving,
            OverlayLayers.Shown(restored: a.restored.view, picture: a.picture),
            OverlayLayers.Shown(restored: b.restored.view, picture: b.picture),
            OverlayLayers.Motion(slomo: slomo, state: motion, time: t), into: &pixels, on: pool)
    }
}
