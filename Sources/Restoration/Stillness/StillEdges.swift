import Media
import PixelKernels
import Threads

/// Finds the pixels that stand still beside edges that stand still, of which components are made (see `OverlayFinder`).
///
/// For one size of frames. One thread at a time.
final class StillEdges {
    /// Flags of a pixel: it belongs to a component; it is at an edge as well.
    static let (member, edge): (UInt8, UInt8) = (1, 2)
    /// Bytes a pixel.
    static let memory = StillPixels.memory + 2 * BytePlane.memory

    /// Pixels beside an edge, in x and y, that belong to what has the edge.
    private static let reach = 4

    private let size: PixelSize
    private let pixels: StillPixels
    /// `edge` for pixels at edges, `member` for those and the ones beside them in their row, whether they stand still or not.
    private let beside: BytePlane
    /// The flags of the pixels of the part that was looked at last.
    let flags: BytePlane

    init(_ size: PixelSize) {
        self.size = size
        pixels = StillPixels(size)
        (beside, flags) = (BytePlane(size), BytePlane(size))
    }

    /// - Parameter part: the pixels whose flags are found, none of them at the picture's edge. Pixels around it are looked at.
    func find(
        _ a: OverlayFinder.Sight, _ b: OverlayFinder.Sight, in part: Region.Patch, _ operations: PixelOperations
    ) {
        precondition(!part.rows.isEmpty && !part.columns.isEmpty, "a part of a picture that holds nothing")
        pixels.find(a, b, in: part.grown(by: Self.reach + 1).clipped(to: size.inner), operations)
        let rows = part.grown(by: Self.reach).clipped(to: size.inner).rows
        operations.pool.forEach(rows.count) { findBeside(in: part.columns, ofRow: rows.lowerBound + $0) }
        operations.pool.forEach(part.rows.count) { index in
            let y = part.rows.lowerBound + index
            let near = (y - Self.reach..<y + Self.reach + 1).clamped(to: size.inner.rows)
            findMembers(in: part.columns, ofRow: y, besideRows: near)
        }
    }

    /// Finds edges, and the pixels beside them in a row.
    private func findBeside(in columns: Range<Int>, ofRow y: Int) {
        let target = beside.row(y) + columns.lowerBound
        let near = columns.lowerBound - Self.reach..<columns.upperBound + Self.reach
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: near.count) { room in
            guard let edges = room.baseAddress else { return }
            edges.initialize(repeating: 0, count: near.count)
            let known = near.clamped(to: size.inner.columns)
            findEdges(in: known, ofRow: y, into: edges + (known.lowerBound - near.lowerBound))
            target.update(repeating: 0, count: columns.count)
            for step in 0...2 * Self.reach { Self.unite(target, edges + step, columns.count) }
            let own = edges + Self.reach
            for index in 0..<columns.count { target[index] |= own[index] * Self.edge }
        }
    }

    /// Finds the pixels that have contrast and still pixels all around: their values become 1, the others' 0.
    private func findEdges(in columns: Range<Int>, ofRow y: Int, into edges: UnsafeMutablePointer<UInt8>) {
        let (first, count) = (columns.lowerBound, columns.count)
        let own = pixels.flags.row(y) + first
        for index in 0..<count { edges[index] = own[index] & StillPixels.contrasting == 0 ? 0 : StillPixels.still }
        for row in y - 1...y + 1 {
            for column in first - 1...first + 1 { Self.intersect(edges, pixels.flags.row(row) + column, count) }
        }
    }

    /// Finds the pixels of a row that lie beside edges, and stand still.
    /// - Parameter rows: those around row `y`.
    private func findMembers(in columns: Range<Int>, ofRow y: Int, besideRows rows: Range<Int>) {
        let (target, own) = (flags.row(y) + columns.lowerBound, beside.row(y) + columns.lowerBound)
        target.update(repeating: 0, count: columns.count)
        for row in rows { Self.unite(target, beside.row(row) + columns.lowerBound, columns.count) }
        let still = pixels.flags.row(y) + columns.lowerBound
        for index in 0..<columns.count {
            target[index] = target[index] & still[index] & Self.member | own[index] & Self.edge
        }
    }

    private static func unite(_ target: UnsafeMutablePointer<UInt8>, _ other: UnsafePointer<UInt8>, _ count: Int) {
        for index in 0..<count { target[index] |= other[index] }
    }

    private static func intersect(_ target: UnsafeMutablePointer<UInt8>, _ other: UnsafePointer<UInt8>, _ count: Int) {
        for index in 0..<count { target[index] &= other[index] }
    }
}
