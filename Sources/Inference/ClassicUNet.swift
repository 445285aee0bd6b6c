/// The paper's two U-Nets: "UNet_simple" of CCDNet and "UNet_flow" of SuperSlomo.
///
/// in: double convolution; down: average pool, double convolution; up: upsampling to twice the size, concatenation
/// (skip, up), double convolution; out: convolution 1x1. They differ in widths, in kernel sizes and in the upsampling.
struct ClassicUNet: Sendable {
    private let inc: DoubleConvolution
    private let down: [DoubleConvolution]
    /// Transposed convolutions, from the coarsest level up; none: bilinear.
    private let up: [TransposedConvolution]
    private let fuse: [DoubleConvolution]
    private let outc: Convolution

    init(_ configuration: UNetConfiguration, weights: ModelWeights, prefix: String) throws(ModelError) {
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
            _ name: String, _ inputs: Int, _ outputs: Int, _ size: Int
        ) throws(ModelError) -> DoubleConvolution {
            try DoubleConvolution(
                inputs: inputs, outputs: outputs, size: size, slope: configuration.slope, weights: weights,
                name: prefix + name, indices: indices)
        }
        inc = try double("inc", configuration.inputs, widths[0], sizes[0])
        var down: [DoubleConvolution] = []
        for level in 1..<widths.count {
            down.append(try double("down.\(level - 1)", widths[level - 1], widths[level], sizes[level]))
        }
        var up: [TransposedConvolution] = []
        var fuse: [DoubleConvolution] = []
        var current = widths[widths.count - 1]
        for (index, (skip, output)) in zip(widths.dropLast().reversed(), fused).enumerated() {
            if transposed {
                up.append(
                    try TransposedConvolution(
                        inputs: current, outputs: current, weights: weights, name: "\(prefix)up.\(index)"))
            }
            fuse.append(try double("fuse.\(index)", skip + current, output, 3))
            current = output
        }
        (self.down, self.up, self.fuse) = (down, up, fuse)
        outc = try Convolution(
            inputs: current, outputs: configuration.outputs, size: 1, slope: 1, weights: weights, name: "\(prefix)outc")
    }

    func forward(_ activations: Activations, _ execution: Execution) {
        activations.padInput()
        let levels = activations.levels
        inc(activations.input.view, hidden: levels[0].hidden, into: levels[0].skip, execution)
        for (index, down) in down.enumerated() {
            let (finer, level) = (levels[index], levels[index + 1])
            Resampling.averagePool(finer.skip, into: level.pooled, execution)
            down(level.pooled, hidden: level.hidden, into: level.skip, execution)
        }
        var current = levels[down.count].fused
        for (index, fuse) in fuse.enumerated() {
            let level = levels[down.count - 1 - index]
            if up.isEmpty {
                Resampling.upsampleBilinear(current, into: level.upsampled, execution)
            } else {
                up[index](current, into: level.upsampled, execution)
            }
            fuse(level.joined, hidden: level.fuseHidden, into: level.fused, execution)
            current = level.fused
        }
        outc(current, into: activations.output.view, execution)
        activations.cropOutput()
    }

    func scratchNeed(for activations: Activations) -> ScratchNeed {
        let levels = activations.levels
        var need = inc.scratchNeed(for: activations.input.shape)
        for (down, level) in zip(down, levels.dropFirst()) { need.formUnion(down.scratchNeed(for: level.pooled.shape)) }
        for (fuse, level) in zip(fuse, levels.dropLast().reversed()) {
            need.formUnion(fuse.scratchNeed(for: level.joined.shape))
        }
        for (index, up) in up.enumerated() {
            need.formUnion(up.scratchNeed(for: levels[down.count - index].fused.shape))
        }
        return need
    }
}

extension ClassicUNet {
    /// Every map of one forward pass.
    struct Activations {
        /// The state's, or copies padded to the least size that survives all poolings.
        let input: Tensor
        let output: Tensor
        let levels: [Level]
        private let outerInput: Tensor
        private let outerOutput: Tensor

        /// The maps of one resolution, the finest first.
        ///
        /// `upsampled` may be larger than twice the coarser map by a row and a column: PyTorch's padding puts floor(1 / 2)
        /// = 0 of them to the left and above. Nothing ever writes them, so they stay zero.
        struct Level {
            /// The finer level's skip map at half its size; of the finest level: not used.
            let pooled: TensorView
            let hidden: TensorView
            let skip: TensorView
            /// Behind `skip` in the same tensor, `joined`: the concatenation. Of the coarsest level: not used.
            let upsampled: TensorView
            let joined: TensorView
            let fuseHidden: TensorView
            /// The level's result; of the coarsest level: `skip`.
            let fused: TensorView
        }

        init(_ network: ClassicUNet, input: Tensor, output: Tensor) {
            let least = 1 << network.down.count
            let (height, width) = (max(input.shape.height, least), max(input.shape.width, least))
            let isLargeEnough = height == input.shape.height && width == input.shape.width
            (outerInput, outerOutput) = (input, output)
            let inner = isLargeEnough ? input : Tensor(input.shape.channels, height, width)
            self.input = inner
            self.output = isLargeEnough ? output : Tensor(output.shape.channels, height, width)

            let encoders = [network.inc] + network.down
            levels = encoders.indices.map { index in
                let (height, width) = (height >> index, width >> index)
                let skip = encoders[index].second.outputs
                let coarsest = index == encoders.count - 1
                let fuse = coarsest ? nil : network.fuse[network.fuse.count - 1 - index]
                let joined = Tensor(fuse?.first.inputs ?? skip, height, width)
                let fused = fuse?.second.outputs ?? skip
                let hidden = Tensor(max(skip, fused), height, width)
                return Level(
                    pooled: (index == 0 ? inner : Tensor(encoders[index].first.inputs, height, width)).view,
                    hidden: hidden[0..<skip], skip: joined[0..<skip],
                    upsampled: coarsest ? joined.view : joined[skip..<joined.shape.channels], joined: joined.view,
                    fuseHidden: hidden[0..<fused], fused: coarsest ? joined.view : Tensor(fused, height, width).view)
            }
        }

        /// Copies a small input to the upper left and continues it by its edge.
        func padInput() {
            guard input !== outerInput else { return }
            let (inner, outer) = (input.shape, outerInput.shape)
            for channel in 0..<inner.channels {
                let (source, target) = (outerInput[channel].pointer, input[channel].pointer)
                for y in 0..<inner.height {
                    for x in 0..<inner.width {
                        target[y * inner.width + x] =
                            source[min(y, outer.height - 1) * outer.width + min(x, outer.width - 1)]
                    }
                }
            }
        }

        /// Copies the upper left of the output of a padded input to the state's.
        func cropOutput() {
            guard output !== outerOutput else { return }
            let (inner, outer) = (output.shape, outerOutput.shape)
            for channel in 0..<outer.channels {
                let (source, target) = (output[channel].pointer, outerOutput[channel].pointer)
                for y in 0..<outer.height {
                    (target + y * outer.width).update(from: source + y * inner.width, count: outer.width)
                }
            }
        }
    }
}
