import Inference
import PixelKernels

/// Finds motion that is too large for the flow network on frames of a quarter of the size, on which it is small.
///
/// The network then sees each frame beside the other one warped to it, and finds the rest of the motion. With the weights of
/// `live`, which were trained without this, it gains 0.8 dB where the mean flow is 12 to 30 pixels, 1.8 dB beyond, and next to
/// nothing where less moves (`evaluate coarse` in Training).
///
/// For one size of frames. One thread at a time.
final class CoarseFlow {
    static let factor = 4

    /// The coarse flows that count; of the weights.
    struct Limits {
        /// Coarse flows up to the lower bound, in the mean around a pixel, do not count, from the upper one on in full.
        let pixels: ClosedRange<Float>
        /// The least share of all moving pixels that must move so far.
        let share: Float
    }

    /// The two frames, [3, H / 4, W / 4] each.
    let frames: [Tensor]
    /// The network's maps for them, and F01 and F10, [2, H / 4, W / 4] each, in units of the network's `maxFlow` pixels of
    /// the whole frames.
    let coarse: FlowState
    /// The same, [2, H, W] each; made when they are first needed.
    private(set) lazy var f01 = Tensor(2, height, width)
    private(set) lazy var f10 = Tensor(2, height, width)
    /// Room for a sum, and for a warped frame.
    private(set) lazy var sum = Tensor(2, height, width)
    private(set) lazy var warped = Tensor(3, height, width)
    private let limits: Limits
    private let lengths: Tensor
    private let means: Tensor
    private let height: Int
    private let width: Int

    /// - Parameters:
    ///   - height, width: of the whole frames.
    ///   - makeState: of the flow network.
    init(height: Int, width: Int, _ limits: Limits, makeState: (_ height: Int, _ width: Int) -> UNetState) {
        let (rows, columns) = (
            (height + Self.factor - 1) / Self.factor, (width + Self.factor - 1) / Self.factor
        )
        frames = (0..<2).map { _ in Tensor(3, rows, columns) }
        coarse = FlowState(makeState(rows, columns))
        (lengths, means) = (Tensor(1, rows, columns), Tensor(1, rows, columns))
        (self.height, self.width, self.limits) = (height, width, limits)
    }

    /// Bytes of it, with the network's state.
    /// - Parameters: of the whole frames.
    static func bytes(height: Int, width: Int, _ network: UNet) -> Int {
        let (rows, columns) = ((height + factor - 1) / factor, (width + factor - 1) / factor)
        // Two frames and two maps of the small size; two flows, a sum and a warped frame of the large one.
        let values = (2 * 3 + 2) * rows * columns + (2 * 2 + 2 + 3) * height * width
        return network.stateBytes(height: rows, width: columns) + values * MemoryLayout<Float>.stride
    }

    /// Scales the coarse flows, as the network has answered, to those of whole frames, and fades out what is not large.
    /// - Parameters:
    ///   - region: where the network was asked; the flows become 0 elsewhere.
    ///   - scale: pixels that a flow of 1 stands for.
    /// - Returns: whether enough of it is left.
    func keepWhatIsLarge(in region: Region, scale: Float, _ operations: PixelOperations) -> Bool {
        let (rows, columns) = (frames[0].shape.height, frames[0].shape.width)
        var most = 0
        for flow in [coarse.f01, coarse.f10] {
            let (x, y, length, mean) = (flow.plane(0), flow.plane(1), lengths.view.plane(0), means.view.plane(0))
            let factor = Float(Self.factor)
            for row in 0..<rows {
                for at in row * columns..<(row + 1) * columns {
                    let isAsked = region[row].contains(at - row * columns)
                    x[at] = isAsked ? factor * x[at] : 0
                    y[at] = isAsked ? factor * y[at] : 0
                    length[at] = (x[at] * x[at] + y[at] * y[at]).squareRoot() * scale
                }
            }
            operations.windowMeans(of: lengths.view, into: means.view)
            var count = 0
            for at in 0..<rows * columns {
                let range = limits.pixels
                let weight = min(
                    max((mean[at] - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
                x[at] *= weight
                y[at] *= weight
                if weight > 0.5 { count += 1 }
            }
            most = max(most, count)
        }
        return Float(most) >= limits.share * Float(region.area)
    }
}
