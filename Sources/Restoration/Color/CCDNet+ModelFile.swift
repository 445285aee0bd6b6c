public import Inference

extension CCDNet {
    /// The header of the model file.
    private struct Configuration: Decodable {
        enum CodingKeys: String, CodingKey {
            case first, inputs, step, steps, residual
            case stepInputs = "step_inputs"
        }

        let first: UNetConfiguration
        /// The first network's inputs.
        let inputs: [ColorInput]
        let step: UNetConfiguration?
        /// k: 1, or 2 with the step.
        let steps: Int
        /// The step's inputs. For dithered GIFs they are without fC (nearest, error), as such GIFs are not quantized by fC.
        let stepInputs: [ColorInput]?
        /// I = clamp(G + net(G)) and I <- clamp(I + step) instead of the paper's tanh.
        let residual: Bool
    }

    /// - Throws: `ModelError` when the file is no CCDNet or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "ccdnet" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a ccdnet")
        }
        let configuration = try file.configuration(as: Configuration.self)
        guard configuration.steps == (configuration.step == nil ? 1 : 2) else {
            throw ModelError(
                path: file.path, reason: "config: \(configuration.steps) steps, expected 1, or 2 with a step network")
        }
        func network(_ unet: UNetConfiguration, _ layout: InputLayout, _ name: String) throws(ModelError) -> UNet {
            guard unet.inputs == layout.channels && unet.outputs == 3 else {
                throw ModelError(
                    path: file.path,
                    reason: "config: \(name) has \(unet.inputs) inputs and \(unet.outputs) outputs, "
                        + "expected \(layout.channels) and 3")
            }
            return try UNet(unet, weights: file.weights, prefix: "\(name).")
        }
        layout = try Self.layout(configuration.inputs, ofStep: false, file.path)
        stepLayout = try Self.layout(configuration.stepInputs ?? [], ofStep: true, file.path)
        first = try network(configuration.first, layout, "first")
        step = if let step = configuration.step { try network(step, stepLayout, "step") } else { nil }
        form = configuration.residual ? .correction : .paper
        thresholds = try ColorThresholds(file.thresholds)
        try file.weights.requireAllTaken()
    }

    private static func layout(_ names: [ColorInput], ofStep: Bool, _ path: String) throws(ModelError) -> InputLayout {
        func fail(_ reason: String) -> ModelError {
            ModelError(path: path, reason: "config: \(ofStep ? "step_inputs" : "inputs") \(reason)")
        }
        guard Set(names).count == names.count else { throw fail("has a name twice") }
        for name in names where ofStep ? [.before, .after, .past, .cell].contains(name) : name.isOfStep {
            throw fail("has \(name.rawValue), which this network cannot be given")
        }
        if let error = names.firstIndex(of: .error), names.firstIndex(of: .nearest).map({ $0 < error }) != true {
            throw fail("has error without nearest before it")
        }
        return InputLayout(names)
    }
}
