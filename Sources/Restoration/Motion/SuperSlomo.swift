public import Inference
import PixelKernels
public import Threads

/// The adapted SuperSlomo (section 4.2, figure 4): flow from the GIF frames, refinement on restored ones.
///
/// Immutable and shared between streams; each stream has a `State`. Flows are in units of `maxFlow` pixels.
public struct SuperSlomo: Sendable {
    /// The header of the model file.
    struct Configuration: Decodable {
        /// 6 inputs; 2 outputs, run once per direction, or 4, both directions at once.
        let flow: UNetConfiguration
        /// 16 inputs, 5 outputs.
        let refine: UNetConfiguration
        /// Pixels that a flow of 1 stands for.
        let maxFlow: Float
        /// Refined flow = clamp(F + net) instead of the paper's tanh(net).
        let residual: Bool
        /// Large motion is found on frames of a quarter of the size first (see `CoarseFlow`). Not in the paper; may be
        /// missing.
        let coarse: Bool?
        /// Network B sees the frames mirrored and in reversed time as well (see `FlowEnsemble`). Not in the paper; may be
        /// missing.
        let views: Bool?
        /// In-betweens are sampled cubically, so that they are as sharp as the frames beside them; the networks see bilinear
        /// samples as ever. Not in the paper; may be missing.
        let cubic: Bool?

        enum CodingKeys: String, CodingKey {
            case flow, refine, residual, coarse, views, cubic
            case maxFlow = "max_flow"
        }
    }

    private let configuration: Configuration
    private let flow: UNet
    private let refine: UNet

    /// Whether network B looks at the frames in several views.
    var hasViews: Bool { configuration.views == true }

    /// How what is shown is sampled.
    private var sampling: PixelOperations.Sampling { configuration.cubic == true ? .cubic : .bilinear }

