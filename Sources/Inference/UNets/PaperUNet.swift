import PixelKernels

/// The paper's two U-Nets: "UNet_simple" of CCDNet and "UNet_flow" of SuperSlomo.
///
/// in: double convolution; down: average pool, double convolution; up: upsampling to twice the size, concatenation
/// (skip, up), double convolution; out: convolution 1x1. They differ in widths, in kernel sizes and in the upsampling.
struct PaperUNet: Sendable {
    private let inc: DoubleConvolution
    private let down: [DoubleConvolution]
    /// Transposed convolutions, from the coarsest level up; none: bilinear.
    private let up: [TransposedConvolution]
    private let fuse: [DoubleConvolution]
    private let outc: Convolution

    init(
        _ configuration: UNetConfiguration, weights: ModelWeights, prefix: String, kernels: Kernels
    ) throws(ModelError) {
        let widths: [Int]
        let fused: [Int]
        let sizes: [Int]
        let transposed: Bool
        switch configuration.architecture {
        case .simple(let ch):
            (widths, fused) = ([ch, 2 * ch, 4 * ch, 8 * ch, 8 * ch], [4 * ch, 2 * ch, ch, ch])
            (sizes, transposed) = ([3, 3, 3, 3, 3], true)
        case .flow(let ch):
            (widths, fused) = ([ch, 2 * ch, 4 * ch, 8 * ch, 16 * ch, 16 * ch], [16 * ch, 8 * ch, 4 * ch, 2 * ch, ch])
            (sizes, transposed) = ([7, 5, 3, 3, 3, 3], false)
        case .shuffle: preconditionFailure("not a U-Net of the paper")
        }
        // Indices in PyTorch's Sequential, where a BatchNorm stood after each convolution of CCDNet.
        let indices = transposed ? (0, 3) : (0, 2)
        func double(
            _ name: String, _ inputs: [Int], _ outputs: Int, _ size: Int
        ) throws(ModelError) -> DoubleConvolution {
            try DoubleConvolution(
                inputs: inputs, outputs: outputs, size: size, slope: configuration.slope, weights: weights,
                name: prefix + name, indices: indices, kernels: kernels)
        }
        inc = try double("inc", [configuration.inputs], widths[0], sizes[0])
        var down: [DoubleConvolution] = []
        for level in 1..<widths.count {
            down.append(try double("down.\(level - 1)", [widths[level - 1]], widths[level], sizes[level]))
        }
        var up: [TransposedConvolution] = []
        var fuse: [DoubleConvolution] = []
        var current = widths[widths.count - 1]
        for (index, (skip, output)) in zip(widths.dropLast().reversed(), fused).enumerated() {
            if transposed {
                up.append(
                    try TransposedConvolution(
                        inputs: current, outputs: current, weights: weights, name: "\(prefix)up.\(index)",
                        kernels: kernels))
            }
            fuse.append(try double("fuse.\(index)", [skip, current], output, 3))
            current = output
        }
        (self.down, self.up, self.fuse) = (down, up, fuse)
        outc = try Convolution(
            inputs: [current], outputs: configuration.outputs, size: 1, slope: 1, weights: weights,
            name: "\(prefix)outc", kernels: kernels)
    }

    /// - Parameter needed: what is written of the output.
    func forward(
        _ input: TensorView, _ activations: Activations, into output: TensorView, needed: Region, _ execution: Execution
    ) {
        let levels = activations.levels
        Resampling.load(input, into: levels[0].pooled, execution)
        inc(levels[0].pooled, hidden: levels[0].hidden, into: levels[0].skip, execution)
        for index in down.indices {
            let (finer, level) = (levels[index], levels[index + 1])
            FusedInput.pooled(finer.skip).make(in: level.pooled, execution)
            down[index](level.pooled, hidden: level.hidden, into: level.skip, execution)
        }
        var current = levels[down.count].fused
        for index in fuse.indices {
            let level = levels[down.count - 1 - index]
            if up.isEmpty {
                Resampling.upsampleBilinear(current, into: level.upsampled, execution)
            } else {
                up[index](current, into: level.upsampled, execution)
            }
            fuse[index](level.joined, hidden: level.fuseHidden, into: level.fused, execution)
            current = level.fused
        }
        outc(current, into: activations.result.view, execution)
        Resampling.store(activations.result.view, into: output, at: needed.patches, execution)
    }

    func scratchNeed(for layouts: [LevelLayouts], workers: Int) -> ScratchSize {
        let finest = layouts[0].joined
        var need = outc.scratchNeed(height: finest.height, width: finest.width, workers: workers)
        for (encoder, level) in zip([inc] + down, layouts) {
            need.formUnion(encoder.scratchNeed(for: level.pooled, workers: workers))
        }
        for (fuse, level) in zip(fuse, layouts.dropLast().reversed()) {
            need.formUnion(fuse.scratchNeed(for: level.joined, workers: workers))
        }
        for (index, up) in up.enumerated() {
            need.formUnion(up.scratchNeed(width: layouts[down.count - index].joined.width))
        }
        return need
    }

