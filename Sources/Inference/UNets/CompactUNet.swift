import PixelKernels

/// A small U-Net at half resolution behind a pixel unshuffle, with additive skips: the `live` networks.
///
/// The input is padded right and bottom, repeating its edge, to a multiple of 2 to the number of widths; the output is
/// cropped. Both happen in the pixel (un)shuffle.
struct CompactUNet: Sendable {
    /// In the order in which they run. The last one's output is the network's, four channels for each.
    let layers: [Layer]
    /// Resolutions, the finest (half the picture's) first.
    private let levels: Int

    /// A convolution and the map that it makes.
    struct Layer: Sendable {
        /// The layer's input: layers' maps, or maps that are made from them meanwhile.
        enum Source: Sendable {
            case picture
            case map(Int)
            /// At half its size.
            case pooled(Int)
            /// The first at twice its size plus the second.
            case merged(Int, plus: Int)
        }

        let convolution: Convolution
        let source: Source
        /// Of its map.
        let level: Int
    }

    init(
        _ configuration: UNetConfiguration, widths: [Int], weights: ModelWeights, prefix: String, kernels: Kernels
    ) throws(ModelError) {
        var layers: [Layer] = []
        func convolve(
            _ source: Layer.Source, level: Int, _ name: String, _ inputs: Int, _ outputs: Int, size: Int = 3,
            activated: Bool = true
        ) throws(ModelError) -> Int {
            let convolution = try Convolution(
                inputs: [inputs], outputs: outputs, size: size, slope: activated ? configuration.slope : 1,
                weights: weights, name: prefix + name, kernels: kernels)
            layers.append(Layer(convolution: convolution, source: source, level: level))
            return layers.count - 1
        }
        var last = try convolve(.picture, level: 0, "stem.0", 4 * configuration.inputs, widths[0])
        last = try convolve(.map(last), level: 0, "stem.1", widths[0], widths[0])
        /// Each level's map on the way down.
        var skips = [last]
        let steps = Array(zip(widths, widths.dropFirst()).enumerated())
        for (index, (finer, coarser)) in steps {
            last = try convolve(.pooled(last), level: index + 1, "down.\(index).0", finer, coarser)
            last = try convolve(.map(last), level: index + 1, "down.\(index).1", coarser, coarser)
            skips.append(last)
        }
        for (index, (level, (finer, coarser))) in steps.reversed().enumerated() {
            last = try convolve(
                .map(last), level: level + 1, "lateral.\(index)", coarser, finer, size: 1, activated: false)
            last = try convolve(.merged(last, plus: skips[level]), level: level, "up.\(index)", finer, finer)
        }
        _ = try convolve(.map(last), level: 0, "outc", widths[0], 4 * configuration.outputs, activated: false)
        self.layers = layers
        levels = widths.count
    }

    /// Pixels of a cell of the coarsest map, a side.
    private var coarsest: Int { 1 << levels }

    /// Brings up to date what is needed of the output, and of the maps what that depends on: each layer computes what is
    /// needed of its map and follows from what has changed since it was last needed.
    /// - Parameters:
    ///   - changed: of the input, since the last forward with these activations.
    ///   - needed: what is written of the output, in whole squares of 2 x 2.
    func forward(
        _ input: TensorView, _ activations: Activations, into output: TensorView, changed: Region, needed: Region,
        _ execution: Execution
    ) {
        let maps = activations.maps
        activations.find(self, changed: changed, needed: needed)
        for index in layers.indices {
            let convolution = layers[index].convolution
            let region = activations.bringUpToDate(index)
            if region.isEmpty { continue }
            if let whole = activations.wholes[index] {
                run(index, of: maps, input, (whole, activations.read(index, convolution)), at: region, execution)
            } else {
                run(index, of: maps, input, nil, at: region, execution)
            }
        }
        let last = maps.count - 1
        Resampling.store(maps[last], scale: 2, into: output, at: activations.needs[last].patches, execution)
    }

