import Media
import PixelKernels
import Threads

/// Looks for the translations of the blocks of a picture that a flow does not explain: full search by block matching.
///
/// One side of a pair of frames: from the first one to the second, or back.
struct TranslationSearch {
    /// Pixels of a block's side, and the largest translation across and down, both of a quarter of the size.
    static let block = 4
    static let reach = 16
    /// The mean difference of a block, in levels, that a flow may leave.
    private static let unexplained: Float = 3.2
    /// Blocks that are searched, at most: of more, evenly spread ones.
    private static let mostBlocks = 256
    private static let shifts = 2 * reach + 1
    /// Blocks by which a translation is found to a fraction of a pixel, at most.
    private static let fineBlocks = 64
    /// Pixels by which the search at a quarter of the size may be off.
    private static let fineReach = 4
    /// Two parts that move differently, and a third.
    private static let mostTranslations = 3
    /// The share of a block's difference that a translation may leave, the least number of such blocks, and their least share
    /// of those that are not explained.
    static let left: Float = 0.5
    static let leastBlocks = 14
    private static let leastShare: Float = 0.15
    /// Pixels that the flow network finds by itself.
    private static let least: Float = 6

    /// Bytes of the differences of all blocks and translations.
    static let bytes = mostBlocks * shifts * shifts * MemoryLayout<Float>.stride

    /// The upper left corner of a block, and the mean difference that the flow leaves.
    private struct Block {
        let row: Int
        let column: Int
        let difference: Float
    }

    let first: QuarterLuma
    let second: QuarterLuma
    /// The difference that the flow leaves, of every pixel, in levels.
    let differences: [Float]
    private let blocks: [Block]

    /// - Parameter first: the flow is from this one to the second.
    init(_ first: QuarterLuma, _ second: QuarterLuma, differences: [Float]) {
        (self.first, self.second, self.differences) = (first, second, differences)
        let side = Self.block
        var blocks: [Block] = []
        for row in stride(from: 0, through: first.rows - side, by: side) {
            for column in stride(from: 0, through: first.columns - side, by: side) {
                var sum: Float = 0
                for y in row..<row + side {
                    for x in column..<column + side { sum += differences[y * first.columns + x] }
                }
                let mean = sum / Float(side * side)
                if mean > Self.unexplained { blocks.append(Block(row: row, column: column, difference: mean)) }
            }
        }
        let step = (blocks.count + Self.mostBlocks - 1) / Self.mostBlocks
        self.blocks = step > 1 ? stride(from: 0, to: blocks.count, by: step).map { blocks[$0] } : blocks
    }

    /// Whether enough is left to look for.
    var isWorthIt: Bool { blocks.count >= Self.leastBlocks }

    /// A translation in pixels of the frames, and what the second frame shows in its way.
    struct Found {
        let way: Translation
        let moved: QuarterLuma
    }

    /// The translations that explain most of it.
    /// - Parameters: the frames, R, G, B, A.
    func translations(_ frame: [UInt8], _ other: [UInt8], size: PixelSize, on pool: WorkerPool) -> [Found] {
        let costs = costs(on: pool)
        let shifts = Self.shifts * Self.shifts
        var open = Array(blocks.indices)
        var found: [Found] = []
        for _ in 0..<Self.mostTranslations where open.count >= Self.leastBlocks {
            func gain(_ index: Int, _ shift: Int) -> Float { blocks[index].difference - costs[index * shifts + shift] }
            var gains = [Float](repeating: 0, count: shifts)
            for index in open { for shift in 0..<shifts { gains[shift] += max(gain(index, shift), 0) } }
            guard let best = gains.indices.max(by: { gains[$0] < gains[$1] }) else { break }
            let better = open.filter { gain($0, best) > 0 }
            if better.count < Self.leastBlocks { break }
            let (y, x) = best.quotientAndRemainder(dividingBy: Self.shifts)
            let way = fine(better, down: y - Self.reach, across: x - Self.reach, frame, other, size)
            let moved = QuarterLuma(other, size: size, movedBy: (Int(way.x.rounded()), Int(way.y.rounded())))
            let explained = open.filter { difference(of: blocks[$0], from: moved) < Self.left * blocks[$0].difference }
            if explained.count < Self.leastBlocks || Float(explained.count) < Self.leastShare * Float(open.count) {
                break
            }
            open.removeAll(where: Set(explained).contains)
            if way.length >= Self.least { found.append(Found(way: way, moved: moved)) }
        }
        return found
    }

