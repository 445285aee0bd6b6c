import Inference
import PixelKernels
import Threads

extension SuperSlomo {
    /// Publishes the flows of the last `estimateFlow` to `interpolate`, which from now on may run beside the next one, on another
    /// thread. Not beside `interpolate`.
    func publishFlow(_ state: State, on pool: WorkerPool) {
        state.publishFlow(PixelOperations(on: pool))
    }

    /// The flows that `interpolate` follows; valid until others are published.
    func publishedFlows(_ state: State) -> PublishedFlows {
        PublishedFlows(state.f01.values, state.f10.values, pixels: configuration.maxFlow)
    }

    /// Network C: the picture at time t between two restored frames, with the flows that were published. Reuses parts of the
    /// last picture, which the state keeps, if that was at the same time.
    /// - Parameters:
    ///   - i0, i1: [3, H, W] in [-1, 1].
    ///   - t: in (0, 1).
    /// - Returns: [3, H, W], of the state: there until the next call; and where it may differ from both, which are the same
    ///   elsewhere.
    func interpolate(
        _ i0: SequenceFrame, _ i1: SequenceFrame, at t: Float, state: State, on pool: WorkerPool
    ) -> (picture: TensorView, moving: Region) {
        precondition(t > 0 && t < 1, "an in-between lies between 0 and 1")
        let operations = PixelOperations(on: pool)
        let (last, moving) = (state.refined, state.publishedMoving)
        state.refined = State.Refined(
            first: i0.number, second: i1.number, flow: state.f01.number, time: t, moving: moving)
        let changed = updateInput(i0, i1, at: t, since: last, state: state, operations)
        operations.fill(state.refine.output.view, with: 0, in: last.moving, butNotIn: moving)
        refine.forward(state.refine, changed: changed.input, needed: moving, on: pool)
        let input = state.refine.input
        finishFlows(input[12..<14], input[14..<16], state.refine.output, in: moving, operations)
        if state.publishedIsTranslated {
            hideOutside(
                input[12..<14], input[14..<16], state.refine.output, top: 0, height: moving.height, in: moving,
                operations)
        }
        var differing = operations.differences(
            of: i0.values, from: i1.values, in: i1.changes(since: i0.number))
        differing.formUnion(moving)
        var moved = last.moving
        moved.formUnion(moving)
        if t != last.time { moved.formUnion(differing) }
        moved.formUnion(arrival(of: changed.first, by: state.ft0, sampling, moving, operations))
        moved.formUnion(arrival(of: changed.second, by: state.ft1, sampling, moving, operations))
        blend(i0.values, i1.values, at: t, sampling, into: state.blended.view, in: moved, state: state, operations)
        return (state.blended.view, differing)
    }

    /// The regions of network C's input that were brought up to date: of the two pictures, and of all of it.
    private typealias Changes = (first: Region, second: Region, input: Region)

    /// Brings network C's input up to date: I0, I1, warp(I0), warp(I1), Ft0, Ft1.
    private func updateInput(
        _ i0: SequenceFrame, _ i1: SequenceFrame, at t: Float, since last: State.Refined, state: State,
        _ operations: PixelOperations
    ) -> Changes {
        let (input, moving) = (state.refine.input, state.publishedMoving)
        let (f01, f10, flow0, flow1) = (state.f01, state.f10.values, input[12..<14], input[14..<16])
        var flows = f01.changes(since: last.flow) ?? .all(height: moving.height, width: moving.width)
        if t != last.time { flows.formUnion(moving) }
        if let projection = state.projection {
            project(i0, i1, at: t, since: last, changed: &flows, projection, state, operations)
        } else {
            operations.scaledSum(-(1 - t) * t, f01.values, t * t, f10, into: flow0, in: flows)
            operations.scaledSum((1 - t) * (1 - t), f01.values, -t * (1 - t), f10, into: flow1, in: flows)
        }
        let first = operations.update(input[0..<3], with: i0.values, in: i0.changes(since: last.first))
        let second = operations.update(input[3..<6], with: i1.values, in: i1.changes(since: last.second))
        var changed = warp(i0.values, first, by: flow0, flows, moving, into: input[6..<9], operations)
        // `flows` is part of both.
        changed.formUnion(warp(i1.values, second, by: flow1, flows, moving, into: input[9..<12], operations))
        return (first, second, changed)
    }

