public import Threads

/// A U-Net with its weights: immutable, and shared by any number of states.
public struct UNet: Sendable {
    public let configuration: UNetConfiguration
    private let network: Network

    private enum Network: Sendable {
        case classic(ClassicUNet)
        case shuffle(ShuffleUNet)
    }

    /// Takes the network's tensors out of a model file.
    /// - Parameter prefix: what stands before the tensors' names, for instance "first.".
    /// - Throws: `ModelError` for a tensor that is missing or has another shape.
    public init(_ configuration: UNetConfiguration, weights: ModelWeights, prefix: String) throws(ModelError) {
        self.configuration = configuration
        switch configuration.architecture {
        case .simple, .flow: network = .classic(try ClassicUNet(configuration, weights: weights, prefix: prefix))
        case .shuffle(let widths):
            network = .shuffle(try ShuffleUNet(configuration, widths: widths, weights: weights, prefix: prefix))
        }
    }

    /// Everything that a `forward` writes, for pictures of one size.
    /// - Parameters:
    ///   - height, width: in pixels, at least 1; any size is padded and cropped inside as the network needs it.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    ///   - kernels: the kernel table that its `forward` uses.
    public func makeState(
        height: Int, width: Int, workers: Int = WorkerPool.processors, kernels: Kernels = .best
    ) -> UNetState {
        let input = Tensor(configuration.inputs, height, width)
        let output = Tensor(configuration.outputs, height, width)
        switch network {
        case .classic(let network):
            let activations = ClassicUNet.Activations(network, input: input, output: output)
            return UNetState(
                input: input, output: output, activations: .classic(activations),
                workspace: Workspace(workers: workers, need: network.scratchNeed(for: activations)), kernels: kernels)
        case .shuffle(let network):
            let activations = ShuffleUNet.Activations(network, height: height, width: width)
            return UNetState(
                input: input, output: output, activations: .shuffle(activations),
                workspace: Workspace(workers: workers, need: network.scratchNeed(for: activations)), kernels: kernels)
        }
    }

    /// Reads `state.input`, writes `state.output`. Allocates no activations; returns when all is done.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameter state: of this network or of one with the same configuration.
    public func forward(_ state: UNetState, on pool: WorkerPool) {
        let execution = Execution(kernels: state.kernels.table, workspace: state.workspace, pool: pool)
        switch (network, state.activations) {
        case (.classic(let network), .classic(let activations)): network.forward(activations, execution)
        case (.shuffle(let network), .shuffle(let activations)):
            network.forward(state.input.view, activations, into: state.output.view, execution)
        default: preconditionFailure("a state of another network")
        }
    }
}
