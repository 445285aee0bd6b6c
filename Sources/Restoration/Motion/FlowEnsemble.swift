import Glibc
import PixelKernels
import Threads

/// The flows of two frames once more, as network B sees them in mirrored frames and in reversed time: a network errs
/// otherwise there, and the mean of what it says is nearer to the truth (a self-ensemble).
///
/// A view counts by how little its flow leaves of the difference between the frames around a pixel. Not in the paper; as
/// `SuperSlomo.fused_flows` in Training.
///
/// For one size of frames. One thread at a time.
final class FlowEnsemble {
    /// How the frames are looked at.
    private struct View {
        let isMirrored: Bool
        let isUpsideDown: Bool
        let isReversed: Bool
    }

    private static let all = [
        View(isMirrored: true, isUpsideDown: true, isReversed: true),
        View(isMirrored: true, isUpsideDown: false, isReversed: false),
        View(isMirrored: false, isUpsideDown: true, isReversed: true),
    ]

    /// How far the views have a say; of the weights.
    struct Limits {
        /// A view counts by exp(-error / this), colors being in [-1, 1].
        let error: Float
        /// Pixels by which the other views may move a flow, in x and in y: beyond that they have found something else.
        let reach: Float
    }

    private let limits: Limits
    /// The two frames in a view, [3, H, W] each.
    private let frames: [Tensor]
    /// The flows that the network finds in them.
    let found: FlowState
    /// One for F01, one for F10.
    private let directions: [Direction]
    private let flow: Tensor
    private let warped: Tensor
    private let left: Tensor
    private let means: Tensor

    /// The errors of one direction's flow.
    private struct Direction {
        /// The difference that the flow of the unchanged frames leaves, in the mean around a pixel.
        let error: Tensor
        /// Over the views: how far they are from that flow, weighted, and the weights.
        let sum: Tensor
        let weight: Tensor
    }

    /// Values a pixel: frames, sums of two directions, a flow, a warped frame, and two maps.
    static let channels = 2 * 3 + 2 * (1 + 2 + 1) + 2 + 3 + 2

    init(height: Int, width: Int, _ limits: Limits, found: FlowState) {
        (self.limits, self.found) = (limits, found)
        frames = (0..<2).map { _ in Tensor(3, height, width) }
        directions = (0..<2).map { _ in
            Direction(error: Tensor(1, height, width), sum: Tensor(2, height, width), weight: Tensor(1, height, width))
        }
        (flow, warped) = (Tensor(2, height, width), Tensor(3, height, width))
        (left, means) = (Tensor(1, height, width), Tensor(1, height, width))
    }

    /// Moves the flows of two frames to where the other views see them.
    /// - Parameters:
    ///   - f01, f10: in units of `scale` pixels.
    ///   - moving: where the frames differ, and the flows are wanted.
    ///   - find: has the network look at the two frames, in some order, where something moves there; the answer lies in `found`.
    func improve(
        _ f01: TensorView, _ f10: TensorView, of g0: TensorView, _ g1: TensorView, in moving: Region, scale: Float,
        _ operations: PixelOperations, on pool: WorkerPool,
        find: (_ g0: TensorView, _ g1: TensorView, _ moving: Region) -> Void
    ) {
        let (flows, ends) = ([f01, f10], [(g0, g1), (g1, g0)])
        for (index, direction) in directions.enumerated() {
            measure(flows[index], ends[index], in: moving, scale: scale, into: direction.error, operations)
            operations.fill(direction.sum.view, with: 0, in: moving)
            operations.fill(direction.weight.view, with: 1, in: moving)
        }
        for view in Self.all {
            for (frame, seen) in zip([g0, g1], frames) { turn(frame, as: view, into: seen.view, on: pool) }
            let (a, b) = view.isReversed ? (frames[1], frames[0]) : (frames[0], frames[1])
            find(a.view, b.view, moving.mirrored(horizontally: view.isMirrored, vertically: view.isUpsideDown))
            for (index, direction) in directions.enumerated() {
                let answer = (index == 0) != view.isReversed ? found.f01 : found.f10
                turn(
                    answer, as: view, times: [view.isMirrored ? -1 : 1, view.isUpsideDown ? -1 : 1], into: flow.view,
                    on: pool)
                measure(flow.view, ends[index], in: moving, scale: scale, into: means, operations)
                add(to: direction, flows[index], in: moving, on: pool)
            }
        }
        for (index, direction) in directions.enumerated() {
            let (weight, reach) = (direction.weight.view.plane(0), limits.reach / scale)
            for channel in 0..<2 {
                let (values, sum) = (flows[index].plane(channel), direction.sum.view.plane(channel))
                forEachRun(in: moving, on: pool) {
                    for at in $0 { values[at] += min(max(sum[at] / weight[at], -reach), reach) }
                }
            }
        }
    }

    /// The mean around each pixel of what a flow leaves of the difference between two frames.
    private func measure(
        _ flow: TensorView, _ ends: (TensorView, TensorView), in moving: Region, scale: Float, into target: Tensor,
        _ operations: PixelOperations
    ) {
        operations.backwarp(ends.1, by: flow, scale: scale, into: warped.view, in: moving)
        // Outside `moving` the frames are the same.
        left.view.fill(0)
        operations.meanDifferences(of: ends.0, from: warped.view, into: left.view, in: moving)
        operations.windowMeans(of: left.view, into: target.view)
    }

    /// Adds a view's flow, whose errors lie in `means`.
    private func add(to direction: Direction, _ flow: TensorView, in moving: Region, on pool: WorkerPool) {
        let (error, seenError) = (direction.error.view.plane(0), means.view.plane(0))
        let (weights, view) = (direction.weight.view.plane(0), direction.sum.view)
        let (x, y, seenX, seenY) = (flow.plane(0), flow.plane(1), self.flow.view.plane(0), self.flow.view.plane(1))
        let (sumX, sumY, scale) = (view.plane(0), view.plane(1), limits.error)
        forEachRun(in: moving, on: pool) {
            for at in $0 {
                let weight = exp(min((error[at] - seenError[at]) / scale, 30))
                sumX[at] += weight * (seenX[at] - x[at])
                sumY[at] += weight * (seenY[at] - y[at])
                weights[at] += weight
            }
        }
    }

    /// A map as it is in a view, or a view's as it is in the frames: the same.
    private func turn(
        _ source: TensorView, as view: View, times factors: [Float] = [1, 1, 1], into target: TensorView,
        on pool: WorkerPool
    ) {
        let (height, width) = (source.shape.height, source.shape.width)
        pool.forEach(source.shape.channels * height) { index in
            let (channel, row) = (index / height, index % height)
            let line = source.plane(channel) + (view.isUpsideDown ? height - 1 - row : row) * width
            let (turned, factor) = (target.plane(channel) + row * width, factors[channel])
            if view.isMirrored {
                for column in 0..<width { turned[column] = factor * line[width - 1 - column] }
            } else {
                for column in 0..<width { turned[column] = factor * line[column] }
            }
        }
    }

    /// The pixels of each row of a region, counted from the map's first.
    private func forEachRun(in region: Region, on pool: WorkerPool, _ body: (Range<Int>) -> Void) {
        pool.forEach(region.height) { row in
            let columns = region[row]
            body(row * region.width + columns.lowerBound..<row * region.width + columns.upperBound)
        }
    }
}
