/// Some pixels of a map: at most one run of columns in each row.
///
/// For instance those that have changed since the last picture. A region may be larger than what it stands for, but never
/// smaller.
public struct Region: Hashable, Sendable {
    public let height: Int
    public let width: Int
    /// The columns of each row; empty where none is in it.
    private var columns: [Range<Int>]

    /// Consecutive rows with the same columns.
    public struct Patch: Hashable, Sendable {
        public let rows: Range<Int>
        public let columns: Range<Int>

        public init(rows: Range<Int>, columns: Range<Int>) {
            (self.rows, self.columns) = (rows, columns)
        }

        /// The patch with all pixels that are at most `reach` rows and columns away, even outside of the map.
        package func grown(by reach: Int) -> Patch {
            Patch(
                rows: rows.lowerBound - reach..<rows.upperBound + reach,
                columns: columns.lowerBound - reach..<columns.upperBound + reach)
        }

        /// Each pixel as `factor` x `factor`.
        package func enlarged(by factor: Int) -> Patch {
            Patch(
                rows: rows.lowerBound * factor..<rows.upperBound * factor,
                columns: columns.lowerBound * factor..<columns.upperBound * factor)
        }

        /// The pixels of a map `factor` times smaller that stand for at least one pixel of the patch.
        package func shrunk(by factor: Int) -> Patch {
            Patch(
                rows: rows.lowerBound / factor..<(rows.upperBound - 1) / factor + 1,
                columns: columns.lowerBound / factor..<(columns.upperBound - 1) / factor + 1)
        }

        /// The pixels that both have; nil where there are none.
        package func intersection(_ other: Patch) -> Patch? {
            let both = clipped(to: other)
            return both.rows.isEmpty || both.columns.isEmpty ? nil : both
        }

        /// The smallest patch that holds both, neither of which is empty.
        package func hull(with other: Patch) -> Patch {
            Patch(rows: Region.hull(rows, other.rows), columns: Region.hull(columns, other.columns))
        }

        /// The pixels that both have, of a patch that may be empty.
        package func clipped(to other: Patch) -> Patch {
            Patch(rows: rows.clamped(to: other.rows), columns: columns.clamped(to: other.columns))
        }
    }

    /// No pixel.
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

    public var isEmpty: Bool {
        for row in 0..<height where !columns[row].isEmpty { return false }
        return true
    }

    /// The rows from the first to the last in which some pixel lies; nil: there are none.
    public var rows: Range<Int>? {
        guard let first = columns.firstIndex(where: { !$0.isEmpty }),
            let last = columns.lastIndex(where: { !$0.isEmpty })
        else { return nil }
        return first..<last + 1
    }

    /// The pixels that lie in some rows.
    public func rows(_ rows: Range<Int>) -> Region {
        var part = Region(height: height, width: width)
        for row in rows.clamped(to: 0..<height) { part.columns[row] = columns[row] }
        return part
    }

    /// The same, of a map that those rows are all of.
    public func part(_ rows: Range<Int>) -> Region {
        var part = Region(height: rows.count, width: width)
        part.columns = Array(columns[rows])
        return part
    }

    /// The columns from the first to the last in which some pixel of these rows lies; empty where there are none.
    package func columns(of rows: Range<Int>) -> Range<Int> { columns[rows].reduce(0..<0, Self.hull) }

    /// Takes a row's pixels out.
    package mutating func remove(row: Int) { columns[row] = 0..<0 }

    /// Puts others in place of a row's pixels.
    package mutating func replace(row: Int, with added: Range<Int>) { columns[row] = added.clamped(to: 0..<width) }

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

    /// Adds the counterparts of the rectangles of another map's region; what lies outside of this map is left out.
    package mutating func formUnion(_ other: Region, as counterpart: (Patch) -> Patch) {
        for patch in other.patches {
            let patch = counterpart(patch)
            insert(rows: patch.rows, columns: patch.columns)
        }
    }

    /// Takes all pixels out and keeps the memory.
    package mutating func removeAll() {
        for row in 0..<height { columns[row] = 0..<0 }
    }

    /// The pixels that lie in both regions.
    /// - Parameter other: of a map of the same size.
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

