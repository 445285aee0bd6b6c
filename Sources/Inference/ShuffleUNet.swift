/// A small U-Net at half resolution behind a pixel unshuffle, with additive skips: the `live` networks.
///
/// The input is padded right and bottom, repeating its edge, to a multiple of 2 to the number of widths; the output is
/// cropped. Both happen in the pixel (un)shuffle.
struct ShuffleUNet: Sendable {
    /// In the order in which they run. The last one's output is the network's, four channels for each.
    fileprivate let layers: [Layer]
    /// Resolutions, the finest (half the picture's) first.
    private let levels: Int

    /// What makes one map. Those without weights are made anew for every convolution that reads them, the next layer, and
    /// keep nothing.
    fileprivate struct Layer: Sendable {
        enum Work: Sendable {
            /// The picture's pixels, 2 x 2 of a plane in four channels.
            case load
            case convolution(Convolution)
            /// To half the size.
            case pool
            /// The first map at twice its size plus the second.
            case merge
        }

        let work: Work
        /// The layers whose maps it reads.
        let sources: [Int]
        /// Of its map.
        let level: Int
        let blocks: Int

        /// Whether its map is there until the next forward.
        var isKept: Bool {
            if case .convolution = work { true } else { false }
        }
    }

    init(
        _ configuration: UNetConfiguration, widths: [Int], weights: ModelWeights, prefix: String, kernels: Kernels
    ) throws(ModelError) {
        var layers: [Layer] = []
        func add(_ work: Layer.Work, of sources: [Int], level: Int, blocks: Int) -> Int {
            layers.append(Layer(work: work, sources: sources, level: level, blocks: blocks))
            return layers.count - 1
        }
        func convolve(
            _ source: Int, _ name: String, _ inputs: Int, _ outputs: Int, size: Int = 3, activated: Bool = true
        ) throws(ModelError) -> Int {
            let convolution = try Convolution(
                inputs: [inputs], outputs: outputs, size: size, slope: activated ? configuration.slope : 1,
                weights: weights, name: prefix + name, kernels: kernels)
            return add(
                .convolution(convolution), of: [source], level: layers[source].level, blocks: convolution.outputBlocks)
        }
        let loaded = 4 * configuration.inputs
        var last = add(.load, of: [], level: 0, blocks: (loaded + kernels.lanes - 1) / kernels.lanes)
        last = try convolve(last, "stem.0", loaded, widths[0])
        last = try convolve(last, "stem.1", widths[0], widths[0])
        /// Each level's map on the way down.
        var skips = [last]
        let steps = Array(zip(widths, widths.dropFirst()).enumerated())
        for (index, (finer, coarser)) in steps {
            last = add(.pool, of: [last], level: index + 1, blocks: layers[last].blocks)
            last = try convolve(last, "down.\(index).0", finer, coarser)
            last = try convolve(last, "down.\(index).1", coarser, coarser)
            skips.append(last)
        }
        for (index, (level, (finer, coarser))) in steps.reversed().enumerated() {
            last = try convolve(last, "lateral.\(index)", coarser, finer, size: 1, activated: false)
            last = add(.merge, of: [last, skips[level]], level: level, blocks: layers[skips[level]].blocks)
            last = try convolve(last, "up.\(index)", finer, finer)
        }
        _ = try convolve(last, "outc", widths[0], 4 * configuration.outputs, activated: false)
        self.layers = layers
        levels = widths.count
    }

    /// Pixels of a cell of the coarsest map, a side.
    private var coarsest: Int { 1 << levels }
    /// Pixels between two places that lie the same to all maps' Winograd tiles.
    var alignment: Int { 4 * coarsest }
    /// How many pixels away one may be that an output depends on, at most.
    var reach: Int {
        // Two convolutions a level down, one up, the last one; and the cells that they begin and end in.
        let down = (1...levels).reduce(0) { $0 + 2 * (1 << $1) }
        let up = (1..<levels).reduce(0) { $0 + (1 << $1) }
        return down + up + 2 + 2 * coarsest
    }

