public import Inference
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

        enum CodingKeys: String, CodingKey {
            case flow, refine, residual
            case maxFlow = "max_flow"
        }
    }

    private let configuration: Configuration
    private let flow: UNet
    private let refine: UNet

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
    /// window: only what has changed since is computed.
    public final class State {
        let flow: UNetState
        let refine: UNetState
        /// F01 and F10, [2, H, W] each.
        let f01: Tensor
        let f10: Tensor
        /// The refined Ft0 and Ft1, [2, H, W] each.
        let ft0: Tensor
        let ft1: Tensor
        /// In [-1, 1], [1, H, W].
        let visibility: Tensor
        let warped0: Tensor
        let warped1: Tensor
        /// The picture that `interpolate` made last, its time, and where the flows have changed since.
        let blended: Tensor
        var time: Float = 0
        var changedFlow: Region

        init(flow: UNetState, refine: UNetState, height: Int, width: Int) {
            self.flow = flow
            self.refine = refine
            f01 = Tensor(2, height, width)
            f10 = Tensor(2, height, width)
            ft0 = Tensor(2, height, width)
            ft1 = Tensor(2, height, width)
            visibility = Tensor(1, height, width)
            warped0 = Tensor(3, height, width)
            warped1 = Tensor(3, height, width)
            blended = Tensor(3, height, width)
            changedFlow = .all(height: height, width: width)
        }
    }

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        // Refinement's maps are the larger ones.
        let refine = refine.makeState(height: height, width: width)
        return State(
            flow: flow.makeState(height: height, width: width, sharingWith: refine), refine: refine, height: height,
            width: width)
    }

    /// Network B: both flows between two GIF frames, kept in the state for `interpolate`. The same but for rounding as
    /// without what the state remembers of the last two frames (see `UNet.forward`).
    /// - Parameters: g0, g1: [3, H, W] in [-1, 1].
    public func estimateFlow(_ g0: TensorView, _ g1: TensorView, state: State, on pool: WorkerPool) {
        let operations = PixelOperations(on: pool)
        let input = state.flow.input
        func run(_ a: TensorView, _ b: TensorView, into flows: [(Range<Int>, Tensor)]) {
            var changed = operations.update(input[0..<3], with: a)
            changed.formUnion(operations.update(input[3..<6], with: b))
            let region = flow.forward(state.flow, changed: changed, on: pool)
            for (channels, tensor) in flows {
                operations.copy(state.flow.output[channels], into: tensor.view, in: region)
                operations.tanh(tensor.view, in: region)
            }
            state.changedFlow.formUnion(region)
        }
        if configuration.flow.outputs == 4 {
            run(g0, g1, into: [(0..<2, state.f01), (2..<4, state.f10)])
        } else {
            run(g0, g1, into: [(0..<2, state.f01)])
            run(g1, g0, into: [(0..<2, state.f10)])
            // The two took turns: what one saw last is no measure for the other.
            state.changedFlow = .all(height: input.shape.height, width: input.shape.width)
        }
    }

    /// Network C: the picture at time t between two restored frames, with the flows of the last `estimateFlow`. What the
    /// state remembers of the last picture is used where that was at the same time.
    /// - Parameters:
    ///   - i0, i1: [3, H, W] in [-1, 1].
    ///   - t: in (0, 1).
    /// - Returns: [3, H, W], of the state: there until the next call.
    public func interpolate(
        _ i0: TensorView, _ i1: TensorView, at t: Float, state: State, on pool: WorkerPool
    ) -> TensorView {
        precondition(t > 0 && t < 1, "an in-between lies between 0 and 1")
        let operations = PixelOperations(on: pool)
        let input = state.refine.input
        var flows = state.changedFlow
        if t != state.time { flows = .all(height: flows.height, width: flows.width) }
        state.time = t
        state.changedFlow = Region(height: flows.height, width: flows.width)
        // The input's order: I0, I1, warp(I0), warp(I1), Ft0, Ft1.
        let (flow0, flow1) = (input[12..<14], input[14..<16])
        operations.scaledSum(-(1 - t) * t, state.f01.view, t * t, state.f10.view, into: flow0, in: flows)
        operations.scaledSum(
            (1 - t) * (1 - t), state.f01.view, -t * (1 - t), state.f10.view, into: flow1, in: flows)
        let changed0 = operations.update(input[0..<3], with: i0)
        let changed1 = operations.update(input[3..<6], with: i1)
        let warped0 = warp(i0, changed0, by: flow0, flows, into: input[6..<9], operations)
        let warped1 = warp(i1, changed1, by: flow1, flows, into: input[9..<12], operations)
        // `flows` is part of both.
        var region = warped0
        for part in [warped1, changed0, changed1] { region.formUnion(part) }
        region.formUnion(refine.forward(state.refine, changed: region, on: pool))
        let output = state.refine.output
        for (channels, flow, refined) in [(0..<2, flow0, state.ft0.view), (2..<4, flow1, state.ft1.view)] {
            if configuration.residual {
                operations.scaledSum(1, flow, 1, output[channels], into: refined, in: region)
                operations.clamp(refined, in: region)
            } else {
                operations.copy(output[channels], into: refined, in: region)
                operations.tanh(refined, in: region)
            }
        }
        operations.copy(output[4], into: state.visibility.view, in: region)
        operations.tanh(state.visibility.view, in: region)
        var blended = warp(i0, changed0, by: state.ft0.view, region, into: state.warped0.view, operations)
        blended.formUnion(warp(i1, changed1, by: state.ft1.view, region, into: state.warped1.view, operations))
        operations.synthesize(
            state.warped0.view, state.warped1.view, visibility: state.visibility.view, t: t, into: state.blended.view,
            in: blended)
        return state.blended.view
    }

    /// Warps what has changed of a picture, wherever it goes, and what goes elsewhere than before.
    /// - Parameters:
    ///   - changed: of the source.
    ///   - moved: of the flow.
    /// - Returns: what may have changed of the target.
    private func warp(
        _ source: TensorView, _ changed: Region, by flow: TensorView, _ moved: Region, into target: TensorView,
        _ operations: PixelOperations
    ) -> Region {
        var region = moved
        if !changed.isEmpty {
            // Bilinear: a pixel sees the one to its right and the one below, too.
            let reach = (operations.largestMagnitude(of: flow) * configuration.maxFlow).rounded(.up) + 1
            let side = Float(max(changed.height, changed.width))
            region.formUnion(changed.grown(by: reach < side ? Int(reach) : Int(side)))
        }
        operations.backwarp(source, by: flow, scale: configuration.maxFlow, into: target, in: region)
        return region
    }

    /// Warps and blends two further maps of 3 channels as the last `interpolate` did its pictures: alpha goes this way.
    /// - Parameters: warped0, warped1: for the maps' warped selves.
    public func blend(
        _ x0: TensorView, _ x1: TensorView, at t: Float, warped0: TensorView, warped1: TensorView,
        into target: TensorView, state: State, on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        operations.backwarp(x0, by: state.ft0.view, scale: configuration.maxFlow, into: warped0)
        operations.backwarp(x1, by: state.ft1.view, scale: configuration.maxFlow, into: warped1)
        operations.synthesize(warped0, warped1, visibility: state.visibility.view, t: t, into: target)
    }
}
