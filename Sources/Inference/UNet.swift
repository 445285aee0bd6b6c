public import Threads

/// A U-Net with its weights: immutable, and shared by any number of states.
public struct UNet: Sendable {
    public let configuration: UNetConfiguration
    private let network: Network
    private let kernels: Kernels

    private enum Network: Sendable {
        case classic(ClassicUNet)
        case shuffle(ShuffleUNet)
    }

    /// Takes the network's tensors out of a model file.
    /// - Parameters:
    ///   - prefix: what stands before the tensors' names, for instance "first.".
    ///   - kernels: what its `forward` uses; the weights are brought into their order here.
    /// - Throws: `ModelError` for a tensor that is missing or has another shape.
    public init(
        _ configuration: UNetConfiguration, weights: ModelWeights, prefix: String, kernels: Kernels = .best
    ) throws(ModelError) {
        self.configuration = configuration
        self.kernels = kernels
        switch configuration.architecture {
        case .simple, .flow:
            network = .classic(try ClassicUNet(configuration, weights: weights, prefix: prefix, kernels: kernels))
        case .shuffle(let widths):
            network = .shuffle(
                try ShuffleUNet(configuration, widths: widths, weights: weights, prefix: prefix, kernels: kernels))
        }
    }

    /// Everything that a `forward` writes, for pictures of one size.
    /// - Parameters:
    ///   - height, width: in pixels, at least 1; any size is padded and cropped inside as the network needs it.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    public func makeState(height: Int, width: Int, workers: Int = WorkerPool.processors) -> UNetState {
        let activations: UNetState.Activations
        let need: ScratchNeed
        switch network {
        case .classic(let network):
            let maps = ClassicUNet.Activations(network, height: height, width: width)
            (activations, need) = (.classic(maps), network.scratchNeed(for: maps, workers: workers))
        case .shuffle(let network):
            let maps = ShuffleUNet.Activations(network, height: height, width: width)
            (activations, need) = (.shuffle(maps), network.scratchNeed(for: maps, workers: workers))
        }
        return UNetState(
            input: Tensor(configuration.inputs, height, width), output: Tensor(configuration.outputs, height, width),
            activations: activations, workspace: Workspace(workers: workers, need: need))
    }

    /// Reads `state.input`, writes `state.output`. Allocates no activations; returns when all is done.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameters:
    ///   - state: of this network or of one with the same configuration.
    ///   - changed: the input's pixels that may differ from those of this state's last forward: what does not depend on
    ///     them is kept. The output is the same to the bit, but with OpenBLAS, which may sum in another order. Nil: all.
    /// - Returns: the output's pixels that may differ from those of the last forward. The networks of the paper compute
    ///   all or nothing.
    @discardableResult
    public func forward(_ state: UNetState, changed: Region? = nil, on pool: WorkerPool) -> Region {
        let shape = state.input.shape
        let all = Region.all(height: shape.height, width: shape.width)
        let changed = state.hasRun ? changed ?? all : all
        state.hasRun = true
        if changed.isEmpty { return changed }
        let execution = Execution(kernels: kernels.table, workspace: state.workspace, pool: pool)
        switch (network, state.activations) {
        case (.classic(let network), .classic(let activations)):
            network.forward(state.input.view, activations, into: state.output.view, execution)
            return all
        case (.shuffle(let network), .shuffle(let activations)):
            return network.forward(
                state.input.view, activations, into: state.output.view, changed: changed, execution)
        default: preconditionFailure("a state of another network")
        }
    }
}
