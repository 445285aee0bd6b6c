public import Inference
import PixelKernels

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
        /// A `DenseInverseSearch` finds it, on luma of half the size, in place of network B. May be missing.
        let coarseSearch: Bool?
        /// Network B sees the frames mirrored and in reversed time as well (see `FlowEnsemble`). Not in the paper; may be
        /// missing.
        let views: Bool?
        /// Flows are projected to the time of an in-between (see `FlowProjection`). Not in the paper; may be missing.
        let projected: Bool?
        /// In-betweens are sampled cubically, so that they are as sharp as the frames beside them; the networks see bilinear
        /// samples as ever. Not in the paper; may be missing.
        let cubic: Bool?

        enum CodingKeys: String, CodingKey {
            case flow, refine, residual, coarse, views, projected, cubic
            case maxFlow = "max_flow"
            case coarseSearch = "coarse_search"
        }
    }

    let configuration: Configuration
    let thresholds: MotionThresholds
    let flow: UNet
    let refine: UNet

    /// Whether network B looks at the frames in several views.
    var hasViews: Bool { configuration.views == true }

    /// - Parameters: of the frames.
    /// - Returns: nil for a model that does not project its flows.
    func makeProjection(height: Int, width: Int) -> FlowProjection? {
        guard configuration.projected == true, let error = thresholds.projectionError else { return nil }
        return FlowProjection(height: height, width: width, error: error, scale: configuration.maxFlow)
    }

    /// Bytes of it.
    func projectionBytes(height: Int, width: Int) -> Int {
        configuration.projected == true ? FlowProjection.bytes(height: height, width: width) : 0
    }

    /// How what is shown is sampled.
    var sampling: PixelOperations.Sampling { configuration.cubic == true ? .cubic : .bilinear }

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
        thresholds = try MotionThresholds(file.thresholds)
        if configuration.projected == true && thresholds.projectionError == nil {
            throw ModelError(path: file.path, reason: "projected flows without the threshold projection_error")
        }
        self.flow = try UNet(flow, weights: file.weights, prefix: "flow.")
        self.refine = try UNet(refine, weights: file.weights, prefix: "refine.")
        try file.weights.requireAllTaken()
    }
}
