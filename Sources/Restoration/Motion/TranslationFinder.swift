import Media
import PixelKernels
import Threads

/// Puts a translation in place of network B's flows where a part of the picture moves as one and the network has not seen it:
/// pages of text that scroll, windows and drawings that are moved far.
///
/// Lines of text look alike, and a network that sees some pixels around takes one for the next. Here all blocks that the flows
/// leave unexplained vote for a translation of the whole (`TranslationSearch`). It counts where it leaves much less of the
/// difference between the frames than the flows do, and around there as long as it explains what it sees; and only if the
/// way back is found, too. Not in the paper. No network's training saw it: flows of the truth are what network C expects.
///
/// For one size of frames.
struct TranslationFinder {
    /// Reaches of windows in pixels of a quarter of the size: in the wide ones translation and flow compete, in the narrow ones
    /// a translation must explain what it sees, but for so many levels.
    private static let (wide, narrow) = (4, 1)
    private static let tolerance: Float = 1.3
    /// Pixels of a quarter of the size that a part may grow beyond where it wins.
    private static let growth = 12
    /// Pixels by which the way back may differ.
    private static let agreement: Float = 1

    /// Bytes a pixel: maps of both directions of a quarter of the size, and the frames' luma.
    static let memory = 4

    let size: PixelSize

    /// One direction of the motion.
    private struct Side {
        let search: TranslationSearch
        /// The difference that the flow leaves, of every pixel of a quarter of the size, in levels.
        let differences: [Float]
    }

    /// Corrects both flows between two frames.
    /// - Parameters:
    ///   - f01, f10: in units of `scale` pixels.
    ///   - moving: where the frames differ; flows change nowhere else.
    func correct(
        _ f01: any FlowMap, _ f10: any FlowMap, from a: FrameInput, to b: FrameInput, in moving: Region, scale: Float,
        on pool: WorkerPool
    ) {
        let side = TranslationSearch.block * QuarterLuma.factor
        guard moving.area >= TranslationSearch.leastBlocks * side * side else { return }
        let (first, second) = (a.quarterLuma, b.quarterLuma)
        let there = self.side(first, second, f01, in: moving, scale: scale)
        guard there.search.isWorthIt else { return }
        let back = self.side(second, first, f10, in: moving, scale: scale)
        guard back.search.isWorthIt else { return }
        let ways = there.search.translations(a.flattened, b.flattened, size: size, on: pool)
        if ways.isEmpty { return }
        let waysBack = back.search.translations(b.flattened, a.flattened, size: size, on: pool)
        let operations = PixelOperations(on: pool)
        // The first one explains most.
        for way in ways.reversed() where max(abs(way.way.x), abs(way.way.y)) <= scale {
            guard let wayBack = waysBack.first(where: { (way.way + $0.way).length <= Self.agreement }) else { continue }
            put(way, there, into: f01, in: moving, scale: scale, operations)
            put(wayBack, back, into: f10, in: moving, scale: scale, operations)
        }
    }

    private func side(
        _ first: QuarterLuma, _ second: QuarterLuma, _ flow: any FlowMap, in moving: Region, scale: Float
    ) -> Side {
        let (rows, columns, factor) = (first.rows, first.columns, QuarterLuma.factor)
        let near = moving.shrunk(by: factor, height: rows, width: columns)
        var differences = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in near[row] {
                let place = (min(factor * row + 2, size.height - 1), min(factor * column + 2, size.width - 1))
                let moved = scale / Float(factor) * flow.flow(row: place.0, column: place.1)
                let value = second.sample(row: Float(row) + moved.y, column: Float(column) + moved.x)
                differences[row * columns + column] = abs(first.values[row * columns + column] - value)
            }
        }
        return Side(search: TranslationSearch(first, second, differences: differences), differences: differences)
    }

    /// Writes a translation where it counts.
    private func put(
        _ found: TranslationSearch.Found, _ side: Side, into flow: any FlowMap, in moving: Region, scale: Float,
        _ operations: PixelOperations
    ) {
        let (first, factor) = (side.search.first, QuarterLuma.factor)
        let unit = 1 / scale * found.way
        let counts = part(found.moved, side, operations)
        for row in 0..<first.rows {
            var column = 0
            while column < first.columns {
                let start = column
                while column < first.columns && counts[row * first.columns + column] { column += 1 }
                if column > start {
                    for line in factor * row..<min(factor * (row + 1), size.height) {
                        let columns = (factor * start..<factor * column).clamped(to: moving[line])
                        if !columns.isEmpty { flow.fill(row: line, columns, with: unit) }
                    }
                }
                column += 1
            }
        }
    }

    /// Whether a translation counts at each pixel of a quarter of the size.
    /// - Parameter moved: the other frame, in the translation's way.
    private func part(_ moved: QuarterLuma, _ side: Side, _ operations: PixelOperations) -> [Bool] {
        let first = side.search.first
        let (rows, columns) = (first.rows, first.columns)
        let (own, flows) = (Tensor(1, rows, columns), Tensor(1, rows, columns))
        for at in 0..<rows * columns {
            own.values[at] = first.difference(from: moved, at: at)
            flows.values[at] = side.differences[at]
        }
        func means(_ map: Tensor, _ reach: Int) -> Tensor {
            let means = Tensor(1, rows, columns)
            operations.windowMeans(of: map.view, reach: reach, into: means.view)
            return means
        }
        let (ownWide, flowsWide) = (means(own, Self.wide), means(flows, Self.wide))
        let (ownNear, flowsNear) = (means(own, Self.narrow), means(flows, Self.narrow))
        let explains = (0..<rows * columns).map { ownNear.values[$0] <= flowsNear.values[$0] + Self.tolerance }
        let wins = explains.indices.map {
            explains[$0] && ownWide.values[$0] < TranslationSearch.left * flowsWide.values[$0]
        }
        return grown(wins, in: explains, rows, columns)
    }

    /// A part of a picture, and what is near enough to it and may belong to it.
    private func grown(_ part: [Bool], in allowed: [Bool], _ rows: Int, _ columns: Int) -> [Bool] {
        var part = part
        var edge = part.indices.filter { part[$0] }
        for _ in 0..<Self.growth where !edge.isEmpty {
            var next: [Int] = []
            for at in edge {
                let (row, column) = at.quotientAndRemainder(dividingBy: columns)
                for y in max(row - 1, 0)...min(row + 1, rows - 1) {
                    for x in max(column - 1, 0)...min(column + 1, columns - 1) {
                        let neighbor = y * columns + x
                        if part[neighbor] || !allowed[neighbor] { continue }
                        part[neighbor] = true
                        next.append(neighbor)
                    }
                }
            }
            edge = next
        }
        return part
    }
}
