import Inference
import PixelKernels
import Threads

/// Finds motion that is too large for network B on small frames, on which it is small.
///
/// A dense inverse search finds it (`DenseInverseSearch`), or network B on frames of a quarter of the size, as the model file says.
/// Network B then sees each frame beside the other one warped to it, and finds the rest of the motion. Training/NOTES.md tells what
/// that gains.
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

    private let finder: Finder
    /// F01 and F10, [2, H / 4, W / 4] each, once `find` has returned true: in units of `maxFlow` pixels of the whole frames.
    let flows: (f01: TensorView, f10: TensorView)
    /// The same, [2, H, W] each; made when they are first needed.
    private(set) lazy var f01 = Tensor(2, height, width)
    private(set) lazy var f10 = Tensor(2, height, width)
    /// Room for a sum, and for a warped frame.
    private(set) lazy var sum = Tensor(2, height, width)
    private(set) lazy var warped = Tensor(3, height, width)
    private let slomo: SuperSlomo
    private let lengths: Tensor
    private let means: Tensor
    private let height: Int
    private let width: Int

    private enum Finder {
        /// Both frames, [3, H / 4, W / 4] each, and the network's maps for them.
        case network(frames: [Tensor], FlowState)
        /// Sees luma of half the size.
        case search(DenseInverseSearch)
    }

    /// - Parameters:
    ///   - height, width: of the whole frames.
    ///   - makeState: of the flow network.
    /// - Returns: nil for a model without, and for frames that are too small to search in.
    init?(
        height: Int, width: Int, _ slomo: SuperSlomo, makeState: (_ height: Int, _ width: Int) -> UNetState
    ) {
        guard slomo.configuration.coarse == true else { return nil }
        let (rows, columns) = Self.size(height: height, width: width)
        if slomo.configuration.coarseSearch == true {
            let half = Self.half(height: height, width: width)
            guard DenseInverseSearch.serves(height: half.rows, width: half.columns) else { return nil }
            finder = .search(DenseInverseSearch(height: half.rows, width: half.columns))
            flows = (Tensor(2, rows, columns).view, Tensor(2, rows, columns).view)
        } else {
            let state = FlowState(makeState(rows, columns))
            finder = .network(frames: (0..<2).map { _ in Tensor(3, rows, columns) }, state)
            flows = (state.f01, state.f10)
        }
        (lengths, means) = (Tensor(1, rows, columns), Tensor(1, rows, columns))
        (self.height, self.width, self.slomo) = (height, width, slomo)
    }

    /// Rows and columns of frames of a quarter of the size.
    /// - Parameters: of the whole frames.
    private static func size(height: Int, width: Int) -> (rows: Int, columns: Int) {
        ((height + factor - 1) / factor, (width + factor - 1) / factor)
    }

    private static func half(height: Int, width: Int) -> (rows: Int, columns: Int) {
        ((height + 1) / 2, (width + 1) / 2)
    }

    /// Bytes of it on small frames, without a network's state.
    private static func smallBytes(height: Int, width: Int, _ slomo: SuperSlomo) -> Int {
        let (rows, columns) = size(height: height, width: width)
        // Two maps, and two frames or two flows.
        let isSearched = slomo.configuration.coarseSearch == true
        let bytes = (2 + 2 * (isSearched ? 2 : 3)) * rows * columns * MemoryLayout<Float>.stride
        let half = half(height: height, width: width)
        return isSearched ? bytes + DenseInverseSearch.bytes(height: half.rows, width: half.columns) : bytes
    }

    /// Bytes of it where nothing of the whole size is made, and a network's maps lie in memory of others.
    /// - Parameters: of the whole frames.
    static func bandedBytes(height: Int, width: Int, _ slomo: SuperSlomo) -> Int {
        guard slomo.configuration.coarse == true else { return 0 }
        let (rows, columns) = size(height: height, width: width)
        // The network's input and its answer.
        let planes = slomo.configuration.coarseSearch == true ? 0 : slomo.flow.configuration.inputs + 4
        return smallBytes(height: height, width: width, slomo) + planes * rows * columns * MemoryLayout<Float>.stride
    }

    /// Bytes of it, with the network's state.
    /// - Parameters: of the whole frames.
    static func bytes(height: Int, width: Int, _ slomo: SuperSlomo) -> Int {
        guard slomo.configuration.coarse == true else { return 0 }
        let (rows, columns) = size(height: height, width: width)
        let network =
            slomo.configuration.coarseSearch == true ? 0 : slomo.flow.stateBytes(height: rows, width: columns)
        // Two flows, a sum and a warped frame of the whole size.
        return network + smallBytes(height: height, width: width, slomo)
            + (2 * 2 + 2 + 3) * height * width * MemoryLayout<Float>.stride
    }

    /// Takes rows of a frame.
    /// - Parameters:
    ///   - frame: [3, rows, W]; rows begin at a multiple of `factor`, and end there or at the frame's end.
    ///   - row: the first one.
    ///   - index: 0 or 1.
    func load(_ frame: TensorView, at row: Int = 0, of index: Int, _ operations: PixelOperations) {
        switch finder {
        case .search(let search): operations.halveLuma(of: frame, into: search.luma(index), at: row / 2)
        case .network(let frames, _): operations.shrinkByFour(frame, into: frames[index].view, at: row / Self.factor)
        }
    }

    /// Finds the large part of the motion between the frames; the flows are 0 where there is none.
    /// - Parameter region: of the whole frames, in which something moves.
    /// - Returns: whether enough of the motion is large.
    func find(in region: Region, on pool: WorkerPool) -> Bool {
        let small = flows.f01.shape
        let part = region.shrunk(by: Self.factor, height: small.height, width: small.width)
        let operations = PixelOperations(on: pool)
        switch finder {
        case .network(let frames, let state):
            slomo.directFlow(
                SequenceFrame(frames[0].view), SequenceFrame(frames[1].view), state, in: part, on: pool)
            return keepWhatIsLarge(in: part, by: Float(Self.factor), operations)
        case .search(let search):
            guard let hull = region.hull.patches.first(where: { _ in true }) else { return false }
            search.makePyramid(on: pool)
            for (index, flow) in [flows.f01, flows.f10].enumerated() {
                operations.halve(search.find(from: index, in: hull.shrunk(by: 2), on: pool), into: flow)
            }
            return keepWhatIsLarge(in: part, by: 2 / slomo.configuration.maxFlow, operations)
        }
    }

    /// Scales the flows to those of whole frames, and fades out what is not large.
    /// - Parameters:
    ///   - region: where they were found; they become 0 elsewhere.
    ///   - factor: in units of `maxFlow` pixels of whole frames.
    /// - Returns: whether enough of it is left.
    private func keepWhatIsLarge(in region: Region, by factor: Float, _ operations: PixelOperations) -> Bool {
        let (rows, columns) = (lengths.shape.height, lengths.shape.width)
        let (limits, scale) = (slomo.thresholds.largeMotion, slomo.configuration.maxFlow)
        var most = 0
        for flow in [flows.f01, flows.f10] {
            let (x, y, length, mean) = (flow.plane(0), flow.plane(1), lengths.view.plane(0), means.view.plane(0))
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
