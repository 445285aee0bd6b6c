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
    /// Levels by which pixels at an edge differ.
    private static let edge: Float = 8
    /// Pixels of a quarter of the size that a part may grow beyond where it wins.
    private static let growth = 12
    /// Pixels by which the way back may differ.
    private static let agreement: Float = 1

    /// Bytes a pixel: maps of both directions of a quarter of the size, and the frames' luma.
    static let memory = 4

    let size: PixelSize

    /// Corrects both flows between two frames.
    /// - Parameters:
    ///   - f01, f10: in units of `scale` pixels.
    ///   - moving: where the frames differ; elsewhere the flows are 0.
    /// - Returns: where flows may be other than 0 now (something that moves as one shows in in-betweens where the frames are equal,
    ///   such as a word on paper), and whether a translation was put in place of some.
    func correct(
        _ f01: any FlowMap, _ f10: any FlowMap, from a: FrameInput, to b: FrameInput, in moving: Region, scale: Float,
        on pool: WorkerPool
    ) -> (moving: Region, isTranslated: Bool) {
        let side = TranslationSearch.block * QuarterLuma.factor
        guard moving.area >= TranslationSearch.leastBlocks * side * side else { return (moving, false) }
        let (first, second) = (a.quarterLuma, b.quarterLuma)
        let there = search(first, second, f01, in: moving, scale: scale)
        guard there.isWorthIt else { return (moving, false) }
        let back = search(second, first, f10, in: moving, scale: scale)
        guard back.isWorthIt else { return (moving, false) }
        let ways = there.translations(a.flattened, b.flattened, size: size, on: pool)
        if ways.isEmpty { return (moving, false) }
        let waysBack = back.translations(b.flattened, a.flattened, size: size, on: pool)
        let operations = PixelOperations(on: pool)
        var parts: [(part: Part, flow: any FlowMap)] = []
        // The first one explains most, and is written last.
        for way in ways.reversed() where max(abs(way.way.x), abs(way.way.y)) <= scale {
            guard let wayBack = waysBack.first(where: { (way.way + $0.way).length <= Self.agreement }) else { continue }
            parts.append((part(way, there, operations), f01))
            parts.append((part(wayBack, back, operations), f10))
        }
        let swept = parts.reduce(into: moving) { $0.formUnion(sweep($1.part, from: moving)) }
        for (part, flow) in parts { write(part, into: flow, in: swept, scale: scale) }
        return (swept, !parts.isEmpty)
    }

    /// One direction of the motion.
    private func search(
        _ first: QuarterLuma, _ second: QuarterLuma, _ flow: any FlowMap, in moving: Region, scale: Float
    ) -> TranslationSearch {
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
        return TranslationSearch(first, second, differences: differences)
    }

    /// A part of a frame that moves as one.
    private struct Part {
        let way: Translation
        /// Of each pixel of a quarter of the size, whether it belongs to the part.
        let pixels: [Bool]
    }

    /// The pixels that a part passes on its way, as far as it begins in a region.
    private func sweep(_ part: Part, from region: Region) -> Region {
        var begin = Region(height: size.height, width: size.width)
        forEachRun(of: part) { row, columns in
            let columns = columns.clamped(to: region[row])
            if !columns.isEmpty { begin.insert(rows: row..<row + 1, columns: columns) }
        }
        var swept = begin
        // In steps that leave no gap between rows.
        let steps = Int(max(abs(part.way.x), abs(part.way.y)).rounded(.up))
        for step in 0..<steps {
            let share = Float(step + 1) / Float(steps)
            let (x, y) = (Int((share * part.way.x).rounded()), Int((share * part.way.y).rounded()))
            for row in max(0, -y)..<max(min(size.height, size.height - y), max(0, -y)) where !begin[row].isEmpty {
                swept.insert(
                    rows: row + y..<row + y + 1, columns: begin[row].lowerBound + x..<begin[row].upperBound + x)
            }
        }
        return swept
    }

    /// Puts a part's way in place of a flow, in a region.
    private func write(_ part: Part, into flow: any FlowMap, in region: Region, scale: Float) {
        let unit = 1 / scale * part.way
        forEachRun(of: part) { row, columns in
            let columns = columns.clamped(to: region[row])
            if !columns.isEmpty { flow.fill(row: row, columns, with: unit) }
        }
    }

    /// Calls `body` for a part's pixels of the frame that lie together in a row.
    private func forEachRun(of part: Part, _ body: (_ row: Int, _ columns: Range<Int>) -> Void) {
        let factor = QuarterLuma.factor
        let across = (size.width + factor - 1) / factor
        for row in 0..<part.pixels.count / across {
            var column = 0
            while column < across {
                let start = column
                while column < across && part.pixels[row * across + column] { column += 1 }
                let columns = factor * start..<min(factor * column, size.width)
                if column > start {
                    for line in factor * row..<min(factor * (row + 1), size.height) { body(line, columns) }
                }
                column += 1
            }
        }
    }

    /// The part of a frame in which a translation counts.
    private func part(_ found: TranslationSearch.Found, _ search: TranslationSearch, _ operations: PixelOperations)
        -> Part
    {
        let (first, second) = (search.first, search.second)
        let (rows, columns) = (first.rows, first.columns)
        let (own, flows) = (Tensor(1, rows, columns), Tensor(1, rows, columns))
        for at in 0..<rows * columns {
            flows.values[at] = search.differences[at]
            // Nothing is known of pixels that leave the picture.
            let isInside = found.moved.isInside(at)
            own.values[at] = isInside ? first.difference(from: found.moved, at: at) : flows.values[at]
        }
        /// Pixels that leave the picture go with those beside them, unless they are edges that stand.
        func mayLeave(_ at: Int) -> Bool {
            first.difference(from: second, at: at) > Self.tolerance || first.contrast(at: at) <= Self.edge
        }
        func means(_ map: Tensor, _ reach: Int) -> Tensor {
            let means = Tensor(1, rows, columns)
            operations.windowMeans(of: map.view, reach: reach, into: means.view)
            return means
        }
        let (ownWide, flowsWide) = (means(own, Self.wide), means(flows, Self.wide))
        let (ownNear, flowsNear) = (means(own, Self.narrow), means(flows, Self.narrow))
        let explains = (0..<rows * columns).map { at in
            found.moved.isInside(at) ? ownNear.values[at] <= flowsNear.values[at] + Self.tolerance : mayLeave(at)
        }
        let wins = explains.indices.map {
            explains[$0] && ownWide.values[$0] < TranslationSearch.left * flowsWide.values[$0]
        }
        return Part(way: found.way, pixels: grown(wins, in: explains, rows, columns))
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