    /// Brings up to date what is needed of the output, and of the maps what that depends on: each layer computes what is
    /// needed of its map and follows from what has changed since it was last needed.
    /// - Parameters:
    ///   - changed: of the input, since the last forward with these activations.
    ///   - needed: what is written of the output, in whole squares of 2 x 2.
    func forward(
        _ input: TensorView, _ activations: Activations, into output: TensorView, changed: Region, needed: Region,
        _ execution: Execution
    ) {
        activations.takeTurn()
        let maps = activations.maps
        let last = maps.count - 1
        var needs = maps.map { Region(height: $0.height, width: $0.width) }
        needs[last] = needed.shrunk(by: 2, height: maps[last].height, width: maps[last].width)
        for (index, layer) in layers.enumerated().reversed() {
            for (place, source) in layer.sources.enumerated() {
                needs[source].formUnion(layer.need(of: maps[source], at: place, for: needs[index]))
            }
        }
        var changes: [Region] = []
        var regions: [Region] = []
        for (index, layer) in layers.enumerated() {
            let map = maps[index]
            changes.append(layer.change(of: map, input: changed, sources: layer.sources.map { changes[$0] }))
            regions.append(activations.bringUpToDate(index, changed: changes[index], needed: needs[index]))
        }
        for (index, layer) in layers.enumerated() where !layer.isKept {
            // All that the next layer's Winograd tiles read, also for pixels of theirs that are up to date.
            regions[index] = layers[index + 1].need(of: maps[index], at: 0, for: regions[index + 1].inSquares(of: 4))
        }
        for (index, layer) in layers.enumerated() where !regions[index].isEmpty {
            let (map, region) = (maps[index], regions[index])
            switch layer.work {
            case .load: Resampling.load(input, scale: 2, into: map, at: region, execution)
            case .convolution(let convolution): convolution(maps[layer.sources[0]], into: map, at: region, execution)
            case .pool: Resampling.averagePool(maps[layer.sources[0]], into: map, at: region, execution)
            case .merge:
                Resampling.upsampleNearest(
                    maps[layer.sources[0]], plus: maps[layer.sources[1]], into: map, at: region, execution)
            }
        }
        Resampling.store(maps[last], scale: 2, into: output, at: needs[last], execution)
    }

    func scratchNeed(for activations: Activations, workers: Int) -> ScratchNeed {
        var need = ScratchNeed()
        for (layer, map) in zip(layers, activations.maps) {
            guard case .convolution(let convolution) = layer.work else { continue }
            need.formUnion(convolution.scratchNeed(height: map.height, width: map.width, workers: workers))
        }
        return need
    }
}

extension ShuffleUNet.Layer {
    /// What may have changed of its map.
    /// - Parameters:
    ///   - input: what has changed of the network's input.
    ///   - sources: of the maps that it reads.
    fileprivate func change(of map: BlockedView, input: Region, sources: [Region]) -> Region {
        switch work {
        case .load: return input.shrunk(by: 2, height: map.height, width: map.width)
        case .convolution(let convolution): return sources[0].grown(by: convolution.size / 2)
        case .pool: return sources[0].shrunk(by: 2, height: map.height, width: map.width)
        case .merge:
            var change = sources[0].enlarged(by: 2, height: map.height, width: map.width)
            change.formUnion(sources[1])
            return change
        }
    }

    /// What it reads of a map to make a region of its own.
    /// - Parameter place: the map's among its sources.
    fileprivate func need(of source: BlockedView, at place: Int, for region: Region) -> Region {
        switch work {
        case .load: return region
        case .convolution(let convolution): return region.grown(by: convolution.size / 2)
        case .pool: return region.enlarged(by: 2, height: source.height, width: source.width)
        case .merge:
            return place == 0 ? region.shrunk(by: 2, height: source.height, width: source.width) : region
        }
    }
}

