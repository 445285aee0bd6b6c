import Media
import PixelKernels

/// Finds what stands in front of a film, such as a caption, and what a flow network would take along with the film.
///
/// A pixel is *still* where the GIF's frames are equal, or the restored ones differ by at most 6 levels, or by little against
/// the contrast around it: GIFs with a palette for each frame hold few equal pixels. An edge has not moved where the contrast
/// is above 40 levels in both frames and all pixels around are still. Still pixels beside such edges that touch are a
/// component: letters without the flat film around them, which may be equal by chance. A component is an overlay where it has
/// several pixels at edges and where in-betweens move a good part of it, though both frames show that it stands. A background
/// that stands is moved only where something passes in front of it. Text that moves by little covers itself in part: a component
/// whose edges the flows move to where they are in the other frame is none (`FollowedPixels`).
///
/// The rule for still pixels and edges finds 97 % of the pixels of generated captions, whoever made the GIF, and takes 0.3 %
/// of the film's wrongly (Training/studies/standing.py, Training/NOTES.md).
///
/// An overlay holds pixels that in-betweens move. So the finder looks at the rectangle around those, and at a larger one as
/// long as a component goes on beyond it that may be an overlay. One that has become too large for all that is moved is none,
/// however it goes on. The result is that of the whole picture.
///
/// Belongs to one stream; for one size of frames. One thread at a time.
final class OverlayFinder {
    /// A frame as the rule sees it: the GIF's colors and the restored ones, R, G, B, A.
    struct Sight {
        let gif: [UInt8]
        let restored: [UInt8]
    }

    /// Bytes a pixel.
    static let memory = StillEdges.memory + OverlayComponents.memory

    /// Pixels that the first rectangle has around the moved ones; each further one has four times as many.
    private let firstReach: Int
    /// Pixels that a picture has on each side at least.
    private static let leastSide = 8

    private let size: PixelSize
    private let edges: StillEdges
    private var components: OverlayComponents

    /// - Parameter firstReach: does not change what is found.
    init(_ size: PixelSize, firstReach: Int = 16) {
        precondition(firstReach > 0, "a rectangle that never grows")
        (self.size, self.firstReach) = (size, firstReach)
        edges = StillEdges(size)
        components = OverlayComponents(size)
    }

    /// - Parameters:
    ///   - dragged: the pixels that in-betweens move.
    ///   - isFollowed: whether the flows move a pixel, counted row by row, to where it is in the other frame.
    ///   - mask: becomes 1 for pixels of overlays and the ones beside them, else 0.
    /// - Returns: the rectangle around these; nil: there are none.
    func find(
        _ a: Sight, _ b: Sight, _ dragged: DraggedPixels, isFollowed: (_ pixel: Int) -> Bool, into mask: BytePlane,
        _ operations: PixelOperations
    ) -> Region.Patch? {
        mask.clear()
        guard min(size.width, size.height) >= Self.leastSide, let core = dragged.part else { return nil }
        var reach = firstReach
        var part = core.grown(by: reach).clipped(to: size.inner)
        findComponents(a, b, dragged, isFollowed, in: part, operations)
        while part != size.inner && components.mayGoOn {
            reach *= 4
            part = core.grown(by: reach).clipped(to: size.inner)
            findComponents(a, b, dragged, isFollowed, in: part, operations)
        }
        return components.mark(mask, edges.flags)
    }

    private func findComponents(
        _ a: Sight, _ b: Sight, _ dragged: DraggedPixels, _ isFollowed: (_ pixel: Int) -> Bool, in part: Region.Patch,
        _ operations: PixelOperations
    ) {
        edges.find(a, b, in: part, operations)
        components.find(edges.flags, dragged, in: part, isFollowed: isFollowed)
    }
}

extension PixelSize {
    /// All pixels but those at the edges.
    var inner: Region.Patch { Region.Patch(rows: 1..<max(height - 1, 1), columns: 1..<max(width - 1, 1)) }
}
