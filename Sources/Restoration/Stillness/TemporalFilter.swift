import CKernels
import Glibc
import PixelKernels
import Threads

/// Keeps still parts still: a recursive filter over the restored frames, not in the paper.
///
/// If palettes or dither differ from frame to frame, every frame carries a quantization error of its own, and the part
/// that the network leaves of it flickers. If an estimate differs from the last restored picture by no more than such
/// errors do, the picture moves only part of the way to it; this averages the errors of all frames before. The size of
/// errors is measured around each pixel: it is the mean of |G - I|, how far the network moved the frame there.
///
/// With E = I(t) - R(t-1), and d and q the means of |E| and |G - I| over the channels and a window of `side` pixels,
///
///     R(t) = I(t) - min(max(strength w E, -q), q),    w = (1 - (d / scale q)^2 / 4)^4 where that is positive, else 0,
///
/// nearly w = exp(-(d / scale q)^2). If the estimate is the one before, so is the picture, to the bit and within q of it;
/// pixels that the network leaves as the GIF has them stay so.
///
/// The scale for dithered and lossy GIFs follows the film. The network leaves a tenth to a half of q of their dots, by
/// maker and content; the less it leaves, the smaller the motion that may be taken for an error. The noise n is d / q
/// where the film is stillest: its fifth percentile over the blocks of `block` x `block` pixels that change. The scale is
/// a multiple of n, within limits.
///
/// How much is filtered depends on what a network leaves, and stands in its model file (`Filtering`).
///
/// For one size of frames. One thread at a time.
final class TemporalFilter {
    /// Pixels, odd.
    static let side = 7
    static let reach = side / 2
    /// Pixels that differ by less are the same, pixels that differ by more than twice as much are not: parts of a network
    /// that are computed anew round otherwise. An eighth of an 8-bit level.
    static let tolerance: Float = 1 / 1024

    /// How what a network makes is filtered; of its weights.
    struct Filtering {
        /// How much of the difference is left out at the most: the weight of the past.
        let strength: Float
        /// Limits of the scale: the size of errors in multiples of q.
        let scales: ClosedRange<Float>
        /// The scale in multiples of n.
        let scaleOfNoise: Float
        /// A larger n is no noise: everything moves.
        let mostNoise: Float

        /// Whether the scale does not depend on the film.
        var isFixed: Bool { scales.lowerBound == scales.upperBound }

        /// - Parameter noise: n; nil: not known.
        func scale(noise: Float?) -> Float {
            let known = noise.flatMap { $0 > mostNoise ? nil : $0 }
            return min(max(known.map { $0 * scaleOfNoise } ?? 1, scales.lowerBound), scales.upperBound)
        }
    }

    static let block = 8
    private static let stillestShare = 0.05
    /// Fewer blocks tell nothing.
    private static let enoughBlocks = 32

    /// The frame before.
    struct Past {
        /// The network's estimate and the picture it became, [3, H, W].
        let estimate: TensorView
        let restored: TensorView
    }

    /// The means of |E| and of |G - I| over the channels.
    private let differences: Tensor
    private let errors: Tensor
    /// d / q of each block; negative where it does not change.
    private var ratios: [Float]

    /// For pictures of one width and at most this height; one `apply` at a time.
    init(height: Int, width: Int) {
        differences = Tensor(1, height, width)
        errors = Tensor(1, height, width)
        ratios = [Float](repeating: -1, count: height / Self.block * (width / Self.block))
    }

    /// Rows that one thread takes at a time.
    private static let band = 16

    /// - Parameters:
    ///   - estimate, gif: I(t) and G, [3, H, W] in [-1, 1].
    ///   - past: of the same scene.
    ///   - changed: where `estimate` or `gif` may differ from those of the past; nil: anywhere.
    ///   - restored: receives R(t), [3, H, W].
    /// - Returns: where R(t) differs from R(t-1).
    @discardableResult
    func apply(
        to estimate: TensorView, gif: TensorView, past: Past, changed: Region? = nil, how filtering: Filtering,
        into restored: TensorView, on pool: WorkerPool
    ) -> Region {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let moving = measure(estimate, gif, past, changed, pool)
        let noise =
            filtering.isFixed ? nil : Self.noise(in: ratios(of: estimate, since: past.estimate, moving, pool))
        finish(estimate, gif, past, moving, filtering, noise, into: restored, pool)
        // In the other rows it is what it was.
        var moved = Region(height: height, width: width)
        for y in 0..<height where moving[y] { moved.insert(rows: y..<y + 1, columns: 0..<width) }
        return PixelOperations(on: pool).differences(of: restored, from: past.restored, in: moved)
    }

    /// The ratios d / q of the blocks of a band of rows, row by row of blocks: those of all bands tell the noise.
    /// - Parameters: as of `apply`, of the band.
    func ratios(ofBand estimate: TensorView, gif: TensorView, past: Past, on pool: WorkerPool) -> [Float] {
        ratios(of: estimate, since: past.estimate, measure(estimate, gif, past, nil, pool), pool)
    }

    /// A band of rows, as `apply` does a picture; rows within `reach` of its ends, which are not the picture's, come out
    /// otherwise.
    /// - Parameter noise: of the whole picture; nil: not known.
    func apply(
        toBand estimate: TensorView, gif: TensorView, past: Past, noise: Float?, how filtering: Filtering,
        into restored: TensorView, on pool: WorkerPool
    ) {
        let moving = measure(estimate, gif, past, nil, pool)
        finish(estimate, gif, past, moving, filtering, noise, into: restored, pool)
    }

