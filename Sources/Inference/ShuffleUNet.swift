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

    func forward(_ input: TensorView, _ activations: Activations, into output: TensorView, _ execution: Execution) {
        let levels = activations.levels
        Resampling.pixelUnshuffle(input, into: levels[0].input.view, execution)
        stem[0](levels[0].input.view, into: levels[0].hidden.view, execution)
        stem[1](levels[0].hidden.view, into: levels[0].skip.view, execution)
        for (index, pair) in down.enumerated() {
            let (finer, level) = (levels[index], levels[index + 1])
            Resampling.averagePool(finer.skip.view, into: level.input.view, execution)
            pair[0](level.input.view, into: level.hidden.view, execution)
            pair[1](level.hidden.view, into: level.skip.view, execution)
        }
        // From here on a level's `hidden` holds its result, and `skip` the sum with the coarser level's.
        var current = levels[down.count].skip
        for (index, (lateral, up)) in zip(lateral, up).enumerated() {
            let (level, coarser) = (levels[down.count - 1 - index], levels[down.count - index])
            lateral(current.view, into: coarser.lateral.view, execution)
            Resampling.upsampleNearest(coarser.lateral.view, addingTo: level.skip.view, execution)
            up(level.skip.view, into: level.hidden.view, execution)
            current = level.hidden
        }
        outc(current.view, into: activations.shuffled.view, execution)
        Resampling.pixelShuffle(activations.shuffled.view, into: output, execution)
    }

    func scratchNeed(for activations: Activations, workers: Int) -> ScratchNeed {
        var need = ScratchNeed()
        func add(_ convolution: Convolution, _ input: BlockedTensor) {
            need.formUnion(convolution.scratchNeed(height: input.height, width: input.width, workers: workers))
        }
        let levels = activations.levels
        add(outc, levels[0].hidden)
        for (level, pair) in zip(levels, [stem] + down) {
            add(pair[0], level.input)
            add(pair[1], level.hidden)
        }
        for (index, (lateral, up)) in zip(lateral, up).enumerated() {
            add(lateral, levels[down.count - index].skip)
            add(up, levels[down.count - 1 - index].skip)
        }
        return need
    }
}

extension ShuffleUNet {
    /// Every map of one forward pass.
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
                let input = tensor(inputs, index)
                return Level(
                    input: input, hidden: tensor(outputs, index), skip: tensor(outputs, index),
                    lateral: index == 0 ? input : tensor(inputs, index))
            }
            shuffled = tensor(network.outc.outputBlocks, 0)
        }
    }
}
