import Inference
import Media
import PixelKernels
import Threads

/// Network C on large canvases: refined flows, the visibility, and what they blend, band by band.
///
/// For one size of frames. One thread at a time.
final class BandedRefinement {
    private let size: PixelSize
    private let slomo: SuperSlomo
    private let plan: UNet.BandPlan
    private let arena: Arena
    /// nil if the model has none.
    private let projection: FlowProjection?

    /// - Parameter arena: of `arenaBytes`; used during calls only.
    init(_ size: PixelSize, _ slomo: SuperSlomo, band: Int, arena: Arena) {
        (self.size, self.slomo, self.arena) = (size, slomo, arena)
        plan = slomo.refine.bandPlan(height: size.height, width: size.width, band: band)
        projection = slomo.makeProjection(height: size.height, width: size.width)
    }

    /// Bytes of the arena.
    static func arenaBytes(_ slomo: SuperSlomo, _ size: PixelSize, band: Int) -> Int {
        let plan = slomo.refine.bandPlan(height: size.height, width: size.width, band: band)
        func part(_ channels: Int, around reach: Int = 0) -> Int {
            Arena.bytes(of: TensorShape(channels, min(plan.inputRows + 2 * reach, size.height), size.width))
        }
        // Both flows and both frames; then also refined flows, three pictures, and an answer of nothing.
        return plan.byteCount + 4 * part(2) + 3 * part(3) + part(5)
            + 2 * max(part(3, around: slomo.largestReach), part(3, around: slomo.coarseReach))
    }

    /// Both restored frames.
    struct Frames {
        let first: PackedPlanes
        let second: PackedPlanes
    }

    /// The motion in a band of rows, until the end of the call that it is an argument of.
    struct Motion {
        let rows: Range<Int>
        /// The rows of both frames that are warped to these, [3, rows, W].
        let source: Range<Int>
        let first: TensorView
        let second: TensorView
        fileprivate let answer: Tensor
        fileprivate let scale: Float
        fileprivate let time: Float
        /// Room for three pictures.
        fileprivate let pictures: [TensorView]

        /// Warps and blends both frames, as they are now.
        /// - Parameter region: of the rows.
        /// - Returns: [3, rows, W]: there until the next call.
        func blend(_ sampling: PixelOperations.Sampling, in region: Region, _ operations: PixelOperations) -> TensorView
        {
            let (target, warped, top) = (pictures[0], pictures[1], rows.lowerBound - source.lowerBound)
            operations.backwarp(
                first, by: answer[0..<2], scale: scale, sampling: sampling, into: target, from: top, in: region)
            operations.backwarp(
                second, by: answer[2..<4], scale: scale, sampling: sampling, into: warped, from: top, in: region)
            operations.synthesize(target, warped, visibility: answer[4], t: time, into: target, in: region)
            return target
        }

        /// Keeps one picture over another call of `blend`.
        func keep(_ picture: TensorView, in region: Region, _ operations: PixelOperations) -> TensorView {
            operations.copy(picture, into: pictures[2], in: region)
            return pictures[2]
        }
    }

    /// Takes both frames and their flows for the projection of flows, if the model has one. `project` follows.
    func prepare(_ frames: Frames, _ flow: BandedFlow, on pool: WorkerPool) {
        guard let projection else { return }
        let operations = PixelOperations(on: pool)
        projection.begin(in: flow.moving, operations)
        for index in 0..<2 {
            find(index, frames, flow, in: flow.moving, on: pool) { rows, found in
                projection.load(
                    index, found.flow, frame: found.frame, found: found.picture, at: rows.lowerBound,
                    in: flow.moving.part(rows), operations)
            }
        }
        projection.finishLoading(operations)
    }

    /// Projects the flows of the last `prepare` to a time: for all that follows, up to the next call.
    func project(at t: Float, on pool: WorkerPool) {
        projection?.project(at: t, PixelOperations(on: pool))
    }

    /// Runs network C.
    /// - Parameters:
    ///   - region: the bands with some of it are made; where nothing moves in them, flows and visibility are 0.
    ///   - make: is given each of these bands.
    func refine(
        _ frames: Frames, _ flow: BandedFlow, at t: Float, in region: Region, on pool: WorkerPool,
        make: (Motion) -> Void
    ) {
        precondition(t > 0 && t < 1, "an in-between lies between 0 and 1")
        arena.reset()
        let operations = PixelOperations(on: pool)
        let moving = flow.moving.intersection(region)
        var left = Set(plan.bands.filter { !region.part($0).isEmpty }.map(\.lowerBound))
        slomo.refine.forward(plan, in: arena, needed: moving, on: pool) { rows, values in
            let mark = arena.used
            defer { arena.reset(to: mark) }
            let input = values.tensor
            frames.first.load(rows, into: input[0..<3], on: pool)
            frames.second.load(rows, into: input[3..<6], on: pool)
            find(flow, rows, at: t, into: input[12..<14], input[14..<16], operations)
            warp(frames, by: input[12..<14], input[14..<16], rows, into: input[6..<9], input[9..<12], operations)
        } take: { rows, values in
            let (mark, answer, part) = (arena.used, values.tensor, moving.part(rows))
            defer { arena.reset(to: mark) }
            let (flow0, flow1) = (flowRoom(rows), flowRoom(rows))
            find(flow, rows, at: t, into: flow0, flow1, operations)
            operations.fill(values, with: 0, in: .all(height: rows.count, width: size.width), butNotIn: part)
            slomo.finishFlows(flow0, flow1, answer, in: part, operations)
            if flow.isTranslated {
                slomo.hideOutside(
                    flow0, flow1, answer, top: rows.lowerBound, height: size.height, in: part, operations)
            }
            left.remove(rows.lowerBound)
            make(motion(of: frames, rows, answer, at: t, operations))
        }
        for rows in plan.bands where left.contains(rows.lowerBound) {
            let mark = arena.used
            defer { arena.reset(to: mark) }
            let answer = arena.tensor(5, rows.count, size.width)
            answer.view.fill(0)
            make(motion(of: frames, rows, answer, at: t, operations))
        }
    }

