import PixelKernels

/// Winograd blocks of a map that are to be computed, numbered in their order from 0.
///
/// A Winograd block is what one transform computes: 4 x 4 pixels of the output. Blocks are counted row by row.
struct WinogradBlocks {
    /// How many blocks cover so many pixels of a row or column; the last may hang over.
    static func count(over pixels: Int) -> Int { (pixels + 3) / 4 }

    /// Blocks that follow each other in the map.
    private struct Run {
        /// The first one's place among all blocks of the map.
        let block: Int
        /// Its number here.
        let number: Int
        var count: Int
    }

    private var runs: [Run] = []
    private(set) var count = 0

    /// No blocks.
    /// - Parameter runs: how many runs there is room for. A region has at most one for each row of blocks.
    init(runs: Int) {
        self.runs.reserveCapacity(runs)
    }

    /// Takes all blocks of a map, which are one run. Allocates nothing where there is room.
    mutating func set(height: Int, width: Int) {
        removeAll()
        add(0, Self.count(over: height) * Self.count(over: width))
    }

    /// Takes the blocks that a region touches. Allocates nothing where there is room.
    mutating func set(_ region: Region) {
        removeAll()
        let across = Self.count(over: region.width)
        for row in 0..<Self.count(over: region.height) {
            let columns = region.winogradBlocks(inRow: row)
            if !columns.isEmpty { add(row * across + columns.lowerBound, columns.count) }
        }
    }

    private mutating func removeAll() {
        runs.removeAll(keepingCapacity: true)
        count = 0
    }

    private mutating func add(_ block: Int, _ added: Int) {
        let last = runs.count - 1
        if last >= 0, runs[last].block + runs[last].count == block {
            runs[last].count += added
        } else {
            runs.append(Run(block: block, number: count, count: added))
        }
        count += added
    }

    /// Calls `body` for each run of the blocks with these numbers: the place of its first block in the map, its length, and
    /// how many blocks of the range lie before it.
    func forEach(_ range: Range<Int>, _ body: (_ block: Int, _ count: Int, _ before: Int) -> Void) {
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
            body(run.block + part.lowerBound - run.number, part.count, part.lowerBound - range.lowerBound)
        }
    }
}

extension Region {
    /// The columns of Winograd blocks that it touches in a row of them, and those between.
    func winogradBlocks(inRow row: Int) -> Range<Int> {
        var found = 0..<0
        for y in 4 * row..<min(4 * row + 4, height) where !self[y].isEmpty {
            found =
                found.isEmpty
                ? self[y] : min(found.lowerBound, self[y].lowerBound)..<max(found.upperBound, self[y].upperBound)
        }
        return found.isEmpty ? found : found.lowerBound / 4..<WinogradBlocks.count(over: found.upperBound)
    }
}
