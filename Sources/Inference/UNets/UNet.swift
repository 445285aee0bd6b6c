public import PixelKernels
public import Threads

/// A U-Net with its weights: immutable, and shared by any number of states.
public struct UNet: Sendable {
    public let configuration: UNetConfiguration
    let network: Network
    let kernels: Kernels

    /// Indirect, as copies of the larger one decide by bytes that the smaller one never wrote.
    indirect enum Network: Sendable {
        case classic(PaperUNet)
        case shuffle(CompactUNet)
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
            network = .classic(try PaperUNet(configuration, weights: weights, prefix: prefix, kernels: kernels))
        case .shuffle(let widths):
            network = .shuffle(
                try CompactUNet(configuration, widths: widths, weights: weights, prefix: prefix, kernels: kernels))
        }
    }

    /// Everything that a `forward` writes, for pictures of one size.
    ///
    /// A large picture goes through a network of the small kind in bands, with the same result: only input and output grow with
    /// it.
    /// - Parameters:
    ///   - height, width: in pixels, at least 1; any size is padded and cropped inside as the network needs it.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    ///   - band: rows of a band, a multiple of 8, for a picture of any size; nil: large ones go through in bands.
    ///   - memory: of networks that take turns.
    ///   - keepsMaps: whether the maps stay what the last forward made of them, whatever other states do. Bands keep nothing.
    public func makeState(
        height: Int, width: Int, workers: Int = WorkerPool.processors, band: Int? = nil,
        in memory: NetworkMemory = NetworkMemory(), keepsMaps: Bool = false
    ) -> UNetState {
        let band = hasBands ? band ?? (height * width > Self.largeArea ? Self.bandRows : nil) : nil
        let layout = UNetState.Layout(
            configuration: configuration, lanes: kernels.lanes, height: height, width: width, band: band)
        func makeMaps() -> UNetState.Maps {
            guard let band else {
                return UNetState.Maps(layout, keepsContents: keepsMaps, makeActivations(height: height, width: width))
            }
            let plan = bandPlan(height: height, width: width, band: band, workers: workers)
            return UNetState.Maps(
                layout, keepsContents: false, .bands(plan, memory.arena ?? Arena(byteCount: plan.byteCount)))
        }
        let maps = memory.lease(layout, keepsContents: keepsMaps && band == nil, or: makeMaps)
        return UNetState(
            input: Tensor(configuration.inputs, height, width), output: Tensor(configuration.outputs, height, width),
            maps: maps,
            workspace: memory.workspace(
                workers: workers, need: scratchNeed(for: maps.activations, workers: workers)))
    }

    private func makeActivations(height: Int, width: Int) -> UNetState.Activations {
        switch network {
        case .classic(let network): return .classic(PaperUNet.Activations(network, height: height, width: width))
        case .shuffle(let network): return .shuffle(CompactUNet.Activations(network, height: height, width: width))
        }
    }

    /// Pictures in bands have theirs in the arena.
    private func scratchNeed(for activations: UNetState.Activations, workers: Int) -> ScratchSize {
        switch (network, activations) {
        case (.classic(let network), .classic(let maps)): network.scratchNeed(for: maps.layouts, workers: workers)
        case (.shuffle(let network), .shuffle(let maps)): network.scratchNeed(for: maps.layouts, workers: workers)
        case (.shuffle, .bands): ScratchSize()
        default: preconditionFailure("activations of another network")
        }
    }

    /// Bytes of a state of `makeState`.
    /// - Parameter sharesMaps: whether its maps are those of a state that is counted already.
    public func stateBytes(
        height: Int, width: Int, workers: Int = WorkerPool.processors, sharesMaps: Bool = false
    ) -> Int {
        let planes = (configuration.inputs + configuration.outputs) * height * width * MemoryLayout<Float>.stride
        let (maps, scratch): (Int, ScratchSize)
        switch network {
        case .classic(let network):
            let layouts = network.layouts(height: height, width: width)
            maps = network.mapBytes(height: height, width: width)
            scratch = network.scratchNeed(for: layouts, workers: workers)
        case .shuffle where height * width > Self.largeArea:
            let plan = bandPlan(height: height, width: width, workers: workers)
            (maps, scratch) = (plan.byteCount, ScratchSize())
        case .shuffle(let network):
            let layouts = network.layouts(height: height, width: width)
            // With a byte for each pixel that may be out of date.
            maps = layouts.maps.reduce(layouts.byteCount) { $0 + $1.height * $1.width }
            scratch = network.scratchNeed(for: layouts, workers: workers)
        }
        return planes + Workspace.bytes(workers: workers, need: scratch) + (sharesMaps ? 0 : maps)
    }

    /// Reads `state.input`, writes `state.output` where it is needed and leaves the rest of it as it is; returns when all is
    /// done. Allocates nothing, but for pictures in bands.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameters:
    ///   - state: of this network or of one with the same configuration.
    ///   - changed: the input's pixels that may differ from those of this state's last forward: what does not depend on
    ///     them is not computed again. The output is the same but for rounding, of which a Winograd block's pixels have one
    ///     in common: within 1e-5. It does not add up over the frames. Nil: all.
    ///   - needed: of the output. Maps are brought up to date as far as it depends on them, and the rest of them when it is
    ///     needed. Nil: all. In whole squares of 2 x 2 pixels, else those are written. The networks of the paper compute all
    ///     or nothing; of pictures in bands all is computed that the needed part depends on.
    public func forward(_ state: UNetState, changed: Region? = nil, needed: Region? = nil, on pool: WorkerPool) {
        let changed = state.take() ? changed ?? state.all : state.all
        let needed = needed ?? state.all
        let execution = Execution(kernels: kernels.table, workspace: state.workspace, pool: pool)
        switch (network, state.maps.activations) {
        case (.classic(let network), .classic(let activations)):
            if needed.isEmpty { return }
            network.forward(state.input.view, activations, into: state.output.view, needed: needed, execution)
        case (.shuffle(let network), .shuffle(let activations)):
            network.forward(
                state.input.view, activations, into: state.output.view, changed: changed, needed: needed, execution)
        case (.shuffle, .bands(let plan, let arena)):
            forward(plan, in: arena, needed: needed, on: pool) { rows, input in
                input.copyRows(rows, of: state.input.view, on: pool)
            } take: { rows, output in
                state.output.view.copy(output, toRow: rows.lowerBound, in: needed, on: pool)
            }
        default: preconditionFailure("a state of another network")
        }
    }
}