    /// The layouts of one resolution's maps; see `Activations.Level`.
    struct LevelLayouts {
        let pooled: BlockedTensor.Layout
        /// `skip` and `upsampled`.
        let joined: BlockedTensor.Layout
        /// `hidden` and `fuseHidden`.
        let hidden: BlockedTensor.Layout
        /// nil for the coarsest level, whose is `joined`.
        let fused: BlockedTensor.Layout?
    }

    /// The layouts of all maps but the last, the finest level first.
    /// - Parameters: of the network's input, in pixels.
    func layouts(height: Int, width: Int) -> [LevelLayouts] {
        let (height, width) = padded(height: height, width: width)
        let encoders = [inc] + down
        return encoders.indices.map { index in
            let fuse = index == encoders.count - 1 ? nil : fuse[fuse.count - 1 - index]
            let reach = max(encoders[index].first.size, fuse?.first.size ?? 1) / 2
            func layout(_ channelBlocks: Int) -> BlockedTensor.Layout {
                BlockedTensor.Layout(
                    channelBlocks: channelBlocks, height: height >> index, width: width >> index,
                    lanes: outc.kernels.lanes, reach: reach)
            }
            let skip = encoders[index].second.outputChannelBlocks
            let fused = fuse?.second.outputChannelBlocks
            return LevelLayouts(
                pooled: layout(encoders[index].first.inputChannelBlocks),
                joined: layout(fuse?.first.inputChannelBlocks ?? skip), hidden: layout(max(skip, fused ?? skip)),
                fused: fused.map(layout))
        }
    }

    /// The last map's layout.
    func resultLayout(height: Int, width: Int) -> BlockedTensor.Layout {
        let (height, width) = padded(height: height, width: width)
        return BlockedTensor.Layout(
            channelBlocks: outc.outputChannelBlocks, height: height, width: width, lanes: outc.kernels.lanes, reach: 0)
    }

    private func padded(height: Int, width: Int) -> (height: Int, width: Int) {
        let least = 1 << down.count
        return (max(height, least), max(width, least))
    }

    /// Bytes of all maps.
    func mapBytes(height: Int, width: Int) -> Int {
        layouts(height: height, width: width).reduce(resultLayout(height: height, width: width).byteCount) {
            $0 + $1.pooled.byteCount + $1.joined.byteCount + $1.hidden.byteCount + ($1.fused?.byteCount ?? 0)
        }
    }
}

extension PaperUNet {
    /// Every map of one forward pass.
    struct Activations {
        let levels: [Level]
        let layouts: [LevelLayouts]
        /// The last convolution's output.
        let result: BlockedTensor

        /// The maps of one resolution, the finest first.
        ///
        /// `upsampled` may be larger than twice the coarser map by a row and a column: PyTorch's padding puts floor(1 / 2)
        /// = 0 of them to the left and above. Nothing ever writes them, so they stay zero.
        struct Level {
            /// The finer level's skip map at half its size; of the finest level: the network's input, continued by its
            /// edge to the least size that survives all poolings.
            let pooled: BlockedView
            let hidden: BlockedView
            let skip: BlockedView
            /// Behind `skip` in the same tensor, `joined`: the concatenation. Of the coarsest level: not used.
            let upsampled: BlockedView
            let joined: BlockedView
            let fuseHidden: BlockedView
            /// The level's result; of the coarsest level: `skip`.
            let fused: BlockedView
        }

        /// - Parameters: of the network's input, in pixels.
        init(_ network: PaperUNet, height: Int, width: Int) {
            let encoders = [network.inc] + network.down
            layouts = network.layouts(height: height, width: width)
            levels = layouts.enumerated().map { index, layouts in
                let coarsest = index == encoders.count - 1
                let skip = encoders[index].second.outputChannelBlocks
                let joined = BlockedTensor(layouts.joined)
                let hidden = BlockedTensor(layouts.hidden)
                let fused = layouts.fused.map { BlockedTensor($0) }
                return Level(
                    pooled: BlockedTensor(layouts.pooled).view, hidden: hidden[0..<skip], skip: joined[0..<skip],
                    upsampled: coarsest ? joined.view : joined[skip..<joined.channelBlocks], joined: joined.view,
                    fuseHidden: hidden[0..<(fused?.channelBlocks ?? skip)], fused: fused?.view ?? joined.view)
            }
            result = BlockedTensor(network.resultLayout(height: height, width: width))
        }
    }
}
