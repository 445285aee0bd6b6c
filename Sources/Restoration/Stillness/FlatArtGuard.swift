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
    /// - Returns: whether the whole frame was left alone.
    @discardableResult
    func apply(
        to estimate: SequenceFrame, gif: TensorView, radius: TensorView, _ limits: Limits, on pool: WorkerPool
    ) -> Bool {
        let restored = estimate.values
        let (height, width) = (gif.shape.height, gif.shape.width)
        let (rows, columns) = (changes.shape.height, changes.shape.width)
        let blockSize = Self.blockSize
        PixelOperations(on: pool).sumChanges(
            of: restored, from: gif, radius: radius, leastRadius: Self.smallestRadius, size: blockSize, into: changes,
            in: estimate.changes(since: seen) ?? .all(height: height, width: width))
        seen = estimate.number
        let changes = changes.withUnsafeBufferPointer { Array($0) }
        let frameWeight = Self.weight(changes.reduce(0, +) / Float(height * width), limits.frame)
        // Blocks at the right and the bottom may be smaller.
        var weights = changes
        for row in 0..<rows {
            let high = min(blockSize, height - row * blockSize)
            for column in 0..<columns {
                let area = high * min(blockSize, width - column * blockSize)
                let at = row * columns + column
                weights[at] = frameWeight * Self.weight(changes[at] / Float(area), limits.block)
            }
        }
        isAtWork = weights.contains { $0 < 1 }
        guard isAtWork else { return false }
        pool.forEach(rows) { row in
            for y in row * blockSize..<min((row + 1) * blockSize, height) {
                Self.blend(restored, gif, y: y, weights: weights, rows: rows, columns: columns)
            }
        }
        return frameWeight == 0
    }

    /// 0 up to the range, 1 from its end on.
    private static func weight(_ change: Float, _ range: ClosedRange<Float>) -> Float {
        min(max((change - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
    }

    /// One row of pixels, the blocks' weights interpolated between their centers.
    private static func blend(
        _ restored: TensorView, _ gif: TensorView, y: Int, weights: [Float], rows: Int, columns: Int
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
                let (own, original) = (restored.plane(channel) + y * width, gif.plane(channel) + y * width)
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
