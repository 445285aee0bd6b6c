import Inference
import PixelKernels
import Threads

extension SuperSlomo {
    /// Network B: both flows between two GIF frames, kept in the state for `publishFlow`; 0 where nothing moves (see
    /// `ChangeMargin`). The same but for rounding as without what the state remembers (see `UNet.forward`).
    /// - Parameters: the frames, [3, H, W] in [-1, 1].
    func estimateFlow(_ g0: SequenceFrame, _ g1: SequenceFrame, state: State, on pool: WorkerPool) {
        let operations = PixelOperations(on: pool)
        let differences = operations.differences(
            of: g0.values, from: g1.values, in: g1.changes(since: g0.number))
        let moving = ChangeMargin.affected(by: differences)
        var changed = state.flow.moving
        changed.formUnion(moving)
        state.noteFlow(change: changed)
        findFlows(g0, g1, in: moving, state.flow, state: state, on: pool)
        guard let views = state.views, !moving.isEmpty else { return }
        views.improve(
            state.flow.f01, state.flow.f10, of: g0.values, g1.values, in: moving, scale: configuration.maxFlow,
            operations, on: pool
        ) {
            findFlows(SequenceFrame($0), SequenceFrame($1), in: $2, views.found, state: state, on: pool)
        }
    }

    /// Both flows from two frames as they are given.
    private func findFlows(
        _ g0: SequenceFrame, _ g1: SequenceFrame, in moving: Region, _ found: FlowState, state: State,
        on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        // The network writes the flows in `moving`.
        for flow in [found.f01, found.f10] { operations.fill(flow, with: 0, in: found.moving, butNotIn: moving) }
        found.moving = moving
        if let large = largeMotion(g0.values, g1.values, in: moving, state: state, on: pool) {
            findRest(of: large, g0, g1, in: moving, found, on: pool)
        } else {
            directFlow(g0, g1, found, in: moving, on: pool)
        }
    }

    /// Both flows where large motion was found: that, and what is left of the motion between each frame and the other,
    /// warped to it.
    private func findRest(
        of large: CoarseFlow, _ g0: SequenceFrame, _ g1: SequenceFrame, in moving: Region, _ found: FlowState,
        on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        let (scale, warped) = (configuration.maxFlow, large.warped.view)
        operations.backwarp(g1.values, by: large.f01.view, scale: scale, into: warped)
        directFlow(g0, SequenceFrame(warped), found, in: moving, on: pool)
        operations.backwarp(large.f01.view, by: found.f01, scale: scale, into: large.sum.view)
        operations.scaledSum(1, large.sum.view, 1, found.f01, into: large.f01.view)
        operations.backwarp(g0.values, by: large.f10.view, scale: scale, into: warped)
        directFlow(SequenceFrame(warped), g1, found, in: moving, on: pool)
        operations.backwarp(large.f10.view, by: found.f10, scale: scale, into: large.sum.view)
        operations.scaledSum(1, large.sum.view, 1, found.f10, into: found.f10, in: moving)
        operations.copy(large.f01.view, into: found.f01, in: moving)
    }

    /// Both flows by network B alone.
    func directFlow(
        _ g0: SequenceFrame, _ g1: SequenceFrame, _ found: FlowState, in region: Region, on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        func run(_ a: SequenceFrame, _ b: SequenceFrame) {
            flow.forward(found.network, changed: found.update(a, b, operations), needed: region, on: pool)
        }
        run(g0, g1)
        if configuration.flow.outputs == 2 {
            let answer = found.network.output.view
            operations.copy(answer, into: found.f01, in: region)
            run(g1, g0)
            operations.copy(answer, into: found.f10, in: region)
        }
        for flow in [found.f01, found.f10] { operations.tanh(flow, in: region) }
    }

    /// The large part of the motion between two frames, found on frames of a quarter of the size; nil if there is little.
    private func largeMotion(
        _ g0: TensorView, _ g1: TensorView, in moving: Region, state: State, on pool: WorkerPool
    ) -> CoarseFlow? {
        guard !moving.isEmpty else { return nil }
        let operations = PixelOperations(on: pool)
        let (height, width) = (g0.shape.height, g0.shape.width)
        let made =
            state.large
            ?? CoarseFlow(height: height, width: width, self) {
                flow.makeState(height: $0, width: $1, in: state.memory)
            }
        guard let large = made else { return nil }
        state.large = large
        large.load(g0, of: 0, operations)
        large.load(g1, of: 1, operations)
        guard large.find(in: moving, on: pool) else { return nil }
        operations.enlargeByFour(large.flows.f01, into: large.f01.view)
        operations.enlargeByFour(large.flows.f10, into: large.f10.view)
        return large
    }
}