extension ShuffleUNet {
    /// Every layer's map. Convolutions have each their own, so that a part of one can follow from parts of others; of the
    /// other layers, those of one size have one place.
    final class Activations {
        let maps: [BlockedView]
        /// What of each map does not follow from the last forward's input; nil where a map is not kept.
        private var stale: [StaleMap?]
        /// The maps of layers that are not kept, one for each level, and where they lie.
        private let passing: [BlockedTensor]
        private let passingPlace: PassingPlace
        /// Those of the layers that are, and what they lie in.
        private let kept: [BlockedTensor]
        let memory: MapMemory

        /// Memory for maps that nobody keeps, of one network or of several that take turns.
        private final class PassingPlace {
            let memory: MapMemory
            let bytes: Range<Int>
            /// Whose maps' margins are zero.
            var user: ObjectIdentifier?

            init(in memory: MapMemory, _ bytes: Range<Int>) { (self.memory, self.bytes) = (memory, bytes) }
        }

        /// - Parameters:
        ///   - height, width: of the network's input, in pixels.
        ///   - partner: of a network that never runs at the same time: what none of them keeps has one place.
        init(_ network: ShuffleUNet, height: Int, width: Int, sharingWith partner: Activations? = nil) {
            // Half of the size padded to a multiple of 2 to the number of levels.
            let multiple = network.coarsest
            let rows = (height + multiple - 1) / multiple * multiple / 2
            let columns = (width + multiple - 1) / multiple * multiple / 2
            func layout(blocks: Int, level: Int) -> BlockedTensor.Layout {
                BlockedTensor.Layout(
                    blocks: blocks, height: rows >> level, width: columns >> level, lanes: network.lanes, reach: 1)
            }
            let kept = network.layers.filter(\.isKept).map { layout(blocks: $0.blocks, level: $0.level) }
            let passing = (0..<network.levels).map { level in
                let blocks = network.layers.filter { !$0.isKept && $0.level == level }.map(\.blocks)
                return layout(blocks: blocks.max() ?? 1, level: level)
            }
            func size(_ layouts: [BlockedTensor.Layout]) -> Int { layouts.reduce(0) { $0 + $1.byteCount } }
            let known = partner.flatMap { $0.passingPlace.bytes.count >= size(passing) ? $0.passingPlace : nil }
            memory = MapMemory(byteCount: size(kept) + (known == nil ? size(passing) : 0))
            passingPlace = known ?? PassingPlace(in: memory, size(kept)..<size(kept) + size(passing))
            self.kept = BlockedTensor.tensors(kept, in: memory, from: 0)
            self.passing = BlockedTensor.tensors(passing, in: passingPlace.memory, from: passingPlace.bytes.lowerBound)
            var next = 0
            maps = network.layers.map { [kept = self.kept, passing = self.passing] layer in
                guard layer.isKept else { return passing[layer.level][0..<layer.blocks] }
                defer { next += 1 }
                return kept[next].view
            }
            stale = zip(network.layers, maps).map { layer, map in
                layer.isKept ? StaleMap(height: map.height, width: map.width) : nil
            }
        }

        /// After others had the memory: all that is no pixel is zero again.
        func clearMargins() {
            for tensor in kept { tensor.clearMargin() }
            passingPlace.user = nil
        }

        /// Before a forward: other networks may have had the place of what is not kept.
        fileprivate func takeTurn() {
            guard passingPlace.user != ObjectIdentifier(self) else { return }
            for tensor in passing { tensor.clearMargin() }
            passingPlace.user = ObjectIdentifier(self)
        }

        /// Notes that some of a map has changed and that what is needed of it is brought up to date.
        /// - Returns: what has to be computed for that; nothing for maps that are not kept.
        fileprivate func bringUpToDate(_ index: Int, changed: Region, needed: Region) -> Region {
            stale[index]?.insert(changed)
            return stale[index]?.take(needed) ?? Region(height: changed.height, width: changed.width)
        }
    }

    private var lanes: Int {
        guard case .convolution(let convolution)? = layers.last?.work else {
            preconditionFailure("a network that does not end with a convolution")
        }
        return convolution.kernels.lanes
    }
}
