import Inference
import Threads

/// Leaves alone what the network would hardly change: flat art and screens, whose colors a GIF holds without loss.
///
/// A network never answers exactly nothing. What counts is how far it moves a pixel in palette radii, the only measure
/// of what quantization can have done to it: where that is little on the average, over the frame or over a block and
/// its neighbours, the frame's own colors stay, to the bit. In between the change fades in, so that nothing pops.
///
/// Measured with the networks of `live` on the frames of the validation clips, 32 and 256 colors: a frame's mean is 0.45
/// and more without dither, 1.15 and more with it, and a block's below `block.lowerBound` so seldom that PSNR stays the
/// same to 0.002 dB; on seven lossless scenes of flat art (Training/gif2video_training/quality/flat_art.py) a frame's
/// mean reached 0.17.
struct Restraint {
    /// Pixels a side.
    static let blockSize = 16
    /// Mean change of a frame, in palette radii, at which it begins to count, and at which it counts in full.
    static let frame: ClosedRange<Float> = 0.2...0.35
    /// The same of a block.
    static let block: ClosedRange<Float> = 0.08...0.16
    /// The radius of two colors that differ by one level, the least there is.
    static let smallestRadius: Float = 1 / 255

    /// Blends a restored frame with the GIF's own, in place.
    /// - Parameters:
    ///   - restored, gif: [3, H, W] in [-1, 1].
    ///   - radius: the palette radius of each pixel, [1, H, W].
    static func apply(to restored: TensorView, gif: TensorView, radius: TensorView, on pool: WorkerPool) {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let columns = (width + blockSize - 1) / blockSize
        let rows = (height + blockSize - 1) / blockSize
        let changes = changes(of: restored, gif: gif, radius: radius, rows: rows, columns: columns, on: pool)
        let frameWeight = weight(changes.reduce(0, +) / Float(height * width), frame)
        // Blocks at the right and the bottom may be smaller.
        var weights = changes
        for row in 0..<rows {
            let high = min(blockSize, height - row * blockSize)
            for column in 0..<columns {
                let area = high * min(blockSize, width - column * blockSize)
                let at = row * columns + column
                weights[at] = frameWeight * weight(changes[at] / Float(area), block)
            }
        }
        guard weights.contains(where: { $0 < 1 }) else { return }
        pool.forEach(rows) { row in
            for y in row * blockSize..<min((row + 1) * blockSize, height) {
                blend(restored, gif, y: y, weights: weights, rows: rows, columns: columns)
            }
        }
    }

    /// 0 up to the range, 1 from its end on.
    private static func weight(_ change: Float, _ range: ClosedRange<Float>) -> Float {
        min(max((change - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
    }

    /// The sum over each block's pixels of how far they were moved, in palette radii.
    private static func changes(
        of restored: TensorView, gif: TensorView, radius: TensorView, rows: Int, columns: Int, on pool: WorkerPool
    ) -> [Float] {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let plane = height * width
        let sums = Tensor(1, rows, columns)
        restored.withUnsafeBufferPointer { restored in
            gif.withUnsafeBufferPointer { gif in
                radius.withUnsafeBufferPointer { radius in
                    sums.withUnsafeMutableBufferPointer { sums in
                        nonisolated(unsafe) let (restored, gif, radius, sums) = (restored, gif, radius, sums)
                        pool.forEach(rows) { row in
                            for y in row * blockSize..<min((row + 1) * blockSize, height) {
                                for x in 0..<width {
                                    let at = y * width + x
                                    let red = restored[at] - gif[at]
                                    let green = restored[at + plane] - gif[at + plane]
                                    let blue = restored[at + 2 * plane] - gif[at + 2 * plane]
                                    let change = (red * red + green * green + blue * blue).squareRoot()
                                    sums[row * columns + x / blockSize] += change / max(radius[at], smallestRadius)
                                }
                            }
                        }
                    }
                }
            }
        }
        return sums.withUnsafeBufferPointer { Array($0) }
    }

    /// One row of pixels, the blocks' weights interpolated between their centers.
    private static func blend(
        _ restored: TensorView, _ gif: TensorView, y: Int, weights: [Float], rows: Int, columns: Int
    ) {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let down = place(y, count: rows)
        restored.withUnsafeMutableBufferPointer { restored in
            gif.withUnsafeBufferPointer { gif in
                for x in 0..<width {
                    let across = place(x, count: columns)
                    func line(_ row: Int) -> Float {
                        let (a, b) = (weights[row * columns + across.first], weights[row * columns + across.second])
                        return a + across.fraction * (b - a)
                    }
                    let (above, below) = (line(down.first), line(down.second))
                    let weight = above + down.fraction * (below - above)
                    guard weight < 1 else { continue }
                    for channel in 0..<3 {
                        let at = (channel * height + y) * width + x
                        restored[at] = weight == 0 ? gif[at] : gif[at] + weight * (restored[at] - gif[at])
                    }
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