    /// The region with all pixels of the rows in which some lie.
    package var wholeRows: Region {
        var region = self
        for row in 0..<height where !columns[row].isEmpty { region.columns[row] = 0..<width }
        return region
    }

    /// The region with all pixels that are at most `reach` rows and columns away.
    public func grown(by reach: Int) -> Region {
        guard reach > 0 else { return self }
        var grown = Region(height: height, width: width)
        grown.formUnion(self) { $0.grown(by: reach) }
        return grown
    }

    /// The same pixels of a mirrored map.
    public func mirrored(horizontally: Bool, vertically: Bool) -> Region {
        var mirrored = self
        for row in 0..<height {
            let line = columns[vertically ? height - 1 - row : row]
            mirrored.columns[row] =
                horizontally && !line.isEmpty ? width - line.upperBound..<width - line.lowerBound : line
        }
        return mirrored
    }

    /// The pixels in whole squares of `side` x `side`, counted from the upper left, as far as the map goes.
    public func inSquares(of side: Int) -> Region {
        shrunk(by: side, height: (height + side - 1) / side, width: (width + side - 1) / side)
            .enlarged(by: side, height: height, width: width)
    }

    /// The pixels of a smaller map that stand for at least one pixel of the region. Each stands for `factor` x `factor`
    /// pixels, and those beyond the last one stand for the last.
    /// - Parameters: the size of the smaller map.
    public func shrunk(by factor: Int, height: Int, width: Int) -> Region {
        var shrunk = Region(height: height, width: width)
        shrunk.formUnion(self, shrunkBy: factor)
        return shrunk
    }

    /// Adds the pixels that `shrunk` makes of a larger map's region.
    /// - Parameter reach: adds also all pixels that are at most so many rows and columns away from them.
    package mutating func formUnion(_ larger: Region, shrunkBy factor: Int, grownBy reach: Int = 0) {
        let (height, width) = (height, width)
        formUnion(larger) { patch in
            let part = patch.shrunk(by: factor)
            let rows = patch.rows.upperBound == larger.height ? height : part.rows.upperBound
            let columns = patch.columns.upperBound == larger.width ? width : part.columns.upperBound
            return Patch(
                rows: min(part.rows.lowerBound, height)..<rows,
                columns: min(part.columns.lowerBound, width)..<columns
            ).grown(by: reach)
        }
    }

    /// Each pixel as `factor` x `factor` pixels of a larger map, as far as that goes.
    package func enlarged(by factor: Int, height: Int, width: Int) -> Region {
        var enlarged = Region(height: height, width: width)
        enlarged.formUnion(self) { $0.enlarged(by: factor) }
        return enlarged
    }

    /// The region as rectangles, from top to bottom.
    public var patches: Patches { Patches(columns: columns, whole: nil) }

    /// The rectangles of a region; nil stands for the whole map, which is one rectangle.
    package static func patches(of region: Region?, height: Int, width: Int) -> Patches {
        guard let region else {
            return Patches(columns: [], whole: Patch(rows: 0..<height, columns: 0..<width))
        }
        precondition(region.height == height && region.width == width, "a region of another map")
        return region.patches
    }

    /// A region's rectangles, found one after the other: no list of them lies anywhere.
    public struct Patches: Sequence, IteratorProtocol {
        fileprivate let columns: [Range<Int>]
        /// The only rectangle, where this is a whole map.
        fileprivate var whole: Patch?
        /// The row that the search for the next rectangle begins in.
        private var row = 0

        fileprivate init(columns: [Range<Int>], whole: Patch?) {
            (self.columns, self.whole) = (columns, whole)
        }

        public mutating func next() -> Patch? {
            if let whole {
                self.whole = nil
                return whole
            }
            while row < columns.count {
                let first = row
                repeat { row += 1 } while row < columns.count && columns[row] == columns[first]
                if !columns[first].isEmpty { return Patch(rows: first..<row, columns: columns[first]) }
            }
            return nil
        }
    }

    fileprivate static func hull(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
        if a.isEmpty { return b.isEmpty ? 0..<0 : b }
        if b.isEmpty { return a }
        return min(a.lowerBound, b.lowerBound)..<max(a.upperBound, b.upperBound)
    }
}