    /// Computes a part of a layer's map.
    /// - Parameters:
    ///   - input: of the network, or some of its rows; the first layer reads it.
    ///   - row: of the maps of the first level, that the input begins with.
    ///   - whole: a map for the layer's input, and what is read of it; nil: it is made in row batches.
    func run(
        _ index: Int, of maps: [BlockedView], _ input: TensorView?, from row: Int = 0,
        _ whole: (map: BlockedView, read: Region)?, at region: Region, _ execution: Execution
    ) {
        let (layer, map) = (layers[index], maps[index])
        let (convolution, lanes) = (layer.convolution, layer.convolution.kernels.lanes)
        let made: FusedInput
        switch layer.source {
        case .map(let source): return convolution(maps[source], into: map, at: region, execution)
        case .picture:
            guard let input else { preconditionFailure("a network without an input") }
            made = .unshuffled(input, from: row, height: map.height, width: map.width, lanes: lanes)
        case .pooled(let source): made = .pooled(maps[source])
        case .merged(let coarse, let fine): made = .merged(maps[coarse], plus: maps[fine])
        }
        guard let whole else { return convolution(made, into: map, at: region, execution) }
        made.make(in: whole.map, at: whole.read, execution)
        convolution(whole.map, into: map, at: region, execution)
    }

    /// Finds what a part of the output depends on, of every layer's map.
    /// - Parameters:
    ///   - output: of the network.
    ///   - maps: their regions, which are empty.
    ///   - inBlocks: whether all is needed of a Winograd block of which some is.
    func findNeeds(of output: Region, of maps: inout [Region], inBlocks: Bool = false) {
        maps[maps.count - 1].formUnion(output, shrunkBy: 2)
        var index = layers.count
        while index > 0 {
            index -= 1
            if inBlocks { maps[index] = maps[index].inSquares(of: 4) }
            let (layer, need) = (layers[index], maps[index])
            let reach = layer.convolution.size / 2
            switch layer.source {
            case .picture: break
            case .map(let source): maps[source].formUnion(need) { $0.grown(by: reach) }
            case .pooled(let source): maps[source].formUnion(need) { $0.grown(by: reach).enlarged(by: 2) }
            case .merged(let coarse, let fine):
                maps[coarse].formUnion(need) { $0.grown(by: reach).shrunk(by: 2) }
                maps[fine].formUnion(need) { $0.grown(by: reach) }
            }
        }
    }

    func scratchNeed(for layouts: MapLayouts, workers: Int) -> ScratchSize {
        var need = ScratchSize()
        for (index, layer) in layers.enumerated() {
            let (map, convolution) = (layouts.maps[index], layer.convolution)
            if layouts.wholes[index] == nil, !layer.readsMap {
                need.formUnion(convolution.rowBatchScratch(height: map.height, width: map.width, workers: workers))
            } else {
                need.formUnion(convolution.scratchNeed(height: map.height, width: map.width, workers: workers))
            }
        }
        return need
    }
}

extension CompactUNet.Layer {
    /// Whether it reads a layer's map as it is.
    fileprivate var readsMap: Bool {
        if case .map = source { true } else { false }
    }
}

extension CompactUNet {
    /// The layouts of every layer's map, and of the inputs that are made from other maps as a whole, not in row batches.
    struct MapLayouts: Sendable {
        let maps: [BlockedTensor.Layout]
        /// nil for layers without one.
        let wholes: [BlockedTensor.Layout?]

        /// Bytes of all maps side by side.
        var byteCount: Int { (maps + wholes.compactMap(\.self)).reduce(0) { $0 + $1.byteCount } }
    }

    /// - Parameters:
    ///   - height, width: of the network's input, in pixels.
    ///   - windows: rows of each map that are in memory at once; nil: all.
    func layouts(height: Int, width: Int, windows: [Int]? = nil) -> MapLayouts {
        // Half of the size padded to a multiple of 2 to the number of levels.
        let rows = (height + coarsest - 1) / coarsest * coarsest / 2
        let columns = (width + coarsest - 1) / coarsest * coarsest / 2
        func layout(_ layer: Layer, channelBlocks: Int, window: Int?) -> BlockedTensor.Layout {
            BlockedTensor.Layout(
                channelBlocks: channelBlocks, height: rows >> layer.level, width: columns >> layer.level,
                lanes: layer.convolution.kernels.lanes, reach: 1, window: window)
        }
        return MapLayouts(
            maps: layers.enumerated().map {
                layout($1, channelBlocks: $1.convolution.outputChannelBlocks, window: windows?[$0])
            },
            wholes: layers.enumerated().map { index, layer in
                let (convolution, level) = (layer.convolution, layer.level)
                let isWhole =
                    !layer.readsMap
                    && !convolution.readsRowBatches(height: rows >> level, width: columns >> level)
                // A convolution reads a row above and below the blocks that it makes.
                return isWhole
                    ? layout(
                        layer, channelBlocks: convolution.inputChannelBlocks, window: windows.map { $0[index] + 8 })
                    : nil
            })
    }