    private static func rows(_ band: Int, of height: Int) -> Range<Int> {
        band * Self.band..<min((band + 1) * Self.band, height)
    }

    /// Fills `differences` and `errors` as far as they are asked for.
    /// - Returns: for each row, whether the estimates differ.
    private func measure(
        _ estimate: TensorView, _ gif: TensorView, _ past: Past, _ changed: Region?, _ pool: WorkerPool
    ) -> [Bool] {
        let (height, width) = (gif.shape.height, gif.shape.width)
        precondition(
            errors.shape.height >= height && errors.shape.width == width, "a temporal filter for another size")
        let (kernels, plane) = (Kernels.best.table, gif.shape.plane)
        let (differences, errors) = (differences.view.plane(0), errors.view.plane(0))
        let moving = (0..<height).map { y in
            changed.map { !$0[y].isEmpty } ?? true && !Self.isSame(estimate, past.estimate, y)
        }
        pool.forEach((height + Self.band - 1) / Self.band) { band in
            for y in Self.rows(band, of: height)
            where moving[max(y - Self.reach, 0)...min(y + Self.reach, height - 1)].contains(true) {
                let at = y * width
                let own = estimate.plane(0) + at
                kernels.mean_difference(own, past.restored.plane(0) + at, plane, width, differences + at)
                kernels.mean_difference(gif.plane(0) + at, own, plane, width, errors + at)
            }
        }
        return moving
    }

    private func finish(
        _ estimate: TensorView, _ gif: TensorView, _ past: Past, _ moving: [Bool], _ filtering: Filtering,
        _ noise: Float?, into restored: TensorView, _ pool: WorkerPool
    ) {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let kernels = Kernels.best.table
        let (differences, errors) = (differences.view.plane(0), errors.view.plane(0))
        let how = ck_stay(
            strength: filtering.strength, scale: filtering.scale(noise: noise), same: Self.tolerance)
        pool.forEach((height + Self.band - 1) / Self.band) { band in
            var how = how
            let room = UnsafeMutablePointer<Float>.allocate(capacity: 3 * width + 2 * Self.reach)
            defer { room.deallocate() }
            room.initialize(repeating: 0, count: 3 * width + 2 * Self.reach)
            let (change, error, columns) = (room, room + width, room + 2 * width)
            for y in Self.rows(band, of: height) {
                let at = y * width
                guard moving[y] else {
                    for channel in 0..<3 {
                        (restored.plane(channel) + at).update(from: past.restored.plane(channel) + at, count: width)
                    }
                    continue
                }
                let (row, reach) = (Int32(y), Int32(Self.reach))
                kernels.window_means(differences, Int32(height), Int32(width), row, reach, columns, change)
                kernels.window_means(errors, Int32(height), Int32(width), row, reach, columns, error)
                for channel in 0..<3 {
                    kernels.stay_near(
                        estimate.plane(channel) + at, gif.plane(channel) + at, past.estimate.plane(channel) + at,
                        past.restored.plane(channel) + at, change, error, &how, width,
                        restored.plane(channel) + at)
                }
            }
        }
    }

    /// d / q of each block, of `differences` and `errors`; negative where it does not change.
    /// - Parameter moving: the rows whose estimates differ, which those two are known of.
    private func ratios(
        of estimate: TensorView, since before: TensorView, _ moving: [Bool], _ pool: WorkerPool
    ) -> [Float] {
        let (side, width) = (Self.block, estimate.shape.width)
        let (down, across) = (estimate.shape.height / side, width / side)
        let (differences, errors) = (differences.view.plane(0), errors.view.plane(0))
        let (green, greenBefore) = (estimate.plane(1), before.plane(1))
        ratios.withUnsafeMutableBufferPointer { ratios in
            nonisolated(unsafe) let ratios = ratios
            pool.forEach(down) { row in
                for column in 0..<across {
                    var (difference, error, change) = (Float(0), Float(0), Float(0))
                    for y in row * side..<(row + 1) * side where moving[y] {
                        for at in y * width + column * side..<y * width + (column + 1) * side {
                            difference += differences[at]
                            error += errors[at]
                            change += abs(green[at] - greenBefore[at])
                        }
                    }
                    let isChanged = change > Self.tolerance * Float(side * side)
                    ratios[row * across + column] = isChanged ? difference / max(error, 1e-6) : -1
                }
            }
        }
        return Array(ratios[..<(down * across)])
    }

    /// n; nil: it is not known.
    /// - Parameter ratios: those of a whole picture.
    static func noise(in ratios: [Float]) -> Float? {
        let known = ratios.filter { $0 >= 0 }.sorted()
        guard known.count >= enoughBlocks else { return nil }
        return known[Int(Double(known.count - 1) * stillestShare)]
    }

    /// Whether row `y` of both is the same to the bit: none of its pixels asks what surrounds it.
    private static func isSame(_ a: TensorView, _ b: TensorView, _ y: Int) -> Bool {
        let width = a.shape.width
        return (0..<3).allSatisfy { channel in
            memcmp(a.plane(channel) + y * width, b.plane(channel) + y * width, width * MemoryLayout<Float>.stride) == 0
        }
    }
}