    /// - Throws: `ModelError` when the file is no SuperSlomo or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "superslomo" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a superslomo")
        }
        configuration = try file.configuration(as: Configuration.self)
        let (flow, refine) = (configuration.flow, configuration.refine)
        guard flow.inputs == 6, flow.outputs == 2 || flow.outputs == 4, refine.inputs == 16, refine.outputs == 5,
            configuration.maxFlow > 0, configuration.maxFlow.isFinite
        else {
            throw ModelError(
                path: file.path,
                reason: "config: expected flow 6 -> 2 or 4 and refine 16 -> 5, found flow \(flow.inputs) -> "
                    + "\(flow.outputs), refine \(refine.inputs) -> \(refine.outputs), max_flow \(configuration.maxFlow)"
            )
        }
        self.flow = try UNet(flow, weights: file.weights, prefix: "flow.")
        self.refine = try UNet(refine, weights: file.weights, prefix: "refine.")
        try file.weights.requireAllTaken()
    }

    /// The activations for one canvas, the flows between the two frames of the window, and what was made of the last
    /// window: only what has changed since is computed, and only where something moves.
    public final class State {
        let flow: FlowState
        /// Where the model has them.
        let views: FlowEnsemble?
        let refine: UNetState
        /// As they were handed over.
        let given01: Tensor
        let given10: Tensor
        /// The refined Ft0 and Ft1, [2, H, W] each, and the visibility, in [-1, 1], [1, H, W]: in the same way.
        var ft0: TensorView { refine.output[0..<2] }
        var ft1: TensorView { refine.output[2..<4] }
        var visibility: TensorView { refine.output[4] }
        let warped: Tensor
        /// The picture that `interpolate` made last, and its time.
        let blended: Tensor
        var time: Float = 0
        /// Where the flows that were handed over move something: elsewhere they are 0, and so are what refinement adds to
        /// them and the visibility.
        var givenMoving: Region
        /// Where the flows may have changed since they were handed over, and those that were since the last in-between.
        var changedFlow: Region
        var changedGiven: Region
        /// Where anything moved in the last in-between.
        var refined: Region
        /// Made when it is first needed; also of the views.
        var large: CoarseFlow?
        /// The later frame of the last window whose flow was asked for, and of the last whose in-betweens were, where the
        /// caller has noted it.
        var flowWindow: Int?
        var pictureWindow: Int?
        /// The later frame of the last window whose in-betweens are its first frame, where the caller has noted it.
        var heldWindow: Int?

        init(flow: FlowState, views: FlowEnsemble?, refine: UNetState, height: Int, width: Int) {
            (self.flow, self.views, self.refine) = (flow, views, refine)
            (given01, given10) = (Tensor(2, height, width), Tensor(2, height, width))
            warped = Tensor(3, height, width)
            blended = Tensor(3, height, width)
            givenMoving = Region(height: height, width: width)
            (changedFlow, changedGiven, refined) = (givenMoving, givenMoving, givenMoving)
        }
    }

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        let network = flow.makeState(height: height, width: width)
        let views =
            hasViews
            ? FlowEnsemble(height: height, width: width, found: FlowState(flow.makeTwin(of: network))) : nil
        return State(
            flow: FlowState(network), views: views,
            refine: refine.makeState(height: height, width: width), height: height, width: width)
    }

    /// Where two frames may differ from those that this was asked for last, and from one another; nil: anywhere.
    struct Novelty {
        var first: Region?
        var second: Region?
        var between: Region?
    }

    /// Network B: both flows between two GIF frames, kept in the state for `publishFlow`; 0 where nothing moves (see
    /// `ChangeMargin`). The same but for rounding as without what the state remembers (see `UNet.forward`).
    /// - Parameters:
    ///   - g0, g1: [3, H, W] in [-1, 1].
    ///   - novelty: what the caller knows of them: no more is looked at.
    func estimateFlow(
        _ g0: TensorView, _ g1: TensorView, novelty: Novelty = Novelty(), state: State, on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        let moving = ChangeMargin.affected(by: operations.differences(of: g0, from: g1, in: novelty.between))
        state.changedFlow.formUnion(state.flow.moving)
        state.changedFlow.formUnion(moving)
        findFlows(g0, g1, novelty, in: moving, state.flow, state: state, operations, on: pool)
        guard let views = state.views, !moving.isEmpty else { return }
        views.improve(
            state.flow.f01, state.flow.f10, of: g0, g1, in: moving, scale: configuration.maxFlow, operations, on: pool
        ) {
            findFlows($0, $1, Novelty(), in: $2, views.found, state: state, operations, on: pool)
        }
    }

    /// Both flows from two frames as they are given.
    private func findFlows(
        _ g0: TensorView, _ g1: TensorView, _ novelty: Novelty, in moving: Region, _ found: FlowState, state: State,
        _ operations: PixelOperations, on pool: WorkerPool
    ) {
        // Where something moves the network writes.
        for flow in [found.f01, found.f10] { operations.fill(flow, with: 0, in: found.moving, butNotIn: moving) }
        found.moving = moving
        // Only frames themselves are known of.
        var novelty = found.hasFrames ? novelty : Novelty()
        found.hasFrames = configuration.flow.outputs == 4
        func estimate(_ a: TensorView, _ b: TensorView) {
            directFlow(
                a, b, found.network, novelty: novelty, into: found.f01, found.f10, in: moving, operations, on: pool)
        }
        if let large = largeMotion(g0, g1, in: moving, state: state, operations, on: pool) {
            // What is left of the motion between each frame and the other, warped to it.
            novelty = Novelty()
            found.hasFrames = false
            let scale = configuration.maxFlow
            operations.backwarp(g1, by: large.f01.view, scale: scale, into: large.warped.view)
            estimate(g0, large.warped.view)
            operations.backwarp(large.f01.view, by: found.f01, scale: scale, into: large.sum.view)
            operations.scaledSum(1, large.sum.view, 1, found.f01, into: large.f01.view)
            operations.backwarp(g0, by: large.f10.view, scale: scale, into: large.warped.view)
            estimate(large.warped.view, g1)
            operations.backwarp(large.f10.view, by: found.f10, scale: scale, into: large.sum.view)
            operations.scaledSum(1, large.sum.view, 1, found.f10, into: found.f10, in: moving)
            operations.copy(large.f01.view, into: found.f01, in: moving)
        } else {
            estimate(g0, g1)
        }
    }

    /// Both flows by network B alone.
    private func directFlow(
        _ g0: TensorView, _ g1: TensorView, _ network: UNetState, novelty: Novelty = Novelty(),
        into f01: TensorView, _ f10: TensorView, in region: Region, _ operations: PixelOperations, on pool: WorkerPool
    ) {
        let input = network.input
        func run(_ a: TensorView, _ b: TensorView) {
            var changed = operations.update(input[0..<3], with: a, in: novelty.first)
            changed.formUnion(operations.update(input[3..<6], with: b, in: novelty.second))
            flow.forward(network, changed: changed, needed: region, on: pool)
        }
        run(g0, g1)
        if configuration.flow.outputs == 2 {
            operations.copy(network.output.view, into: f01, in: region)
            run(g1, g0)
            operations.copy(network.output.view, into: f10, in: region)
        }
        for flow in [f01, f10] { operations.tanh(flow, in: region) }
    }

    /// What of the motion between two frames is large, found on frames of a quarter of the size; nil where little is.
    private func largeMotion(
        _ g0: TensorView, _ g1: TensorView, in moving: Region, state: State, _ operations: PixelOperations,
        on pool: WorkerPool
    ) -> CoarseFlow? {
        guard configuration.coarse == true, !moving.isEmpty else { return nil }
        let (height, width) = (g0.shape.height, g0.shape.width)
        let large = state.large ?? CoarseFlow(height: height, width: width) { flow.makeState(height: $0, width: $1) }
        state.large = large
        operations.shrinkByFour(g0, into: large.frames[0].view)
        operations.shrinkByFour(g1, into: large.frames[1].view)
        let (a, b) = (large.coarse01, large.coarse10)
        let region = moving.shrunk(
            by: CoarseFlow.factor, height: a.shape.height, width: a.shape.width)
        directFlow(
            large.frames[0].view, large.frames[1].view, large.network, into: a, b, in: region, operations, on: pool)
        let isLarge = large.keepWhatIsLarge(in: region, scale: configuration.maxFlow, operations)
        guard isLarge else { return nil }
        for (coarse, flow) in [(a, large.f01), (b, large.f10)] {
            operations.enlargeByFour(coarse, into: flow.view)
        }
        return large
    }

    /// Gives the flows of the last `estimateFlow` to `interpolate`, which from now on may run beside the next one, on another
    /// thread. Not beside `interpolate`.
    public func publishFlow(_ state: State, on pool: WorkerPool) {
        let operations = PixelOperations(on: pool)
        operations.copy(state.flow.f01, into: state.given01.view, in: state.changedFlow)
        operations.copy(state.flow.f10, into: state.given10.view, in: state.changedFlow)
        state.changedGiven.formUnion(state.changedFlow)
        state.changedFlow = Region(height: state.changedFlow.height, width: state.changedFlow.width)
        state.givenMoving = state.flow.moving
    }

    /// Network C: the picture at time t between two restored frames, with the flows that were handed over. What the state
    /// remembers of the last picture is used where that was at the same time.
    /// - Parameters:
    ///   - i0, i1: [3, H, W] in [-1, 1].
    ///   - t: in (0, 1).
    ///   - novelty: what the caller knows of them: no more is looked at.
    /// - Returns: [3, H, W], of the state: there until the next call; and where it may differ from both, which are the same
    ///   elsewhere.
    func interpolate(
        _ i0: TensorView, _ i1: TensorView, at t: Float, novelty: Novelty = Novelty(), state: State,
        on pool: WorkerPool
    ) -> (picture: TensorView, moving: Region) {
        precondition(t > 0 && t < 1, "an in-between lies between 0 and 1")
        let operations = PixelOperations(on: pool)
        let input = state.refine.input
        let moving = state.givenMoving
        let (f01, f10) = (state.given01.view, state.given10.view)
        let isAnotherTime = t != state.time
        state.time = t
        var flows = state.changedGiven
        if isAnotherTime { flows.formUnion(moving) }
        state.changedGiven = Region(height: flows.height, width: flows.width)
        // The input's order: I0, I1, warp(I0), warp(I1), Ft0, Ft1.
        let (flow0, flow1) = (input[12..<14], input[14..<16])
        operations.scaledSum(-(1 - t) * t, f01, t * t, f10, into: flow0, in: flows)
        operations.scaledSum((1 - t) * (1 - t), f01, -t * (1 - t), f10, into: flow1, in: flows)
        let changed0 = operations.update(input[0..<3], with: i0, in: novelty.first)
        let changed1 = operations.update(input[3..<6], with: i1, in: novelty.second)
        var changed = warp(i0, changed0, by: flow0, flows, moving, into: input[6..<9], operations)
        // `flows` is part of both.
        changed.formUnion(warp(i1, changed1, by: flow1, flows, moving, into: input[9..<12], operations))
        operations.fill(state.refine.output.view, with: 0, in: state.refined, butNotIn: moving)
        refine.forward(state.refine, changed: changed, needed: moving, on: pool)
        for (flow, refined) in [(flow0, state.ft0), (flow1, state.ft1)] {
            if configuration.residual {
                operations.scaledSum(1, flow, 1, refined, into: refined, in: moving)
                operations.clamp(refined, in: moving)
            } else {
                operations.tanh(refined, in: moving)
            }
        }
        operations.tanh(state.visibility, in: moving)
        var moved = state.refined
        moved.formUnion(moving)
        state.refined = moving
        var differing = operations.differences(of: i0, from: i1, in: novelty.between)
        differing.formUnion(moving)
        if isAnotherTime { moved.formUnion(differing) }
        moved.formUnion(arrival(of: changed0, by: state.ft0, sampling, moving, operations))
        moved.formUnion(arrival(of: changed1, by: state.ft1, sampling, moving, operations))
        blend(i0, i1, at: t, sampling, into: state.blended.view, in: moved, state: state, operations)
        return (state.blended.view, differing)
    }

    /// What the flows leave of the difference between the pictures of the last `interpolate`: the sum of
    /// |warp(I0) - warp(I1)|, before refinement, over that of |I0 - I1|.
    func warpResidual(state: State, _ operations: PixelOperations) -> Float {
        let input = state.refine.input
        let left = operations.sumOfDifferences(of: input[6..<9], from: input[9..<12], in: state.givenMoving)
        return left
            / max(operations.sumOfDifferences(of: input[0..<3], from: input[3..<6], in: state.givenMoving), 1e-6)
    }

    /// Warps what has changed of a picture, wherever it goes, and what goes elsewhere than before.
    /// - Parameters:
    ///   - changed: of the source.
    ///   - moved: of the flow.
    ///   - moving: where the flow is not 0.
    /// - Returns: what may have changed of the target.
    private func warp(
        _ source: TensorView, _ changed: Region, by flow: TensorView, _ moved: Region, _ moving: Region,
        into target: TensorView, _ operations: PixelOperations
    ) -> Region {
        var region = moved
        region.formUnion(arrival(of: changed, by: flow, .bilinear, moving, operations))
        operations.backwarp(source, by: flow, scale: configuration.maxFlow, into: target, in: region)
        return region
    }

    /// Where pixels of a picture may arrive when it is warped.
    private func arrival(
        of pixels: Region, by flow: TensorView, _ sampling: PixelOperations.Sampling, _ moving: Region,
        _ operations: PixelOperations
    ) -> Region {
        var region = pixels
        if !pixels.isEmpty && !moving.isEmpty {
            let reach =
                (operations.largestMagnitude(of: flow, in: moving.hull) * configuration.maxFlow).rounded(.up)
                + Float(sampling.reach)
            let side = Float(max(pixels.height, pixels.width))
            region.formUnion(pixels.grown(by: reach < side ? Int(reach) : Int(side)).intersection(moving))
        }
        return region
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
