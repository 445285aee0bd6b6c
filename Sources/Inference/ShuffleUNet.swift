/// A small U-Net at half resolution behind a pixel unshuffle, with additive skips: the `live` networks.
///
/// The input is padded right and bottom, repeating its edge, to a multiple of 2 to the number of widths; the output is
/// cropped. Both happen in the pixel (un)shuffle.
struct ShuffleUNet: Sendable {
    private let stem: [Convolution]
    private let down: [[Convolution]]
    private let lateral: [Convolution]
    private let up: [Convolution]
    private let outc: Convolution

    init(
        _ configuration: UNetConfiguration, widths: [Int], weights: ModelWeights, prefix: String, kernels: Kernels
    ) throws(ModelError) {
        func convolution(
            _ name: String, _ inputs: Int, _ outputs: Int, size: Int = 3, activated: Bool = true
        ) throws(ModelError) -> Convolution {
            try Convolution(
                inputs: [inputs], outputs: outputs, size: size, slope: activated ? configuration.slope : 1,
                weights: weights, name: prefix + name, kernels: kernels)
        }
        let steps = Array(zip(widths, widths.dropFirst()))
        stem = [
            try convolution("stem.0", 4 * configuration.inputs, widths[0]),
            try convolution("stem.1", widths[0], widths[0]),
        ]
        var (down, lateral, up): ([[Convolution]], [Convolution], [Convolution]) = ([], [], [])
        for (index, (finer, coarser)) in steps.enumerated() {
            down.append([
                try convolution("down.\(index).0", finer, coarser),
                try convolution("down.\(index).1", coarser, coarser),
            ])
        }
        for (index, (finer, coarser)) in steps.reversed().enumerated() {
            lateral.append(try convolution("lateral.\(index)", coarser, finer, size: 1, activated: false))
            up.append(try convolution("up.\(index)", finer, finer))
        }
        (self.down, self.lateral, self.up) = (down, lateral, up)
        outc = try convolution("outc", widths[0], 4 * configuration.outputs, activated: false)
    }

    /// Pixels of a cell of the coarsest map, a side.
    private var coarsest: Int { 2 << down.count }
    /// Pixels between two places that lie the same to all maps' Winograd tiles.
    var alignment: Int { 4 * coarsest }
    /// How many pixels away one may be that an output depends on, at most.
    var reach: Int {
        // Two convolutions a level down, one up, the last one; and the cells that they begin and end in.
        let down = (0...down.count).reduce(0) { $0 + 2 * (2 << $1) }
        let up = (0..<self.down.count).reduce(0) { $0 + (2 << $1) }
        return down + up + 2 + 2 * coarsest
    }

    /// - Parameter changed: of the input, since the last forward with these activations.
    /// - Returns: what may have changed of the output.
    func forward(
        _ input: TensorView, _ activations: Activations, into output: TensorView, changed: Region,
        _ execution: Execution
    ) -> Region {
        let levels = activations.levels
        /// What has changed of the levels' `skip` maps.
        var skips: [Region] = []
        var region = Resampling.load(input, scale: 2, into: levels[0].input.view, changed: changed, execution)
        for (index, pair) in ([stem] + down).enumerated() {
            let level = levels[index]
            if index > 0 {
                region = Resampling.averagePool(
                    levels[index - 1].skip.view, into: level.input.view, changed: region, execution)
            }
            region = pair[0](level.input.view, into: level.hidden.view, changed: region, execution)
            region = pair[1](level.hidden.view, into: level.skip.view, changed: region, execution)
            skips.append(region)
        }
        var current = levels[down.count].skip
        for (index, (lateral, up)) in zip(lateral, up).enumerated() {
            let finer = down.count - 1 - index
            let (level, coarser) = (levels[finer], levels[finer + 1])
            region = lateral(current.view, into: coarser.lateral.view, changed: region, execution)
            region = Resampling.upsampleNearest(
                coarser.lateral.view, plus: level.skip.view, into: level.sum.view, changed: (region, skips[finer]),
                execution)
            region = up(level.sum.view, into: level.result.view, changed: region, execution)
            current = level.result
        }
        region = outc(current.view, into: activations.shuffled.view, changed: region, execution)
        return Resampling.store(activations.shuffled.view, scale: 2, into: output, changed: region, execution)
    }

    func scratchNeed(for activations: Activations, workers: Int) -> ScratchNeed {
        var need = ScratchNeed()
        func add(_ convolution: Convolution, _ input: BlockedTensor) {
            need.formUnion(convolution.scratchNeed(height: input.height, width: input.width, workers: workers))
        }
        let levels = activations.levels
        add(outc, levels[0].result)
        for (level, pair) in zip(levels, [stem] + down) {
            add(pair[0], level.input)
            add(pair[1], level.hidden)
        }
        for (index, (lateral, up)) in zip(lateral, up).enumerated() {
            add(lateral, levels[down.count - index].skip)
            add(up, levels[down.count - 1 - index].sum)
        }
        return need
    }
}

extension ShuffleUNet {
    /// Every map of one forward pass, each its own, so that a part of one can follow from parts of others.
    struct Activations {
        let levels: [Level]
        /// The last convolution's output, four channels for each of the network's.
        let shuffled: BlockedTensor

        /// The maps of one resolution, the finest (half the picture's) first.
        struct Level {
            /// The unshuffled picture, or the finer level's skip map at half its size.
            let input: BlockedTensor
            let hidden: BlockedTensor
            let skip: BlockedTensor
            /// What goes up to the finer level, with its width; of the finest level: not used.
            let lateral: BlockedTensor
            /// `skip` and what comes up from the coarser level; of the coarsest level: not used.
            let sum: BlockedTensor
            /// The level's result; of the coarsest level: `skip`.
            let result: BlockedTensor
        }

        /// - Parameters: of the network's input, in pixels.
        init(_ network: ShuffleUNet, height: Int, width: Int) {
            let pairs = [network.stem] + network.down
            // Half of the size padded to a multiple of 2 to the number of levels.
            let multiple = 1 << pairs.count
            let rows = (height + multiple - 1) / multiple * multiple / 2
            let columns = (width + multiple - 1) / multiple * multiple / 2
            func tensor(_ blocks: Int, _ level: Int) -> BlockedTensor {
                BlockedTensor(
                    blocks: blocks, height: rows >> level, width: columns >> level,
                    lanes: network.outc.kernels.lanes, reach: 1)
            }
            levels = pairs.indices.map { index in
                let (inputs, outputs) = (pairs[index][0].inputBlocks, pairs[index][1].outputBlocks)
                let (input, skip) = (tensor(inputs, index), tensor(outputs, index))
                let isCoarsest = index == pairs.count - 1
                return Level(
                    input: input, hidden: tensor(outputs, index), skip: skip,
                    lateral: index == 0 ? input : tensor(inputs, index),
                    sum: isCoarsest ? skip : tensor(outputs, index), result: isCoarsest ? skip : tensor(outputs, index))
            }
            shuffled = tensor(network.outc.outputBlocks, 0)
        }
    }
}