    /// Ft0 and Ft1 before refinement, projected.
    /// - Parameter changed: where the published flows may differ from those of the last in-between; what is written is added.
    private func project(
        _ i0: SequenceFrame, _ i1: SequenceFrame, at t: Float, since last: State.Refined, changed: inout Region,
        _ projection: FlowProjection, _ state: State, _ operations: PixelOperations
    ) {
        let (input, moving) = (state.refine.input, state.publishedMoving)
        let isSame =
            last.flow != nil && last.flow == state.f01.number && last.first == i0.number && last.second == i1.number
        if !isSame {
            projection.begin(in: moving, operations)
            for (index, pair) in [(i0.values, i1.values), (i1.values, i0.values)].enumerated() {
                let found = find(index, in: pair.1, moving, state: state, on: operations.pool)
                let flow = index == 0 ? state.f01.values : state.f10.values
                projection.load(index, flow, frame: pair.0, found: found, in: moving, operations)
            }
            projection.finishLoading(operations)
        }
        if !isSame || t != last.time {
            changed.formUnion(moving)
            projection.project(at: t, operations)
        }
        let (flow0, flow1) = (input[12..<14], input[14..<16])
        for flow in [flow0, flow1] { operations.fill(flow, with: 0, in: changed, butNotIn: moving) }
        projection.write(
            0..<moving.height, at: t, into: flow0, flow1, in: changed.intersection(moving), operations)
    }

    /// The network's answer becomes the refined flows and the visibility.
    /// - Parameters: Ft0 and Ft1 before refinement, and the answer.
    func finishFlows(
        _ flow0: TensorView, _ flow1: TensorView, _ answer: Tensor, in moving: Region, _ operations: PixelOperations
    ) {
        for (flow, refined) in [(flow0, answer[0..<2]), (flow1, answer[2..<4])] {
            if configuration.residual {
                operations.scaledSum(1, flow, 1, refined, into: refined, in: moving)
                operations.clamp(refined, in: moving)
            } else {
                operations.tanh(refined, in: moving)
            }
        }
        operations.tanh(answer[4], in: moving)
    }

    /// Gives samples from outside of the picture no weight where the other frame's lie inside. For flows that follow a translation: at
    /// the ends of a page network C has not seen such flows. At the edges of films it knows better.
    /// - Parameters:
    ///   - flow0, flow1: Ft0 and Ft1 before refinement.
    ///   - finished: flows and visibility (`finishFlows`), of the rows of the picture from `top` on.
    ///   - height: of the picture.
    func hideOutside(
        _ flow0: TensorView, _ flow1: TensorView, _ finished: Tensor, top: Int, height: Int, in moving: Region,
        _ operations: PixelOperations
    ) {
        operations.hideOutside(
            flow0, flow1, finished.view, scale: configuration.maxFlow, top: top, height: height, in: moving)
    }

    /// The share that the flows leave of the difference between the pictures of the last `interpolate`: the sum of
    /// |warp(I0) - warp(I1)|, before refinement, over that of |I0 - I1|.
    func warpResidual(state: State, _ operations: PixelOperations) -> Float {
        let input = state.refine.input
        let moving = state.publishedMoving
        let left = operations.sumOfDifferences(of: input[6..<9], from: input[9..<12], in: moving)
        return left / max(operations.sumOfDifferences(of: input[0..<3], from: input[3..<6], in: moving), 1e-6)
    }

    /// Warps one of two frames by the published flows, to the other one's place: equal to that where the flows are right and nothing
    /// is covered.
    /// - Parameters:
    ///   - index: of the frame that is looked for, 0 or 1.
    ///   - other: the other frame, [3, H, W], which is warped.
    /// - Returns: [3, H, W], of the state, in a region: there until the next call or `interpolate`.
    func find(
        _ index: Int, in other: TensorView, _ region: Region, state: State, on pool: WorkerPool
    ) -> TensorView {
        let flow = index == 0 ? state.f01.values : state.f10.values
        PixelOperations(on: pool).backwarp(
            other, by: flow, scale: configuration.maxFlow, into: state.warped.view, in: region)
        return state.warped.view
    }

    /// Brings a warped picture up to date, where its source or the flow has changed.
    /// - Parameters:
    ///   - changed: the region of the source that has changed.
    ///   - moved: the region of the flow that has changed.
    ///   - moving: the region in which the flow is not 0.
    /// - Returns: the region of the target that may have changed.
    private func warp(
        _ source: TensorView, _ changed: Region, by flow: TensorView, _ moved: Region, _ moving: Region,
        into target: TensorView, _ operations: PixelOperations
    ) -> Region {
        var region = moved
        region.formUnion(arrival(of: changed, by: flow, .bilinear, moving, operations))
        operations.backwarp(source, by: flow, scale: configuration.maxFlow, into: target, in: region)
        return region
    }

    /// The region in which pixels of a picture may arrive when it is warped.
    private func arrival(
        of pixels: Region, by flow: TensorView, _ sampling: PixelOperations.Sampling, _ moving: Region,
        _ operations: PixelOperations
    ) -> Region {
        var region = pixels
        if !pixels.isEmpty && !moving.isEmpty {
            let reach = reach(of: flow, sampling, moving, operations)
            region.formUnion(pixels.grown(by: reach).intersection(moving))
        }
        return region
    }