    /// Every layer's map: each its own, so that a part of one can follow from parts of others.
    final class Activations {
        let maps: [BlockedView]
        /// The inputs that are made from other maps as a whole, not in row batches; nil for layers without one.
        fileprivate let wholes: [BlockedView?]
        /// The work on each map.
        fileprivate var parts: [Part]
        /// The needed part of the output depends on these of each map.
        fileprivate var needs: [Region]
        private let tensors: [BlockedTensor]
        let memory: HugePageBuffer
        let layouts: MapLayouts

        /// - Parameters:
        ///   - height, width: of the network's input, in pixels.
        init(_ network: CompactUNet, height: Int, width: Int) {
            layouts = network.layouts(height: height, width: width)
            memory = HugePageBuffer(byteCount: layouts.byteCount)
            tensors = BlockedTensor.tensors(layouts.maps + layouts.wholes.compactMap(\.self), in: memory)
            maps = tensors.prefix(layouts.maps.count).map(\.view)
            var rest = tensors.dropFirst(layouts.maps.count)
            wholes = layouts.wholes.map { $0 == nil ? nil : rest.popFirst()?.view }
            parts = maps.map { Part(height: $0.height, width: $0.width) }
            needs = maps.map { Region(height: $0.height, width: $0.width) }
        }

        /// The regions of a map that are needed and that have changed. All are made once and filled anew for every forward.
        fileprivate struct Part {
            /// Depends on the region of the input that has changed.
            var changed: Region
            /// Is computed for what is needed.
            private(set) var update: Region
            /// Is read for that, if the map is made from another whole one.
            private(set) var read: Region
            /// Does not belong to the last forward's input: is out of date.
            private var stale: DirtyMask

            init(height: Int, width: Int) {
                // Copies of one would have no memory of their own.
                func region() -> Region { Region(height: height, width: width) }
                (changed, update, read) = (region(), region(), region())
                stale = DirtyMask(height: height, width: width)
            }

            mutating func bringUpToDate(_ needed: Region) {
                stale.insert(changed)
                stale.take(needed, into: &update)
            }

            mutating func findRead(reach: Int) {
                read.removeAll()
                read.insertAllRead(for: update, reach: reach)
            }
        }

        /// After others had the memory: all that is no pixel is zero again.
        func clearMargins() {
            for tensor in tensors { tensor.clearMargin() }
        }

        /// Finds what is needed of each map and what has changed of it.
        /// - Parameters: of the network's output and of its input.
        fileprivate func find(_ network: CompactUNet, changed: Region, needed: Region) {
            for index in parts.indices {
                needs[index].removeAll()
                parts[index].changed.removeAll()
            }
            network.findNeeds(of: needed, of: &needs)
            for index in parts.indices {
                let layer = network.layers[index]
                let reach = layer.convolution.size / 2
                switch layer.source {
                case .picture: parts[index].changed.formUnion(changed, shrunkBy: 2, grownBy: reach)
                case .map(let source): parts[index].changed.formUnion(parts[source].changed) { $0.grown(by: reach) }
                case .pooled(let source):
                    parts[index].changed.formUnion(parts[source].changed, shrunkBy: 2, grownBy: reach)
                case .merged(let coarse, let fine):
                    parts[index].changed.formUnion(parts[coarse].changed) { $0.enlarged(by: 2).grown(by: reach) }
                    parts[index].changed.formUnion(parts[fine].changed) { $0.grown(by: reach) }
                }
            }
        }

        /// Notes that what is needed of a map is brought up to date.
        /// - Returns: what has to be computed for that.
        fileprivate func bringUpToDate(_ index: Int) -> Region {
            parts[index].bringUpToDate(needs[index])
            return parts[index].update
        }

        /// The region that a layer reads, for its update, of a map that is made for it as a whole.
        fileprivate func read(_ index: Int, _ convolution: Convolution) -> Region {
            parts[index].findRead(reach: convolution.size / 2)
            return parts[index].read
        }
    }
}

extension Region {
    /// Adds all that the Winograd blocks read that a region touches, also for pixels that do not lie in it.
    mutating func insertAllRead(for update: Region, reach: Int) {
        for row in 0..<WinogradBlocks.count(over: height) {
            let columns = update.winogradBlocks(inRow: row)
            if columns.isEmpty { continue }
            let blocks = Patch(rows: row..<row + 1, columns: columns).enlarged(by: 4).grown(by: reach)
            insert(rows: blocks.rows, columns: blocks.columns)
        }
    }
}
