import Media
import PixelKernels

/// The components of a part of a picture: pixels that touch, also at corners (see `OverlayFinder`).
///
/// For one size of pictures. One thread at a time.
struct OverlayComponents {
    /// Bytes a pixel: a label; a component for every fourth pixel at the most, in an array that doubles.
    static let memory = MemoryLayout<Int32>.size + 2 * OverlayCandidates.memory / 4

    /// Consecutive pixels of a row, all of a component.
    private struct Run {
        let columns: Range<Int>
        let component: Int
    }

    private let size: PixelSize
    private var part = Region.Patch(rows: 0..<0, columns: 0..<0)
    private var candidates: OverlayCandidates
    /// At the first pixel of each run the number of its component.
    private var labels: [Int32]
    /// The runs of the row above and of the own one.
    private var above: [Run] = []
    private var own: [Run] = []

    init(_ size: PixelSize) {
        self.size = size
        candidates = OverlayCandidates(ofPixels: size.area)
        labels = Array(repeating: 0, count: size.area)
    }

    /// Finds the components of a part of the picture.
    /// - Parameters:
    ///   - flags: those of `StillEdges`.
    ///   - isFollowed: as of `OverlayFinder.find`.
    mutating func find(
        _ flags: BytePlane, _ dragged: DraggedPixels, in part: Region.Patch, isFollowed: (_ pixel: Int) -> Bool
    ) {
        self.part = part
        candidates.removeAll()
        own.removeAll(keepingCapacity: true)
        for y in part.rows {
            swap(&above, &own)
            own.removeAll(keepingCapacity: true)
            var firstAbove = 0
            forEachRun(of: flags, inRow: y) { components, run in
                let component = components.join(run, &firstAbove)
                components.own.append(Run(columns: run, component: component))
                components.labels[y * components.size.width + run.lowerBound] = Int32(component)
                let pixels = components.count(run, ofRow: y, flags.row(y), dragged.flags.row(y), isFollowed)
                components.candidates.count(pixels, in: component)
            }
        }
    }

    /// Whether there are components that go on outside of the part and may be overlays.
    var mayGoOn: Bool { candidates.mayGoOn }

    /// Sets the mask of the pixels of overlays and of those beside them, once no component may go on.
    /// - Parameter flags: those of the last `find`.
    /// - Returns: the rectangle around them; nil: there are none.
    mutating func mark(_ mask: BytePlane, _ flags: BytePlane) -> Region.Patch? {
        let overlays = candidates.overlays
        guard overlays.contains(true) else { return nil }
        var hull: Region.Patch?
        for y in part.rows {
            forEachRun(of: flags, inRow: y) { components, run in
                let label = components.labels[y * components.size.width + run.lowerBound]
                guard overlays[components.candidates.root(of: Int(label))] else { return }
                let around = Region.Patch(rows: y..<y + 1, columns: run).grown(by: 1)
                for row in around.rows {
                    (mask.row(row) + around.columns.lowerBound).update(repeating: 1, count: around.columns.count)
                }
                hull = hull?.hull(with: around) ?? around
            }
        }
        return hull
    }

    private mutating func forEachRun(
        of flags: BytePlane, inRow y: Int, _ body: (inout OverlayComponents, Range<Int>) -> Void
    ) {
        let (line, end) = (flags.row(y), part.columns.upperBound)
        var x = part.columns.lowerBound
        while true {
            while x < end && line[x] & StillEdges.member == 0 { x += 1 }
            if x == end { return }
            let first = x
            while x < end && line[x] & StillEdges.member != 0 { x += 1 }
            body(&self, first..<x)
        }
    }

    /// Makes one component of a run and all that it touches in the row above.
    /// - Parameter firstAbove: the first run above that may touch this one or a later one.
    /// - Returns: its number.
    private mutating func join(_ run: Range<Int>, _ firstAbove: inout Int) -> Int {
        var component: Int?
        while firstAbove < above.count && above[firstAbove].columns.upperBound < run.lowerBound { firstAbove += 1 }
        var index = firstAbove
        while index < above.count && above[index].columns.lowerBound <= run.upperBound {
            let other = candidates.root(of: above[index].component)
            component = component.map { candidates.join($0, other) } ?? other
            index += 1
        }
        return component ?? candidates.add()
    }

    private func count(
        _ run: Range<Int>, ofRow y: Int, _ flags: UnsafePointer<UInt8>, _ dragged: UnsafePointer<UInt8>,
        _ isFollowed: (_ pixel: Int) -> Bool
    ) -> OverlayCandidates.Count {
        var (edges, moved, followed) = (0, 0, 0)
        for x in run {
            edges &+= Int(flags[x] & StillEdges.edge)
            moved &+= Int(dragged[x])
            let isMovedEdge = flags[x] & StillEdges.edge != 0 && dragged[x] != 0
            if isMovedEdge && isFollowed(y * size.width + x) { followed &+= 1 }
        }
        return OverlayCandidates.Count(
            area: Int32(run.count), edges: Int32(edges / Int(StillEdges.edge)), dragged: Int32(moved),
            followed: Int32(followed), isOpen: isOpen(run, ofRow: y))
    }

    /// Whether a run lies at a border of the part that is not the picture's.
    private func isOpen(_ run: Range<Int>, ofRow y: Int) -> Bool {
        let inner = size.inner
        return run.lowerBound == part.columns.lowerBound && run.lowerBound > inner.columns.lowerBound
            || run.upperBound == part.columns.upperBound && run.upperBound < inner.columns.upperBound
            || y == part.rows.lowerBound && y > inner.rows.lowerBound
            || y + 1 == part.rows.upperBound && y + 1 < inner.rows.upperBound
    }
}
