import PixelKernels

/// Winograd tiles of a map, 4 x 4 pixels each, that are to be computed: numbered in their order, from 0.
struct WinogradBlocks {
    /// How many tiles cover so many pixels of a row or column; the last may hang over.
    static func tiles(over pixels: Int) -> Int { (pixels + 3) / 4 }

    /// Tiles that follow each other in the map.
    private struct Run {
        /// The first one's place among all tiles of the map.
        let tile: Int
        /// Its number here.
        let number: Int
        var count: Int
    }

    private var runs: [Run] = []
    private(set) var count = 0

    /// None, with room for those of a map of so many rows of tiles.
    init(rows: Int) {
        runs.reserveCapacity(rows)
    }

    /// Makes them all tiles of a map. Allocates nothing where there is room, which it needs no more than one of.
    mutating func set(height: Int, width: Int) {
        removeAll()
        add(0, Self.tiles(over: height) * Self.tiles(over: width))
    }

    /// Makes them the tiles that a region touches. Allocates nothing where there is room.
    mutating func set(_ region: Region) {
        removeAll()
        let across = Self.tiles(over: region.width)
        for row in 0..<Self.tiles(over: region.height) {
            let tiles = region.tiles(inRow: row)
            if !tiles.isEmpty { add(row * across + tiles.lowerBound, tiles.count) }
        }
    }

    private mutating func removeAll() {
        runs.removeAll(keepingCapacity: true)
        count = 0
    }

    private mutating func add(_ tile: Int, _ tiles: Int) {
        let last = runs.count - 1
        if last >= 0, runs[last].tile + runs[last].count == tile {
            runs[last].count += tiles
        } else {
            runs.append(Run(tile: tile, number: count, count: tiles))
        }
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
        while low < runs.count {
            let run = runs[low]
            low += 1
            let part = (run.number..<run.number + run.count).clamped(to: range)
            if part.isEmpty {
                if run.number >= range.upperBound { return }
                continue
            }
            body(run.tile + part.lowerBound - run.number, part.count, part.lowerBound - range.lowerBound)
        }
    }
}