    /// How many rows or columns away the pixels lie at most that a warp reads for one.
    private func reach(
        of flow: TensorView, _ sampling: PixelOperations.Sampling, _ moving: Region, _ operations: PixelOperations
    ) -> Int {
        let reach =
            (operations.largestMagnitude(of: flow, in: moving.hull) * configuration.maxFlow).rounded(.up)
            + Float(sampling.reach)
        let side = Float(max(moving.height, moving.width))
        return reach < side ? Int(reach) : Int(side)
    }

    /// How many rows or columns away the pixels lie at most that `blend` reads for one.
    func reach(state: State, on pool: WorkerPool) -> Int {
        let operations = PixelOperations(on: pool)
        return [state.ft0, state.ft1].map { reach(of: $0, .bilinear, state.publishedMoving, operations) }.reduce(0, max)
    }

    /// Warps and blends two further maps of 3 channels as the last `interpolate` did its pictures: transparent ones' colors
    /// and alpha go this way.
    /// - Parameter region: what is made; nil: all.
    func blend(
        _ x0: TensorView, _ x1: TensorView, at t: Float, into target: TensorView, in region: Region? = nil,
        state: State, on pool: WorkerPool
    ) {
        // A quotient is made of them, which must lie between the colors.
        blend(x0, x1, at: t, .bilinear, into: target, in: region, state: state, PixelOperations(on: pool))
    }

    private func blend(
        _ x0: TensorView, _ x1: TensorView, at t: Float, _ sampling: PixelOperations.Sampling, into target: TensorView,
        in region: Region?, state: State, _ operations: PixelOperations
    ) {
        let (warped, scale) = (state.warped.view, configuration.maxFlow)
        operations.backwarp(x0, by: state.ft0, scale: scale, sampling: sampling, into: target, in: region)
        operations.backwarp(x1, by: state.ft1, scale: scale, sampling: sampling, into: warped, in: region)
        operations.synthesize(target, warped, visibility: state.visibility, t: t, into: target, in: region)
    }
}

/// The flows between two frames, before refinement.
struct PublishedFlows {
    /// Writes four planes' values from a pixel on: F01's x and y, F10's.
    private let read: (_ first: Int, _ values: UnsafeMutableBufferPointer<Float>) -> Void
    /// Pixels that a flow of 1 stands for.
    private let scale: Float

    /// - Parameter pixels: that a flow of 1 stands for.
    init(_ f01: TensorView, _ f10: TensorView, pixels: Float) {
        let planes = [f01.plane(0), f01.plane(1), f10.plane(0), f10.plane(1)]
        read = { first, values in
            let count = values.count / 4
            for (index, plane) in planes.enumerated() {
                (values.start(index * count)).update(from: plane + first, count: count)
            }
        }
        scale = pixels
    }

    /// Those of a large canvas.
    init(_ flow: BandedFlow, pixels: Float) {
        read = { first, values in
            let (row, column) = first.quotientAndRemainder(dividingBy: flow.f01.shape.width)
            let count = values.count / 4
            let columns = column..<column + count
            flow.f01.load(row: row, columns, into: values.start(0), plane: count)
            flow.f10.load(row: row, columns, into: values.start(2 * count), plane: count)
        }
        scale = pixels
    }

    /// F01 and F10 of a pixel, counted row by row, in pixels.
    func pixels(at pixel: Int) -> (there: Translation, back: Translation) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 4) { values in
            read(pixel, values)
            return (
                scale * Translation(x: values[0], y: values[1]), scale * Translation(x: values[2], y: values[3])
            )
        }
    }

    /// Sets the flags of consecutive pixels to 1 where one of the flows moves them by more than half a pixel's width, else 0.
    /// - Parameter first: the pixel of the first flag, counted row by row; all lie in one row.
    func markMoved(from first: Int, _ flags: UnsafeMutableBufferPointer<UInt8>) {
        let count = flags.count
        // The square of half a pixel, in the flows' units.
        let limit = 0.25 / (scale * scale)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * count) { values in
            read(first, values)
            for index in 0..<count {
                let (x, y) = (values[index], values[count + index])
                let (backX, backY) = (values[2 * count + index], values[3 * count + index])
                flags[index] = x * x + y * y > limit || backX * backX + backY * backY > limit ? 1 : 0
            }
        }
    }
}

extension UnsafeMutableBufferPointer {
    /// The address of an element, or that behind the last one.
    fileprivate func start(_ index: Int) -> UnsafeMutablePointer<Element> {
        guard let base = baseAddress, index <= count else { preconditionFailure("element \(index) of \(count)") }
        return base + index
    }
}
