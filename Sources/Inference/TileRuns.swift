/// Winograd tiles of a map, 4 x 4 pixels each, that are to be computed: numbered in their order, from 0.
struct TileRuns {
    /// Tiles that follow each other in the map.
    private struct Run {
        /// The first one's place among all tiles of the map.
        let tile: Int
        /// Its number here.
        let number: Int
        let count: Int
    }

    private var runs: [Run] = []
    private(set) var count = 0

    /// All tiles of a map.
    init(height: Int, width: Int) {
        add(0, (height + 3) / 4 * ((width + 3) / 4))
    }

    /// The tiles that a region touches.
    init(_ region: Region) {
        let across = (region.width + 3) / 4
        for row in 0..<(region.height + 3) / 4 {
            var (left, right) = (Int.max, 0)
            for y in 4 * row..<min(4 * row + 4, region.height) where !region[y].isEmpty {
                left = min(left, region[y].lowerBound / 4)
                right = max(right, (region[y].upperBound + 3) / 4)
            }
            if left < right { add(row * across + left, right - left) }
        }
    }

    private mutating func add(_ tile: Int, _ tiles: Int) {
        if let last = runs.last, last.tile + last.count == tile {
            runs[runs.count - 1] = Run(tile: last.tile, number: last.number, count: last.count + tiles)
            count += tiles
            return
        }
        runs.append(Run(tile: tile, number: count, count: tiles))
        count += tiles
    }

    /// Calls `body` for each run of the tiles with these numbers: its place in the map, its length, and how many of the
    /// range lie before it.
    func forEach(_ range: Range<Int>, _ body: (_ tile: Int, _ count: Int, _ before: Int) -> Void) {
        var low = 0
        var high = runs.count
        // The last run that begins at or before the range.
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].number <= range.lowerBound { low = middle } else { high = middle }
        }
        for run in runs[min(low, runs.count)...] {
            let part = (run.number..<run.number + run.count).clamped(to: range)
            if part.isEmpty {
                if run.number >= range.upperBound { return }
                continue
            }
            body(run.tile + part.lowerBound - run.number, part.count, part.lowerBound - range.lowerBound)
        }
    }
}
