import CKernels
import PixelKernels

/// A convolution with zero padding of half its size, its bias and its activation (BatchNorm is folded into it).
///
/// Winograd's F(4x4, 3x3) where it is worth it, else direct sums; the products are our own or OpenBLAS'. Weights are
/// brought into the products' order once, here. An output is summed in the same order however the work is shared out:
/// any number of threads gives the same bits.
struct Convolution: Sendable {
    let inputChannelBlocks: Int
    let outputs: Int
    /// Rows and columns of the weights, odd.
    let size: Int
    let stride: Int
    /// LeakyReLU's slope below zero: 0 is ReLU, 1 no activation.
    let slope: Float
    let kernels: Kernels
    let isWinograd: Bool
    let packed: PackedWeights
    /// Channel blocks of the output that are multiplied together, at most.
    let largestGroup: Int
    /// Channels in use of the last input channel block: all for OpenBLAS, whose matrices have no gaps.
    let lastLanes: Int

    /// Takes `name`.weight and `name`.bias.
    /// - Parameters:
    ///   - inputs: channels of each map in the concatenation that is the input; each map starts a channel block.
    /// - Throws: `ModelError` where one is missing or has another shape.
    init(
        inputs: [Int], outputs: Int, size: Int, stride: Int = 1, slope: Float, weights: ModelWeights, name: String,
        kernels: Kernels
    ) throws(ModelError) {
        let channels = inputs.reduce(0, +)
        let weight = try weights.take("\(name).weight", shape: [outputs, channels, size, size])
        let bias = try weights.take("\(name).bias", shape: [outputs])
        self.init(
            inputs: inputs, outputs: outputs, size: size, stride: stride, slope: slope, weight: weight,
            strides: (output: channels * size * size, input: size * size, first: 0), bias: bias, kernels: kernels)
    }

    /// - Parameters:
    ///   - weight: size * size taps for each pair of channels, the pairs `strides` apart.
    init(
        inputs: [Int], outputs: Int, size: Int, stride: Int, slope: Float, weight: [Float],
        strides: (output: Int, input: Int, first: Int), bias: [Float], kernels: Kernels
    ) {
        precondition(size % 2 == 1 && stride > 0, "a convolution of size \(size), stride \(stride)")
        let lanes = kernels.lanes
        var places: [Int32] = []
        var inputChannelBlocks = 0
        for channels in inputs {
            places += (0..<channels).map { Int32(inputChannelBlocks * lanes + $0) }
            inputChannelBlocks += (channels + lanes - 1) / lanes
        }
        // The kernels know strides of 1 and 2, which are those of the networks.
        let products = stride > 2 ? .openBLAS : kernels.products
        let channelBlocks = (outputs + lanes - 1) / lanes
        self.kernels = Kernels(kernels, products: products)
        self.inputChannelBlocks = inputChannelBlocks
        self.outputs = outputs
        self.size = size
        self.stride = stride
        self.slope = slope
        isWinograd = stride == 1 && size > 1 && places.count >= Self.leastWinogradInputs
        lastLanes = products == .own ? places.last.map { Int($0) % lanes + 1 } ?? lanes : lanes
        let groups = products == .own ? Self.groups(of: channelBlocks) : [0..<channelBlocks]
        largestGroup = groups.reduce(0) { max($0, $1.count) }
        packed = PackedWeights(
            weight,
            PackedWeights.Source(
                first: strides.first, output: strides.output, input: strides.input, outputs: outputs, size: size,
                places: places),
            bias: bias, winograd: isWinograd, kernels: kernels, inputChannelBlocks: inputChannelBlocks,
            lastLanes: lastLanes,
            groups: groups)
    }

    /// With fewer inputs the transforms of the outputs take longer than the products that they save.
    private static let leastWinogradInputs = 6

    /// Pairs of channel blocks, and the one or three that are left at the end: as many sums as registers hold, and few passes
    /// over the input.
    private static func groups(of channelBlocks: Int) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var first = 0
        while first < channelBlocks {
            let left = channelBlocks - first
            let count = left == 3 ? 3 : min(left, 2)
            groups.append(first..<first + count)
            first += count
        }
        return groups
    }

    /// Channel blocks of the output.
    var outputChannelBlocks: Int { packed.groups[packed.groups.count - 1].upperBound }

    /// Rows and columns of the output for so many of the input.
    func outputExtent(_ extent: Int) -> Int { (extent - 1) / stride + 1 }

    /// The scratch memory that inputs of this size need.
    func scratchNeed(height: Int, width: Int, workers: Int) -> ScratchSize {
        isWinograd
            ? winogradPlan(height: height, width: width, workers: workers).need
            : directNeed(width: outputExtent(width))
    }

    /// - Parameters:
    ///   - input: `inputChannelBlocks` channel blocks with a margin of half the size.
    ///   - output: `outputChannelBlocks` channel blocks; shares no values with the input.
    func callAsFunction(_ input: BlockedView, into output: BlockedView, _ execution: Execution) {
        check(input, output)
        if isWinograd {
            execution.workspace.blocks.set(height: output.height, width: output.width)
            forwardWinograd(input.map, output.map, execution)
        } else {
            forwardDirect(input.map, output.map, execution)
        }
    }

    /// Computes a part of the output, in whole Winograd blocks. Stride 1.
    func callAsFunction(
        _ input: BlockedView, into output: BlockedView, at region: Region, _ execution: Execution
    ) {
        check(input, output)
        precondition(stride == 1, "a part of a convolution of stride \(stride)")
        if isWinograd {
            execution.workspace.blocks.set(region)
            forwardWinograd(input.map, output.map, execution)
        } else {
            for patch in region.patches {
                var part = input.map
                part.values += patch.rows.lowerBound * part.row + patch.columns.lowerBound * part.pixel
                forwardDirect(part, output.map.at(patch), execution)
            }
        }
    }

    private func check(_ input: BlockedView, _ output: BlockedView) {
        precondition(
            input.channelBlocks.count == inputChannelBlocks && output.channelBlocks.count == outputChannelBlocks
                && output.height == outputExtent(input.height) && output.width == outputExtent(input.width)
                && input.tensor.lanes == kernels.lanes,
            "convolution of \(inputChannelBlocks) to \(outputChannelBlocks) channel blocks from \(input.extent) to \(output.extent)"
        )
    }

    /// The convolution as the kernels are told of it. Valid while the weights live.
    var description: ck_convolution {
        ck_convolution(
            weights: packed.weights, bias: packed.bias, slope: slope, size: Int32(size), stride: Int32(stride),
            input_channel_blocks: Int32(inputChannelBlocks), last_lanes: Int32(lastLanes))
    }
}
