import CKernels
import Foundation
import PixelKernels
import Threads

/// Finds the flow of what is at each pixel at a time between two frames, from the flows of both.
///
/// At the place where a hand is at time t, neither frame need show it: their flows there are those of something else. So every
/// pixel is moved to where it is at time t, with its flow, and counts there by how well that finds it in the other frame. This
/// is the flow projection of Bao et al. 2019, "Depth-aware video frame interpolation", by weighted splatting (Niklaus and Liu
/// 2020, "Softmax splatting for video frame interpolation"). The paper's flow (section 4.2) remains where nothing arrives.
///
/// It is done on frames of half the size. Of one stream and for one size of frames; one thread at a time.
final class FlowProjection {
    /// The difference of a pixel to the other frame, in [0, 2], at which its weight is 1 / e of the largest; of the weights.
    private let error: Float
    /// Pixels of whole frames that a flow of 1 stands for.
    private let scale: Float
    /// F01 and F10 at half the size, [2, h, w] each, and the weights of their pixels, [1, h, w]: 0 where nothing moves.
    private let directions: [(flow: Tensor, weight: Tensor)]
    private let means: Tensor
    /// The sums of weighted flows and of weights, [3, h, w]. The first two planes become the projected flow.
    private let sums: Tensor
    /// The region in which something moves, at half the size.
    private var moving: Region

    /// The weight of the paper's flow beside those that arrive at a pixel.
    private static let floor: Float = 1e-3
    /// Rows that one thread adds up at a time.
    private static let band = 16

    /// - Parameters:
    ///   - height, width: of the whole frames.
    ///   - error: see there; in [-1, 1] units.
    ///   - scale: pixels that a flow of 1 stands for.
    init(height: Int, width: Int, error: Float, scale: Float) {
        let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
        (self.error, self.scale) = (error, scale)
        directions = (0..<2).map { _ in (Tensor(2, rows, columns), Tensor(1, rows, columns)) }
        (means, sums) = (Tensor(1, rows, columns), Tensor(3, rows, columns))
        moving = Region(height: rows, width: columns)
    }

    /// Bytes of it.
    /// - Parameters: of the whole frames.
    static func bytes(height: Int, width: Int) -> Int {
        let planes = 2 * (2 + 1) + 1 + 3
        return planes * ((height + 1) / 2) * ((width + 1) / 2) * MemoryLayout<Float>.stride
    }

    /// Begins with other frames. `load` and `finishLoading` follow.
    /// - Parameter region: in which something moves; the flows are 0 elsewhere.
    func begin(in region: Region, _ operations: PixelOperations) {
        let next = region.shrunk(by: 2, height: moving.height, width: moving.width)
        for map in directions.flatMap({ [$0.flow, $0.weight] }) {
            operations.fill(map.view, with: 0, in: moving, butNotIn: next)
        }
        moving = next
    }

    /// Takes rows of a frame's flow.
    /// - Parameters:
    ///   - index: of the frame, 0 or 1.
    ///   - flow: F01 or F10, [2, rows, W]; 0 outside of the region.
    ///   - frame: the frame, [3, rows, W] in [-1, 1].
    ///   - found: the other frame, warped to this one by the flow.
    ///   - first: the row of the whole frame that they begin with; even.
    ///   - region: of these rows, in which something moves.
    func load(
        _ index: Int, _ flow: TensorView, frame: TensorView, found: TensorView, at first: Int = 0, in region: Region,
        _ operations: PixelOperations
    ) {
        let (rows, width) = (frame.shape.height, frame.shape.width)
        precondition(
            first % 2 == 0 && (first + rows + 1) / 2 <= moving.height && (width + 1) / 2 == moving.width
                && flow.shape == TensorShape(2, rows, width) && found.shape == frame.shape,
            "flow \(flow.shape) of \(frame.shape) from row \(first) on")
        let (kernels, target) = (operations.kernels.table, directions[index])
        operations.pool.forEach((rows + 1) / 2) { pair in
            let at = (first / 2 + pair) * moving.width
            if moving[first / 2 + pair].isEmpty { return }
            for channel in 0..<2 {
                kernels.halve(
                    flow.plane(channel), Int32(rows), Int32(width), Int32(pair), target.flow.view.plane(channel) + at)
            }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { left in
                guard let start = left.baseAddress else { return }
                left.initialize(repeating: 0)
                let lines = 2 * pair..<min(2 * pair + 2, rows)
                for (line, row) in lines.enumerated() where !region[row].isEmpty {
                    let (columns, place) = (region[row], row * width + region[row].lowerBound)
                    kernels.mean_difference(
                        frame.plane(0) + place, found.plane(0) + place, frame.shape.plane, columns.count,
                        start + line * width + columns.lowerBound)
                }
                kernels.halve(
                    start, Int32(lines.count), Int32(width), 0, target.weight.view.plane(0) + at)
            }
        }
    }

