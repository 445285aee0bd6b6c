import PixelKernels

/// A small U-Net at half resolution behind a pixel unshuffle, with additive skips: the `live` networks.
///
/// The input is padded right and bottom, repeating its edge, to a multiple of 2 to the number of widths; the output is
/// cropped. Both happen in the pixel (un)shuffle.
struct CompactUNet: Sendable {
    /// In the order in which they run. The last one's output is the network's, four channels for each.
    fileprivate let layers: [Layer]
    /// Resolutions, the finest (half the picture's) first.
    private let levels: Int

    /// A convolution and the map that it makes.
    fileprivate struct Layer: Sendable {
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
    /// Pixels between two places that lie the same to all maps' Winograd blocks.
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
        let maps = activations.maps
        activations.find(self, changed: changed, needed: needed)
        for index in layers.indices {
            let (layer, map) = (layers[index], maps[index])
            let convolution = layer.convolution
            let region = activations.bringUpToDate(index)
            if region.isEmpty { continue }
            let made: FusedInput
            switch layer.source {
            case .map(let source):
                convolution(maps[source], into: map, at: region, execution)
                continue
            case .picture:
                made = .unshuffled(input, height: map.height, width: map.width, lanes: convolution.kernels.lanes)
            case .pooled(let source): made = .pooled(maps[source])
            case .merged(let coarse, let fine): made = .merged(maps[coarse], plus: maps[fine])
            }
            if let whole = activations.wholes[index] {
                made.make(in: whole, at: activations.read(index, convolution), execution)
                convolution(whole, into: map, at: region, execution)
            } else {
                convolution(made, into: map, at: region, execution)
            }
        }
        let last = maps.count - 1
        Resampling.store(maps[last], scale: 2, into: output, at: activations.parts[last].needed.patches, execution)
    }

    func scratchNeed(for activations: Activations, workers: Int) -> ScratchSize {
        var need = ScratchSize()
        for (index, layer) in layers.enumerated() {
            let (map, convolution) = (activations.maps[index], layer.convolution)
            if activations.wholes[index] == nil, !layer.readsMap {
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
    /// Every layer's map: each its own, so that a part of one can follow from parts of others.
    final class Activations {
        let maps: [BlockedView]
        /// The inputs that are made from other maps as a whole, not in row batches; nil for layers without one.
        fileprivate let wholes: [BlockedView?]
        /// The work on each map.
        fileprivate var parts: [Part]
        private let tensors: [BlockedTensor]
        let memory: HugePageBuffer

        /// - Parameters:
        ///   - height, width: of the network's input, in pixels.
        init(_ network: CompactUNet, height: Int, width: Int) {
            // Half of the size padded to a multiple of 2 to the number of levels.
            let multiple = network.coarsest
            let rows = (height + multiple - 1) / multiple * multiple / 2
            let columns = (width + multiple - 1) / multiple * multiple / 2
            func layout(_ layer: Layer, channelBlocks: Int) -> BlockedTensor.Layout {
                BlockedTensor.Layout(
                    channelBlocks: channelBlocks, height: rows >> layer.level, width: columns >> layer.level,
                    lanes: layer.convolution.kernels.lanes, reach: 1)
            }
            var layouts = network.layers.map { layout($0, channelBlocks: $0.convolution.outputChannelBlocks) }
            /// The index of the layer's whole input among all tensors.
            var places: [Int?] = []
            for layer in network.layers {
                let (height, width) = (rows >> layer.level, columns >> layer.level)
                let isWhole = !layer.readsMap && !layer.convolution.readsRowBatches(height: height, width: width)
                places.append(isWhole ? layouts.count : nil)
                if isWhole { layouts.append(layout(layer, channelBlocks: layer.convolution.inputChannelBlocks)) }
            }
            memory = HugePageBuffer(byteCount: layouts.reduce(0) { $0 + $1.byteCount })
            let tensors = BlockedTensor.tensors(layouts, in: memory)
            self.tensors = tensors
            maps = tensors.prefix(network.layers.count).map(\.view)
            wholes = places.map { $0.map { tensors[$0].view } }
            parts = maps.map { Part(height: $0.height, width: $0.width) }
        }

        /// The regions of a map that are needed and that have changed. All are made once and filled anew for every forward.
        fileprivate struct Part {
            /// Depends on the region of the input that has changed.
            var changed: Region
            /// The needed part of the output depends on this.
            var needed: Region
            /// Is computed for that.
            private(set) var update: Region
            /// Is read for that, if the map is made from another whole one.
            private(set) var read: Region
            /// Does not belong to the last forward's input: is out of date.
            private var stale: DirtyMask

            init(height: Int, width: Int) {
                // Copies of one would have no memory of their own.
                func region() -> Region { Region(height: height, width: width) }
                (changed, needed, update, read) = (region(), region(), region(), region())
                stale = DirtyMask(height: height, width: width)
            }

            mutating func bringUpToDate() {
                stale.insert(changed)
                stale.take(needed, into: &update)
            }

            /// All that the Winograd blocks read, also for pixels of theirs that are up to date.
            mutating func findRead(reach: Int) {
                read.removeAll()
                for row in 0..<WinogradBlocks.count(over: read.height) {
                    let columns = update.winogradBlocks(inRow: row)
                    if columns.isEmpty { continue }
                    let blocks = Region.Patch(rows: row..<row + 1, columns: columns).enlarged(by: 4).grown(by: reach)
                    read.insert(rows: blocks.rows, columns: blocks.columns)
                }
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
                parts[index].needed.removeAll()
                parts[index].changed.removeAll()
            }
            parts[parts.count - 1].needed.formUnion(needed, shrunkBy: 2)
            var index = parts.count
            while index > 0 {
                index -= 1
                let (layer, need) = (network.layers[index], parts[index].needed)
                let reach = layer.convolution.size / 2
                switch layer.source {
                case .picture: break
                case .map(let source): parts[source].needed.formUnion(need) { $0.grown(by: reach) }
                case .pooled(let source):
                    parts[source].needed.formUnion(need) { $0.grown(by: reach).enlarged(by: 2) }
                case .merged(let coarse, let fine):
                    parts[coarse].needed.formUnion(need) { $0.grown(by: reach).shrunk(by: 2) }
                    parts[fine].needed.formUnion(need) { $0.grown(by: reach) }
                }
            }
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
            parts[index].bringUpToDate()
            return parts[index].update
        }

        /// The region that a layer reads, for its update, of a map that is made for it as a whole.
        fileprivate func read(_ index: Int, _ convolution: Convolution) -> Region {
            parts[index].findRead(reach: convolution.size / 2)
            return parts[index].read
        }
    }
}