    private func difference(of block: Block, from moved: QuarterLuma) -> Float {
        var sum: Float = 0
        for row in block.row..<block.row + Self.block {
            for column in block.column..<block.column + Self.block {
                sum += first.difference(from: moved, at: row * first.columns + column)
            }
        }
        return sum / Float(Self.block * Self.block)
    }

    /// The mean difference of every block and translation, row by row of translations; at least that which the flow leaves
    /// where the translation is no better.
    private func costs(on pool: WorkerPool) -> [Float] {
        let shifts = Self.shifts
        let count = blocks.count * shifts * shifts
        return [Float](unsafeUninitializedCapacity: count) { costs, initialized in
            nonisolated(unsafe) let costs = costs
            first.values.withUnsafeBufferPointer { first in
                second.values.withUnsafeBufferPointer { second in
                    pool.forEach(blocks.count) { index in
                        for shift in 0..<shifts * shifts {
                            let (down, across) = shift.quotientAndRemainder(dividingBy: shifts)
                            costs[index * shifts * shifts + shift] = cost(
                                blocks[index], down - Self.reach, across - Self.reach, first, second)
                        }
                    }
                }
            }
            initialized = count
        }
    }

    /// Pixels outside of the picture differ by half of all levels.
    private func cost(
        _ block: Block, _ down: Int, _ across: Int, _ first: UnsafeBufferPointer<Float>,
        _ second: UnsafeBufferPointer<Float>
    ) -> Float {
        let (side, columns) = (Self.block, self.first.columns)
        let area = Float(side * side)
        // Of the block's columns.
        let inside = (-block.column - across..<columns - block.column - across).clamped(to: 0..<side)
        var sum: Float = 0
        for y in block.row..<block.row + side {
            guard (0..<self.first.rows).contains(y + down) else {
                sum += Float(side) * QuarterLuma.outsideDifference
                continue
            }
            sum += Float(side - inside.count) * QuarterLuma.outsideDifference
            let (own, other) = (y * columns + block.column, (y + down) * columns + block.column + across)
            for x in inside { sum += abs(first[own + x] - second[other + x]) }
            if sum >= area * block.difference { return block.difference }
        }
        return sum / area
    }

    /// The translation that leaves least of the difference of some blocks in the frames themselves, around one at a quarter of
    /// the size.
    private func fine(
        _ indices: [Int], down: Int, across: Int, _ frame: [UInt8], _ other: [UInt8], _ size: PixelSize
    ) -> Translation {
        let (factor, reach) = (QuarterLuma.factor, Self.fineReach)
        let step = (indices.count + Self.fineBlocks - 1) / Self.fineBlocks
        let chosen = stride(from: 0, to: indices.count, by: step).map { blocks[indices[$0]] }
        func left(_ y: Int, _ x: Int) -> Float {
            var (sum, count) = (0, 0)
            frame.withUnsafeBufferPointer { frame in
                other.withUnsafeBufferPointer { other in
                    for block in chosen {
                        let lines = factor * block.row..<min(factor * (block.row + Self.block), size.height)
                        let all = factor * block.column..<min(factor * (block.column + Self.block), size.width)
                        for line in lines where (0..<size.height).contains(line + y) {
                            for at in all.clamped(to: -x..<size.width - x) {
                                let own = QuarterLuma.luma(frame, at: line * size.width + at)
                                sum += abs(own - QuarterLuma.luma(other, at: (line + y) * size.width + at + x))
                                count += 1
                            }
                        }
                    }
                }
            }
            return count > 0 ? Float(sum) / Float(count) : .infinity
        }
        var best = (y: 0, x: 0, left: Float.infinity)
        for y in factor * down - reach...factor * down + reach {
            for x in factor * across - reach...factor * across + reach {
                let value = left(y, x)
                if value < best.left { best = (y, x, value) }
            }
        }
        return Translation(
            x: Float(best.x) + Self.vertex(left(best.y, best.x - 1), best.left, left(best.y, best.x + 1)),
            y: Float(best.y) + Self.vertex(left(best.y - 1, best.x), best.left, left(best.y + 1, best.x)))
    }

    /// The place of the least value of a function that rises alike on both sides of it, by its values at -1, 0 and 1.
    private static func vertex(_ before: Float, _ least: Float, _ after: Float) -> Float {
        let rise = max(before, after) - least
        return rise.isFinite && rise > 1e-3 ? min(max((before - after) / (2 * rise), -0.5), 0.5) : 0
    }
}
