public import Inference
public import Threads

/// CCDNet-k (section 4.1, figure 2, equation 5): a first network, then steps that correct its estimate.
///
/// Immutable and shared between streams; each stream has a `State`.
public struct CCDNet: Sendable {
    /// The header of the model file.
    struct Configuration: Decodable {
        enum CodingKeys: String, CodingKey {
            case first, step, steps, palette, radius, neighbours, residual, project
            case stepNeighbours = "step_neighbours"
        }

        let first: UNetConfiguration
        let step: UNetConfiguration?
        /// k, counting the first network.
        let steps: Int
        /// The steps see fC(I) and G - fC(I): not for dithered GIFs, whose quantization is not fC.
        let palette: Bool
        /// Further input: the palette radius of each pixel.
        let radius: Bool
        /// Further inputs of the first network: how the GIF's frames before and after differ from this one. Still
        /// parts carry a quantization error of their own in every frame. Not in the paper; may be missing.
        let neighbours: Bool?
        /// The steps see them as well.
        let stepNeighbours: Bool?
        /// I = clamp(G + net(G)) and I <- clamp(I + step) instead of the paper's tanh.
        let residual: Bool
        /// The last estimate is pulled into its palette color's Voronoi cell.
        let project: Bool
    }

    private let configuration: Configuration
    private let first: UNet
    private let step: UNet?

    /// k: how many steps it takes at most.
    var steps: Int { configuration.steps }

    /// Whether the frames before and after make a difference.
    public var seesNeighbours: Bool { configuration.neighbours == true || configuration.stepNeighbours == true }

    /// - Throws: `ModelError` when the file is no CCDNet or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "ccdnet" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a ccdnet")
        }
        let configuration = try file.configuration(as: Configuration.self)
        let extra = configuration.radius ? 1 : 0
        func check(_ unet: UNetConfiguration, inputs: Int, _ name: String) throws(ModelError) {
            guard unet.inputs == inputs + extra && unet.outputs == 3 else {
                throw ModelError(
                    path: file.path,
                    reason: "config: \(name) has \(unet.inputs) inputs and \(unet.outputs) outputs, "
                        + "expected \(inputs + extra) and 3")
            }
        }
        guard configuration.steps >= 1 && configuration.steps <= 16 else {
            throw ModelError(path: file.path, reason: "config: \(configuration.steps) steps, expected 1 to 16")
        }
        try check(configuration.first, inputs: 3 + (configuration.neighbours == true ? 6 : 0), "first")
        first = try UNet(configuration.first, weights: file.weights, prefix: "first.")
        if configuration.steps > 1 {
            guard let stepConfiguration = configuration.step else {
                throw ModelError(path: file.path, reason: "config: \(configuration.steps) steps without a step network")
            }
            let neighbours = configuration.stepNeighbours == true ? 6 : 0
            try check(stepConfiguration, inputs: (configuration.palette ? 12 : 6) + neighbours, "step")
            step = try UNet(stepConfiguration, weights: file.weights, prefix: "step.")
        } else {
            step = nil
        }
        try file.weights.requireAllTaken()
        self.configuration = configuration
    }

    /// The activations for one canvas. One forward at a time.
    public final class State {
        let first: UNetState
        let step: UNetState?

        init(first: UNetState, step: UNetState?) {
            self.first = first
            self.step = step
        }
    }

    /// - Parameters: the canvas in pixels.
    public func makeState(height: Int, width: Int) -> State {
        State(
            first: first.makeState(height: height, width: width), step: step?.makeState(height: height, width: width))
    }

    /// Estimates the picture that was quantized.
    /// - Parameters:
    ///   - gif: G, [3, H, W] in [-1, 1].
    ///   - radius: the palette radius of each pixel, [1, H, W].
    ///   - before, after: the GIF's neighbouring frames, like `gif`; nil where there is none.
    ///   - palettes, ids: the palette of each pixel, for fC.
    ///   - steps: at most so many of the network's steps, the first network counted; all by default.
    ///   - target: the last estimate, [3, H, W].
    public func restore(
        gif: TensorView, radius: TensorView, before: TensorView? = nil, after: TensorView? = nil,
        palettes: PaletteTable, ids: UnsafeBufferPointer<UInt16>, steps: Int = .max, into target: TensorView,
        state: State, on pool: WorkerPool
    ) {
        precondition(steps >= 1, "\(steps) steps")
        let operations = PixelOperations(on: pool)
        // I0 = squash(net0(G))
        state.first.input[0..<3].copy(from: gif)
        if configuration.radius { state.first.input[3].copy(from: radius) }
        func writeNeighbours(into input: Tensor) {
            for (neighbour, at) in [(before, input.shape.channels - 6), (after, input.shape.channels - 3)] {
                operations.scaledSum(1, neighbour ?? gif, -1, gif, into: input[at..<at + 3])
            }
        }
        if configuration.neighbours == true { writeNeighbours(into: state.first.input) }
        first.forward(state.first, on: pool)
        if configuration.residual {
            operations.scaledSum(1, gif, 1, state.first.output.view, into: target)
        } else {
            target.copy(from: state.first.output.view)
        }
        squash(target, operations)
        // I <- squash(I + g(I, G, fC(I), G - fC(I)))
        if let step, let state = state.step {
            for _ in 1..<min(steps, configuration.steps) {
                state.input[0..<3].copy(from: target)
                state.input[3..<6].copy(from: gif)
                if configuration.palette {
                    operations.nearestColors(
                        target, palettes, ids: ids, near: .init(gif: gif, radius: radius), into: state.input[6..<9])
                    operations.scaledSum(1, gif, -1, state.input[6..<9], into: state.input[9..<12])
                }
                if configuration.radius { state.input[configuration.palette ? 12 : 6].copy(from: radius) }
                if configuration.stepNeighbours == true { writeNeighbours(into: state.input) }
                step.forward(state, on: pool)
                operations.scaledSum(1, target, 1, state.output.view, into: target)
                squash(target, operations)
            }
        }
        if configuration.project { operations.projectToCells(target, gif: gif, radius: radius, palettes, ids: ids) }
    }

    private func squash(_ values: TensorView, _ operations: PixelOperations) {
        if configuration.residual { operations.clamp(values) } else { operations.tanh(values) }
    }
}
