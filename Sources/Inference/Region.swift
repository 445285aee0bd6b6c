/// Some pixels of a map: at most one run of columns in each row.
///
/// What has changed since the last picture. A region may only be larger than what it stands for, never smaller.
public struct Region: Hashable, Sendable {
    public let height: Int
    public let width: Int
    /// The columns of each row; empty where none is in it.
    private var columns: [Range<Int>]

    /// Consecutive rows with the same columns.
    public struct Patch: Hashable, Sendable {
        public let rows: Range<Int>
        public let columns: Range<Int>
    }

    /// Nothing.
    public init(height: Int, width: Int) {
        (self.height, self.width) = (height, width)
        columns = [Range<Int>](repeating: 0..<0, count: height)
    }

    /// Every pixel.
    public static func all(height: Int, width: Int) -> Region {
        var region = Region(height: height, width: width)
        region.insert(rows: 0..<height, columns: 0..<width)
        return region
    }

    public var isEmpty: Bool { columns.allSatisfy(\.isEmpty) }

    /// How many pixels.
    public var area: Int { columns.reduce(0) { $0 + $1.count } }

    public subscript(row: Int) -> Range<Int> { columns[row] }

    /// Adds a rectangle; what lies outside of the map is left out.
    public mutating func insert(rows: Range<Int>, columns added: Range<Int>) {
        let added = added.clamped(to: 0..<width)
        for row in rows.clamped(to: 0..<height) { columns[row] = Self.hull(columns[row], added) }
    }

    /// - Parameter other: of a map of the same size.
    public mutating func formUnion(_ other: Region) {
        precondition(other.height == height && other.width == width, "regions of maps of different sizes")
        for row in 0..<height { columns[row] = Self.hull(columns[row], other.columns[row]) }
    }

    /// What lies in another region of a map of the same size as well.
    public func intersection(_ other: Region) -> Region {
        precondition(other.height == height && other.width == width, "regions of maps of different sizes")
        var both = Region(height: height, width: width)
        for row in 0..<height {
            both.insert(rows: row..<row + 1, columns: columns[row].clamped(to: other.columns[row]))
        }
        return both
    }

    /// The smallest rectangle around it: one patch.
    public var hull: Region {
        var hull = Region(height: height, width: width)
        let rows = columns.indices.filter { !columns[$0].isEmpty }
        guard let top = rows.first, let bottom = rows.last else { return hull }
        hull.insert(rows: top..<bottom + 1, columns: columns.reduce(0..<0, Self.hull))
        return hull
    }

    /// With all pixels that are at most so many rows and columns away.
    public func grown(by reach: Int) -> Region {
        guard reach > 0 else { return self }
        var grown = Region(height: height, width: width)
        for patch in patches {
            grown.insert(
                rows: patch.rows.lowerBound - reach..<patch.rows.upperBound + reach,
                columns: patch.columns.lowerBound - reach..<patch.columns.upperBound + reach)
        }
        return grown
    }

    /// The pixels in whole squares of `side` x `side`, counted from the upper left, as far as the map goes.
    public func inSquares(of side: Int) -> Region {
        shrunk(by: side, height: (height + side - 1) / side, width: (width + side - 1) / side)
            .enlarged(by: side, height: height, width: width)
    }

    /// The pixels of a smaller map that stand for `factor` x `factor` pixels each of which any is in the region.
    /// - Parameters: the smaller map; what of it lies beyond the last pixel stands for that.
    public func shrunk(by factor: Int, height: Int, width: Int) -> Region {
        var shrunk = Region(height: height, width: width)
        for patch in patches {
            let bottom = patch.rows.upperBound == self.height ? height : (patch.rows.upperBound - 1) / factor + 1
            let right = patch.columns.upperBound == self.width ? width : (patch.columns.upperBound - 1) / factor + 1
            shrunk.insert(
                rows: min(patch.rows.lowerBound / factor, height)..<bottom,
                columns: min(patch.columns.lowerBound / factor, width)..<right)
        }
        return shrunk
    }

    /// Each pixel as `factor` x `factor` pixels of a larger map, as far as that goes.
    func enlarged(by factor: Int, height: Int, width: Int) -> Region {
        var enlarged = Region(height: height, width: width)
        for patch in patches {
            enlarged.insert(
                rows: patch.rows.lowerBound * factor..<patch.rows.upperBound * factor,
                columns: patch.columns.lowerBound * factor..<patch.columns.upperBound * factor)
        }
        return enlarged
    }

    /// The region as rectangles, from top to bottom.
    public var patches: [Patch] {
        var patches: [Patch] = []
        var first = 0
        for row in 0..<height {
            guard row + 1 == height || columns[row + 1] != columns[row] else { continue }
            if !columns[row].isEmpty { patches.append(Patch(rows: first..<row + 1, columns: columns[row])) }
            first = row + 1
        }
        return patches
    }

    private static func hull(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
        if a.isEmpty { return b.isEmpty ? 0..<0 : b }
        if b.isEmpty { return a }
        return min(a.lowerBound, b.lowerBound)..<max(a.upperBound, b.upperBound)
    }
}
