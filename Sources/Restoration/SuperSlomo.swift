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

    /// The activations for one canvas, and the flows between the two frames of the window.
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
        }
    }

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        State(
            flow: flow.makeState(height: height, width: width), refine: refine.makeState(height: height, width: width),
            height: height, width: width)
    }

    /// Network B: both flows between two GIF frames, kept in the state for `interpolate`.
    /// - Parameters: g0, g1: [3, H, W] in [-1, 1].
    public func estimateFlow(_ g0: TensorView, _ g1: TensorView, state: State, on pool: WorkerPool) {
        let operations = PixelOperations(on: pool)
        func run(_ a: TensorView, _ b: TensorView) {
            state.flow.input[0..<3].copy(from: a)
            state.flow.input[3..<6].copy(from: b)
            flow.forward(state.flow, on: pool)
            operations.tanh(state.flow.output.view)
        }
        run(g0, g1)
        state.f01.view.copy(from: state.flow.output[0..<2])
        if configuration.flow.outputs == 4 {
            state.f10.view.copy(from: state.flow.output[2..<4])
        } else {
            run(g1, g0)
            state.f10.view.copy(from: state.flow.output[0..<2])
        }
    }

    /// Network C: the picture at time t between two restored frames, with the flows of the last `estimateFlow`.
    /// - Parameters:
    ///   - i0, i1: [3, H, W] in [-1, 1].
    ///   - t: in (0, 1).
    ///   - target: [3, H, W].
    public func interpolate(
        _ i0: TensorView, _ i1: TensorView, at t: Float, into target: TensorView, state: State, on pool: WorkerPool
    ) {
        precondition(t > 0 && t < 1, "an in-between lies between 0 and 1")
        let operations = PixelOperations(on: pool)
        let input = state.refine.input
        // The input's order: I0, I1, warp(I0), warp(I1), Ft0, Ft1.
        let flow0 = input[12..<14]
        let flow1 = input[14..<16]
        operations.scaledSum(-(1 - t) * t, state.f01.view, t * t, state.f10.view, into: flow0)
        operations.scaledSum((1 - t) * (1 - t), state.f01.view, -t * (1 - t), state.f10.view, into: flow1)
        input[0..<3].copy(from: i0)
        input[3..<6].copy(from: i1)
        operations.backwarp(i0, by: flow0, scale: configuration.maxFlow, into: input[6..<9])
        operations.backwarp(i1, by: flow1, scale: configuration.maxFlow, into: input[9..<12])
        refine.forward(state.refine, on: pool)
        let output = state.refine.output
        if configuration.residual {
            operations.scaledSum(1, flow0, 1, output[0..<2], into: state.ft0.view)
            operations.scaledSum(1, flow1, 1, output[2..<4], into: state.ft1.view)
            operations.clamp(state.ft0.view)
            operations.clamp(state.ft1.view)
        } else {
            state.ft0.view.copy(from: output[0..<2])
            state.ft1.view.copy(from: output[2..<4])
            operations.tanh(state.ft0.view)
            operations.tanh(state.ft1.view)
        }
        state.visibility.view.copy(from: output[4])
        operations.tanh(state.visibility.view)
        blend(i0, i1, at: t, into: target, state: state, on: pool)
    }

    /// Warps and blends two further maps of 3 channels as the last `interpolate` did its pictures: alpha goes this way.
    public func blend(
        _ x0: TensorView, _ x1: TensorView, at t: Float, into target: TensorView, state: State, on pool: WorkerPool
    ) {
        let operations = PixelOperations(on: pool)
        operations.backwarp(x0, by: state.ft0.view, scale: configuration.maxFlow, into: state.warped0.view)
        operations.backwarp(x1, by: state.ft1.view, scale: configuration.maxFlow, into: state.warped1.view)
        operations.synthesize(
            state.warped0.view, state.warped1.view, visibility: state.visibility.view, t: t, into: target)
    }
}
