import Glibc
import Inference
import Threads

/// Keeps still what stands still: a recursive filter over the restored frames, not in the paper.
///
/// Where palettes or dither differ from frame to frame, every frame carries a quantization error of its own, and what
/// the network leaves of it flickers. Where an estimate differs from the last restored picture by no more than such
/// errors do, the picture moves only part of the way to it; this averages the errors of all frames before. What an
/// error is here is measured on the spot: the mean of |G - I|, how far the network moved the frame around the pixel.
///
/// With E = I(t) - R(t-1), and d and q the means of |E| and |G - I| over the channels and a window of `side` pixels,
///
///     R(t) = I(t) - min(max(strength w E, -q), q),    w = (1 - (d / scale q)^2 / 4)^4 where that is positive, else 0,
///
/// nearly w = exp(-(d / scale q)^2). Pixels that the network leaves as the GIF has them stay so; where the estimate is the one
/// before, the picture is too.
///
/// Measured before it was written (docs/quality.md holds what came of it): beside the networks alone +0.02 to +0.14 dB, most
/// of it on faces, and 1.3 to 1.7 times the original's flicker came down to 1.1.
final class TemporalFilter {
    /// How much of the difference is left out at the most: the weight of the past.
    static let strength: Float = 0.7
    /// Pixels, odd.
    static let side = 7
    private static let reach = side / 2
    /// Estimates that differ by less are the same: parts of a network that are computed anew round otherwise. A hundredth of
    /// an 8-bit level.
    static let rounding: Float = 1 / 16384

    /// What counts as an error, in multiples of q: what the networks leave of dither is less than what they take away.
    enum Scale: Float {
        case none = 1.4
        case dithered = 0.65
    }

    /// The frame before.
    struct Past {
        /// The network's estimate and the picture it became, [3, H, W].
        let estimate: TensorView
        let restored: TensorView
    }

    /// The means of |E| and of |G - I| over the channels.
    private let differences: Tensor
    private let errors: Tensor

    /// For one size of frames; one `apply` at a time.
    init(height: Int, width: Int) {
        differences = Tensor(1, height, width)
        errors = Tensor(1, height, width)
    }

    /// Rows that one thread takes at a time.
    private static let band = 16

    /// - Parameters:
    ///   - estimate, gif: I(t) and G, [3, H, W] in [-1, 1].
    ///   - past: of the same scene.
    ///   - restored: receives R(t), [3, H, W].
    func apply(
        to estimate: TensorView, gif: TensorView, past: Past, scale: Scale, into restored: TensorView,
        on pool: WorkerPool
    ) {
        let (height, width) = (gif.shape.height, gif.shape.width)
        precondition(errors.shape == TensorShape(1, height, width), "a temporal filter for another size")
        let bands = (height + Self.band - 1) / Self.band
        let (differences, errors) = (differences.view, errors.view)
        let moving = (0..<height).map { y in !Self.isSame(estimate, past.estimate, y) }
        pool.forEach(bands) { at in
            for y in at * Self.band..<min((at + 1) * Self.band, height)
            where moving[max(y - Self.reach, 0)...min(y + Self.reach, height - 1)].contains(true) {
                Self.meanDifference(estimate, past.restored, y, into: differences)
                Self.meanDifference(gif, estimate, y, into: errors)
            }
        }
        pool.forEach(bands) { at in
            var (d, q) = (WindowMeans(width: width), WindowMeans(width: width))
            for y in at * Self.band..<min((at + 1) * Self.band, height) {
                if moving[y] {
                    d.measure(differences, y)
                    q.measure(errors, y)
                }
                for channel in 0..<3 {
                    Self.filter(
                        channel, y, estimate: estimate, gif: gif, past: past, scale: scale, d: d.means, q: q.means,
                        into: restored)
                }
            }
        }
    }

    /// Whether row `y` of both is the same to the bit: none of its pixels asks what surrounds it.
    private static func isSame(_ a: TensorView, _ b: TensorView, _ y: Int) -> Bool {
        let width = a.shape.width
        return (0..<3).allSatisfy { channel in
            memcmp(a.plane(channel) + y * width, b.plane(channel) + y * width, width * MemoryLayout<Float>.stride) == 0
        }
    }

    /// Row `y` of the mean over the channels of |a - b|.
    private static func meanDifference(_ a: TensorView, _ b: TensorView, _ y: Int, into mean: TensorView) {
        let width = a.shape.width
        let target = mean.plane(0) + y * width
        for channel in 0..<3 {
            let (a, b) = (a.plane(channel) + y * width, b.plane(channel) + y * width)
            for x in 0..<width {
                let part = abs(a[x] - b[x]) / 3
                target[x] = channel == 0 ? part : target[x] + part
            }
        }
    }

    /// Means over windows around every pixel of a row; the map's edge repeats.
    private struct WindowMeans {
        private(set) var means: [Float]
        private var columns: [Float]

        init(width: Int) {
            means = Array(repeating: 0, count: width)
            columns = Array(repeating: 0, count: width + 2 * reach)
        }

        mutating func measure(_ map: TensorView, _ y: Int) {
            let (height, width) = (map.shape.height, map.shape.width)
            for x in 0..<width { columns[x + reach] = 0 }
            for line in y - reach...y + reach {
                let row = map.plane(0) + min(max(line, 0), height - 1) * width
                for x in 0..<width { columns[x + reach] += row[x] }
            }
            for x in 0..<reach {
                columns[x] = columns[reach]
                columns[width + reach + x] = columns[width + reach - 1]
            }
            for x in 0..<width {
                var sum: Float = 0
                for column in x..<x + side { sum += columns[column] }
                means[x] = sum / Float(side * side)
            }
        }
    }

    /// One row of one channel of R(t).
    private static func filter(
        _ channel: Int, _ y: Int, estimate: TensorView, gif: TensorView, past: Past, scale: Scale, d: [Float],
        q: [Float], into restored: TensorView
    ) {
        let width = gif.shape.width
        let (estimate, gif) = (estimate.plane(channel) + y * width, gif.plane(channel) + y * width)
        let before = past.estimate.plane(channel) + y * width
        let shown = past.restored.plane(channel) + y * width
        let restored = restored.plane(channel) + y * width
        for x in 0..<width {
            let ratio = d[x] / max(scale.rawValue * q[x], .leastNormalMagnitude)
            let near = max(1 - ratio * ratio / 4, 0)
            let change = strength * (near * near) * (near * near) * (estimate[x] - shown[x])
            let smoothed = estimate[x] - min(max(change, -q[x]), q[x])
            // Neither is a special case of the other: what stays the same, and what is exact.
            let kept = abs(estimate[x] - before[x]) < rounding ? shown[x] : smoothed
            restored[x] = estimate[x] == gif[x] ? estimate[x] : kept
        }
    }
}
