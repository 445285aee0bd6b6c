import PixelKernels
import Threads

/// Leaves alone what the network would hardly change: flat art and screens, whose colors a GIF holds without loss.
///
/// A network always changes a picture a little. The guard measures how far it moves each pixel in palette radii, the only
/// measure of the error that quantization can have made there. If that is little on the average, over the frame or over
/// a block and its neighbors, the frame's own colors stay, to the bit. In between the change fades in, so that nothing
/// pops.
///
/// How little is little depends on the weights: a frame of film is moved further than one of flat art, and the limits lie
/// between the two.
///
/// Belongs to one stream and remembers its last frame. One thread at a time.
final class FlatArtGuard {
    /// Pixels a side.
    static let blockSize = 16
    /// The radius of two colors that differ by one level, the least there is.
    static let smallestRadius: Float = 1 / 255

    /// How much a network has to change for it to count; of its weights.
    struct Limits {
        /// Mean change of a frame, in palette radii, at which it begins to count, and at which it counts in full.
        let frame: ClosedRange<Float>
        /// The same of a block.
        let block: ClosedRange<Float>
    }

    /// Whether it left anything of the last frame alone.
    private(set) var isAtWork = false
    /// The last frame, by its number.
    private var seen: Int?
    /// Of each block of the last frame, the sum over its pixels of how far they were moved, in palette radii.
    private let changes: Tensor
    /// How much the estimate counts at each block's center.
    private var weights: [Float] = []
    /// Whether the whole of the last frame was left alone.
    private(set) var leavesAll = false

    /// - Parameters: the canvas in pixels.
    init(height: Int, width: Int) {
        changes = Tensor(
            1, (height + Self.blockSize - 1) / Self.blockSize, (width + Self.blockSize - 1) / Self.blockSize)
    }

    /// Blends an estimate with the GIF's own frame, in place.
    /// - Parameters:
    ///   - estimate, gif: [3, H, W] in [-1, 1]. The estimate's log tells where either differs from the last frame's.
    ///   - radius: the palette radius of each pixel, [1, H, W].
    ///   - limits: of the network that made the estimate.
    ///   - keepsAll: whether the frame is known to be art, however far the network moves it.
    /// - Returns: whether the whole frame was left alone.
    @discardableResult
    func apply(
        to estimate: SequenceFrame, gif: TensorView, radius: TensorView, _ limits: Limits, keepsAll: Bool = false,
        on pool: WorkerPool
    ) -> Bool {
        let (restored, height, width) = (estimate.values, gif.shape.height, gif.shape.width)
        measure(
            restored, gif: gif, radius: radius,
            in: estimate.changes(since: seen) ?? .all(height: height, width: width), on: pool)
        seen = estimate.number
        decide(height: height, width: width, limits, keepsAll: keepsAll)
        blend(restored, gif: gif, rows: 0..<height, on: pool)
        return leavesAll
    }

    /// Measures how far the pixels of some blocks were moved.
    /// - Parameters:
    ///   - restored, gif, radius: as in `apply`, or parts of them.
    ///   - row: of the blocks, that a part begins with.
    ///   - region: of these; all its blocks are measured.
    func measure(
        _ restored: TensorView, gif: TensorView, radius: TensorView, atRow row: Int = 0, in region: Region,
        on pool: WorkerPool
    ) {
        PixelOperations(on: pool).sumChanges(
            of: restored, from: gif, radius: radius, leastRadius: Self.smallestRadius, size: Self.blockSize,
            into: changes, atRow: row, in: region)
    }

    /// Decides how much of the frame that was measured is left alone.
    /// - Parameters: of the whole frame, as in `apply`.
    func decide(height: Int, width: Int, _ limits: Limits, keepsAll: Bool) {
        let (rows, columns, blockSize) = (changes.shape.height, changes.shape.width, Self.blockSize)
        let changes = changes.withUnsafeBufferPointer { Array($0) }
        let frameWeight = keepsAll ? 0 : Self.weight(changes.reduce(0, +) / Float(height * width), limits.frame)
        // Blocks at the right and the bottom may be smaller.
        weights = changes
        for row in 0..<rows {
            let high = min(blockSize, height - row * blockSize)
            for column in 0..<columns {
                let area = high * min(blockSize, width - column * blockSize)
                let at = row * columns + column
                weights[at] = frameWeight * Self.weight(changes[at] / Float(area), limits.block)
            }
        }
        isAtWork = weights.contains { $0 < 1 }
        leavesAll = frameWeight == 0
    }

    /// Blends rows of an estimate with those of the GIF's own frame, as it was decided.
    /// - Parameters:
    ///   - restored, gif: [3, rows, W].
    ///   - rows: of the whole frame.
    func blend(_ restored: TensorView, gif: TensorView, rows: Range<Int>, on pool: WorkerPool) {
        guard isAtWork else { return }
        let (down, columns, weights) = (changes.shape.height, changes.shape.width, weights)
        let bands = (rows.count + Self.blockSize - 1) / Self.blockSize
        pool.forEach(bands) { band in
            for row in band * Self.blockSize..<min((band + 1) * Self.blockSize, rows.count) {
                Self.blend(
                    restored, gif, row: row, y: rows.lowerBound + row, weights: weights, rows: down, columns: columns)
            }
        }
    }

    /// 0 up to the range, 1 from its end on.
    private static func weight(_ change: Float, _ range: ClosedRange<Float>) -> Float {
        min(max((change - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
    }

    /// One row of pixels, the blocks' weights interpolated between their centers.
    /// - Parameter y: the row's place in the whole frame.
    private static func blend(
        _ restored: TensorView, _ gif: TensorView, row: Int, y: Int, weights: [Float], rows: Int, columns: Int
    ) {
        let width = gif.shape.width
        let down = place(y, count: rows)
        // Between the same blocks' centers.
        var first = 0
        while first < width {
            let end = min(first < blockSize / 2 ? blockSize / 2 : first + blockSize, width)
            defer { first = end }
            let across = place(first, count: columns)
            func weight(_ row: Int, _ column: Int) -> Float { weights[row * columns + column] }
            let upper = (weight(down.first, across.first), weight(down.first, across.second))
            let lower = (weight(down.second, across.first), weight(down.second, across.second))
            if upper == (1, 1) && lower == (1, 1) { continue }
            for channel in 0..<3 {
                let (own, original) = (restored.plane(channel) + row * width, gif.plane(channel) + row * width)
                if upper == (0, 0) && lower == (0, 0) {
                    (own + first).update(from: original + first, count: end - first)
                    continue
                }
                for x in first..<end {
                    let fraction = place(x, count: columns).fraction
                    let above = upper.0 + fraction * (upper.1 - upper.0)
                    let below = lower.0 + fraction * (lower.1 - lower.0)
                    let weight = above + down.fraction * (below - above)
                    guard weight < 1 else { continue }
                    own[x] = weight == 0 ? original[x] : original[x] + weight * (own[x] - original[x])
                }
            }
        }
    }

    /// Between which blocks' centers a pixel lies, and how far on the way.
    private static func place(_ pixel: Int, count: Int) -> (first: Int, second: Int, fraction: Float) {
        let position = (Float(pixel) + 0.5) / Float(blockSize) - 0.5
        let first = max(Int(position.rounded(.down)), 0)
        return (min(first, count - 1), min(first + 1, count - 1), min(max(position - Float(first), 0), 1))
    }
}