    private func motion(
        of frames: Frames, _ rows: Range<Int>, _ answer: Tensor, at t: Float, _ operations: PixelOperations
    ) -> Motion {
        let source = size.rows(rows, grownBy: slomo.reach(of: answer[0..<4], operations))
        return Motion(
            rows: rows, source: source, first: load(frames.first, source, operations.pool),
            second: load(frames.second, source, operations.pool), answer: answer,
            scale: slomo.configuration.maxFlow, time: t,
            pictures: (0..<3).map { _ in arena.tensor(3, rows.count, size.width).view })
    }

    /// The share that the flows leave of the difference between both frames, before refinement (`SuperSlomo.warpResidual`).
    func warpResidual(_ frames: Frames, _ flow: BandedFlow, at t: Float, on pool: WorkerPool) -> Float {
        let operations = PixelOperations(on: pool)
        var (left, all): (Float, Float) = (0, 0)
        for rows in plan.bands {
            let part = flow.moving.part(rows)
            if part.isEmpty { continue }
            arena.reset()
            let (flow0, flow1) = (flowRoom(rows), flowRoom(rows))
            find(flow, rows, at: t, into: flow0, flow1, operations)
            let pictures = (0..<2).map { _ in arena.tensor(3, rows.count, size.width).view }
            frames.first.load(rows, into: pictures[0], on: pool)
            frames.second.load(rows, into: pictures[1], on: pool)
            all += operations.sumOfDifferences(of: pictures[0], from: pictures[1], in: part)
            warp(frames, by: flow0, flow1, rows, into: pictures[0], pictures[1], operations)
            left += operations.sumOfDifferences(of: pictures[0], from: pictures[1], in: part)
        }
        return left / max(all, 1e-6)
    }

    /// One of both frames, and what the flows find of it in the other one (`SuperSlomo.find`), band by band.
    /// - Parameters:
    ///   - index: of the frame that is looked for, 0 or 1.
    ///   - region: the bands with some of it are looked at.
    func find(
        _ index: Int, _ frames: Frames, _ flow: BandedFlow, in region: Region, on pool: WorkerPool,
        _ body: (_ rows: Range<Int>, _ found: (flow: TensorView, frame: TensorView, picture: TensorView)) -> Void
    ) {
        let operations = PixelOperations(on: pool)
        let (own, other) = index == 0 ? (frames.first, frames.second) : (frames.second, frames.first)
        for rows in plan.bands {
            if region.part(rows).isEmpty { continue }
            arena.reset()
            let motion = flowRoom(rows)
            (index == 0 ? flow.f01 : flow.f10).load(rows, into: motion, on: pool)
            let source = size.rows(rows, grownBy: slomo.reach(of: motion, operations))
            let found = arena.tensor(3, rows.count, size.width).view
            operations.backwarp(
                load(other, source, pool), by: motion, scale: slomo.configuration.maxFlow, into: found,
                from: rows.lowerBound - source.lowerBound)
            body(rows, (motion, load(own, rows, pool), found))
        }
    }

    /// The flows from time t, before refinement.
    private func find(
        _ flow: BandedFlow, _ rows: Range<Int>, at t: Float, into flow0: TensorView, _ flow1: TensorView,
        _ operations: PixelOperations
    ) {
        if let projection {
            let part = flow.moving.part(rows)
            for target in [flow0, flow1] {
                operations.fill(target, with: 0, in: .all(height: rows.count, width: size.width), butNotIn: part)
            }
            projection.write(rows, at: t, into: flow0, flow1, in: part, operations)
            return
        }
        let mark = arena.used
        defer { arena.reset(to: mark) }
        let (f01, f10) = (flowRoom(rows), flowRoom(rows))
        flow.f01.load(rows, into: f01, on: operations.pool)
        flow.f10.load(rows, into: f10, on: operations.pool)
        operations.scaledSum(-(1 - t) * t, f01, t * t, f10, into: flow0)
        operations.scaledSum((1 - t) * (1 - t), f01, -t * (1 - t), f10, into: flow1)
    }

    private func warp(
        _ frames: Frames, by flow0: TensorView, _ flow1: TensorView, _ rows: Range<Int>, into target0: TensorView,
        _ target1: TensorView, _ operations: PixelOperations
    ) {
        for (frame, flow, target) in [(frames.first, flow0, target0), (frames.second, flow1, target1)] {
            let mark = arena.used
            defer { arena.reset(to: mark) }
            let source = size.rows(rows, grownBy: slomo.reach(of: flow, operations))
            operations.backwarp(
                load(frame, source, operations.pool), by: flow, scale: slomo.configuration.maxFlow, into: target,
                from: rows.lowerBound - source.lowerBound)
        }
    }

    private func flowRoom(_ rows: Range<Int>) -> TensorView { arena.tensor(2, rows.count, size.width).view }

    private func load(_ frame: PackedPlanes, _ rows: Range<Int>, _ pool: WorkerPool) -> TensorView {
        let view = arena.tensor(3, rows.count, size.width).view
        frame.load(rows, into: view, on: pool)
        return view
    }
}
