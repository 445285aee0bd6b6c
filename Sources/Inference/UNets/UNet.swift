public import PixelKernels
public import Threads

/// A U-Net with its weights: immutable, and shared by any number of states.
public struct UNet: Sendable {
    public let configuration: UNetConfiguration
    private let network: Network
    private let kernels: Kernels

    private enum Network: Sendable {
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
    /// A picture of more than two such tiles goes through a network of the small kind in tiles, with the same result:
    /// only input and output grow with it.
    /// - Parameters:
    ///   - height, width: in pixels, at least 1; any size is padded and cropped inside as the network needs it.
    ///   - workers: threads that may work on one `forward`; more threads of a pool stay idle.
    ///   - tileSide: pixels a side of a tile, without what it overlaps its neighbors by.
    ///   - partner: a state whose forward never runs at the same time: the two share scratch memory, and where their networks
    ///     differ in their weights alone, their maps, too. After the other's forward one computes all anew that is needed.
    public func makeState(
        height: Int, width: Int, workers: Int = WorkerPool.processors, tileSide: Int = UNet.tileSide,
        sharingWith partner: UNetState? = nil
    ) -> UNetState {
        if case .shuffle(let network) = network, Self.isTiled(height: height, width: width, tileSide: tileSide) {
            let tiling = Tiling(
                height: height, width: width, side: tileSide, reach: network.reach, alignment: network.alignment)
            return UNetState(
                input: Tensor(configuration.inputs, height, width),
                output: Tensor(configuration.outputs, height, width),
                maps: UNetState.Maps(configuration, lanes: kernels.lanes, .tiles(tiling)),
                workspace: Workspace(workers: workers, need: ScratchSize()))
        }
        return makeWholeState(height: height, width: width, workers: workers, sharingWith: partner)
    }

    /// A state beside another one of this network, whose forward never runs at the same time: with maps of its own, but that
    /// tiles of large pictures, which keep nothing from one forward to the next, run on the same.
    public func makeTwin(of state: UNetState) -> UNetState {
        let shape = state.input.shape
        guard case .tiles = state.maps.activations else {
            return makeState(height: shape.height, width: shape.width, workers: state.workspace.workers)
        }
        return UNetState(
            input: Tensor(shape), output: Tensor(state.output.shape), maps: state.maps, workspace: state.workspace,
            tiles: state.tiles)
    }

    /// Pixels a side of a tile of a large picture.
    public static let tileSide = 1024

    /// Whether a picture goes through in tiles: it has more pixels than two of them.
    public static func isTiled(height: Int, width: Int, tileSide: Int = UNet.tileSide) -> Bool {
        height * width > 2 * tileSide * tileSide
    }

    private func makeWholeState(
        height: Int, width: Int, workers: Int, sharingWith partner: UNetState? = nil
    ) -> UNetState {
        let maps: UNetState.Maps
        if let partner, partner.maps.configuration == configuration, partner.maps.lanes == kernels.lanes,
            (partner.input.shape.height, partner.input.shape.width) == (height, width)
        {
            maps = partner.maps
        } else {
            maps = UNetState.Maps(
                configuration, lanes: kernels.lanes, makeActivations(height: height, width: width))
        }
        let need = scratchNeed(for: maps.activations, workers: workers)
        let shared = partner.flatMap { $0.workspace.serves(workers: workers, need: need) ? $0.workspace : nil }
        return UNetState(
            input: Tensor(configuration.inputs, height, width), output: Tensor(configuration.outputs, height, width),
            maps: maps, workspace: shared ?? Workspace(workers: workers, need: need))
    }

    private func makeActivations(height: Int, width: Int) -> UNetState.Activations {
        switch network {
        case .classic(let network): return .classic(PaperUNet.Activations(network, height: height, width: width))
        case .shuffle(let network): return .shuffle(CompactUNet.Activations(network, height: height, width: width))
        }
    }

    private func scratchNeed(for activations: UNetState.Activations, workers: Int) -> ScratchSize {
        switch (network, activations) {
        case (.classic(let network), .classic(let maps)): network.scratchNeed(for: maps, workers: workers)
        case (.shuffle(let network), .shuffle(let maps)): network.scratchNeed(for: maps, workers: workers)
        default: preconditionFailure("activations of another network")
        }
    }

    /// Reads `state.input`, writes `state.output` where it is needed and leaves the rest of it as it is; returns when all is
    /// done. Allocates nothing, but for pictures in tiles the maps of tiles of another size than the last.
    ///
    /// Any thread may call it, several at once with states of their own.
    /// - Parameters:
    ///   - state: of this network or of one with the same configuration.
    ///   - changed: the input's pixels that may differ from those of this state's last forward: what does not depend on
    ///     them is not computed again. The output is the same but for rounding, of which a Winograd block's pixels have one
    ///     in common: within 1e-5. It does not add up over the frames. Nil: all.
    ///   - needed: of the output. Maps are brought up to date as far as it depends on them, and the rest of them when it is
    ///     needed. Nil: all. In whole squares of 2 x 2 pixels, else those are written. The networks of the paper compute all
    ///     or nothing, pictures in tiles the tiles that it lies in.
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
        case (.shuffle, .tiles(let tiling)): forward(state, tiling, needed: needed, on: pool)
        default: preconditionFailure("a state of another network")
        }
    }

    /// Tile by tile.
    private func forward(_ state: UNetState, _ tiling: Tiling, needed: Region, on pool: WorkerPool) {
        for tile in tiling.tiles {
            let (inner, outer) = (tile.inner, tile.outer)
            if !needed.patches.contains(where: { inner.intersection($0) != nil }) { continue }
            let (height, width) = (outer.rows.count, outer.columns.count)
            let known = state.tile.flatMap {
                $0.input.shape.height == height && $0.input.shape.width == width ? $0 : nil
            }
            if known == nil { state.tile = nil }
            let tile = known ?? makeWholeState(height: height, width: width, workers: state.workspace.workers)
            state.tile = tile
            tile.input.copy(outer, of: state.input, at: (0, 0), on: pool)
            forward(tile, on: pool)
            let (top, left) = (outer.rows.lowerBound, outer.columns.lowerBound)
            for patch in needed.patches {
                guard let patch = inner.intersection(patch) else { continue }
                let place = Region.Patch(
                    rows: patch.rows.lowerBound - top..<patch.rows.upperBound - top,
                    columns: patch.columns.lowerBound - left..<patch.columns.upperBound - left)
                state.output.copy(
                    place, of: tile.output, at: (patch.rows.lowerBound, patch.columns.lowerBound), on: pool)
            }
        }
    }
}