    /// Ends what `begin` began: both flows are there.
    func finishLoading(_ operations: PixelOperations) {
        guard let rows = moving.rows else { return }
        for direction in directions {
            operations.windowMeans(of: direction.weight.view, reach: 1, rows: rows, into: means.view)
            let (weights, means, width) = (direction.weight.view.plane(0), means.view.plane(0), moving.width)
            operations.pool.forEach(rows.count) { index in
                let row = rows.lowerBound + index
                for at in row * width + moving[row].lowerBound..<row * width + moving[row].upperBound {
                    weights[at] = exp(-means[at] / error)
                }
            }
        }
    }

    /// Finds the flow at a time, for `write`.
    /// - Parameter t: in (0, 1).
    func project(at t: Float, _ operations: PixelOperations) {
        // `write` reads the pixels around.
        let targets = moving.grown(by: 1)
        guard let rows = targets.rows else { return }
        let moves = directions.enumerated().map { index, direction in
            let isFirst = index == 0
            let splat = ck_splat(
                height: Int32(moving.height), width: Int32(moving.width), flow: direction.flow.view.pointer,
                weight: direction.weight.view.pointer, scale: scale / 2 * (isFirst ? t : 1 - t),
                flow_factor: isFirst ? 1 : -1, weight_factor: isFirst ? 1 - t : t, sums: sums.view.pointer)
            let reach = operations.largestMagnitude(of: direction.flow.view, in: moving) * splat.scale + 1
            return (splat: splat, reach: reach < Float(moving.height) ? Int(reach) + 1 : moving.height)
        }
        nonisolated(unsafe) let shared = moves
        operations.pool.forEach((rows.count + Self.band - 1) / Self.band) { index in
            let first = rows.lowerBound + index * Self.band
            let band = first..<min(first + Self.band, rows.upperBound)
            for row in band { clearSums(row, targets[row]) }
            for (splat, reach) in shared {
                var splat = splat
                let sources = band.lowerBound - reach..<band.upperBound + reach
                for row in sources.clamped(to: 0..<moving.height) where !moving[row].isEmpty {
                    operations.kernels.table.splat(
                        &splat, Int32(row), Int32(moving[row].lowerBound), Int32(moving[row].count),
                        Int32(band.lowerBound), Int32(band.upperBound))
                }
            }
            for row in band { average(row, targets[row], at: t) }
        }
    }

    private func clearSums(_ row: Int, _ columns: Range<Int>) {
        for plane in 0..<3 {
            (sums.view.plane(plane) + row * moving.width + columns.lowerBound).update(
                repeating: 0, count: columns.count)
        }
    }

    /// Sums become means, with the flow of the paper.
    private func average(_ row: Int, _ columns: Range<Int>, at t: Float) {
        let weights = sums.view.plane(2)
        for channel in 0..<2 {
            let (sum, first, second) = (
                sums.view.plane(channel), directions[0].flow.view.plane(channel),
                directions[1].flow.view.plane(channel)
            )
            for at in row * moving.width + columns.lowerBound..<row * moving.width + columns.upperBound {
                let here = (1 - t) * first[at] - t * second[at]
                sum[at] = (sum[at] + Self.floor * here) / (weights[at] + Self.floor)
            }
        }
    }

    /// Writes rows of Ft0 and Ft1, from what is there at the time of the last `project` to both frames.
    /// - Parameters:
    ///   - rows: of the whole frames.
    ///   - flow0, flow1: [2, rows, W].
    ///   - region: of these rows, that is written.
    func write(
        _ rows: Range<Int>, at t: Float, into flow0: TensorView, _ flow1: TensorView, in region: Region,
        _ operations: PixelOperations
    ) {
        let shape = flow0.shape
        precondition(
            shape == TensorShape(2, rows.count, shape.width) && flow1.shape == shape
                && (shape.width + 1) / 2 == moving.width && (rows.upperBound + 1) / 2 <= moving.height,
            "flows \(shape) and \(flow1.shape) of rows \(rows)")
        operations.enlarge(sums[0..<2], by: 2, rows, width: shape.width, in: region) { channel, row, line in
            let (first, second) = (flow0.plane(channel) + row * shape.width, flow1.plane(channel) + row * shape.width)
            for x in region[row] {
                first[x] = -t * line[x]
                second[x] = (1 - t) * line[x]
            }
        }
    }
}
