import CKernels
import TestSupport
import Testing

/// The steps of convolutions, and the order of their weights, beside the scalar kernels, which sum in double.
@Suite struct ConvolutionKernelTests {
    /// A convolution of random size with random weights in the products' order.
    private final class Layer {
        let size: Int
        let group: Int
        /// The first of the group's channel blocks.
        let first: Int
        let taps: Int
        private let weights: AlignedFloats
        private let bias: AlignedFloats
        var description: ck_convolution

        init(_ kernels: ck_kernels, sizes: [Int], stride: Int = 1, winograd: Bool, _ random: inout SplitMix64) {
            let lanes = Int(kernels.lanes)
            let inputs = random.size(1...3)
            size = sizes[random.size(0...sizes.count - 1)]
            (group, first) = (random.size(1...3), random.size(0...2))
            taps = winograd ? (size + 2) / 3 * ((size + 2) / 3) : size * size
            let last = random.size(1...lanes)
            let depth = ((inputs - 1) * lanes + last) * taps
            let bound = 1 / Float(depth).squareRoot()
            weights = AlignedFloats(
                random.values((winograd ? 36 : 1) * depth * (first + group) * lanes, -bound...bound))
            bias = AlignedFloats(random.values((first + group) * lanes))
            description = ck_convolution(
                weights: weights.start, bias: bias.start, slope: [0, 0.1, 1][random.size(0...2)], size: Int32(size),
                stride: Int32(stride), input_channel_blocks: Int32(inputs), last_lanes: Int32(last))
        }

        var inputs: Int { Int(description.input_channel_blocks) }
    }

    /// Winograd blocks of random values.
    private final class Blocks {
        private let memory: AlignedFloats
        var blocks: ck_winograd_blocks

        init(_ channelBlocks: Int, _ count: Int, lanes: Int, _ random: inout SplitMix64) {
            let channelBlock = (count + 8) * lanes
            memory = AlignedFloats(random.values((36 * channelBlocks + 1) * channelBlock))
            blocks = ck_winograd_blocks(
                values: memory.start, position: channelBlocks * channelBlock, channel_block: channelBlock, block: lanes)
        }

        var array: [Float] { memory.array }
    }

    @Test(arguments: KernelComparison.all, [1, 2])
    func directSumsAreThoseOfTheScalarKernel(comparison: KernelComparison, stride: Int) {
        comparison.compare(tolerance: 5e-6) { kernels, random in
            let lanes = Int(kernels.lanes)
            let layer = Layer(kernels, sizes: [1, 3, 5, 7], stride: stride, winograd: false, &random)
            let (height, width) = (random.size(1...13), random.size(1...41))
            let source = RandomMap(layer.inputs, height, width, margin: 3, lanes: lanes, &random)
            let (rows, columns) = ((height - 1) / stride + 1, (width - 1) / stride + 1)
            let target = RandomMap(layer.first + layer.group, rows, columns, margin: 1, lanes: lanes, &random)
            let part = random.part(of: rows)
            kernels.direct(
                &layer.description, &source.map, &target.map, Int32(part.lowerBound), Int32(part.count),
                Int32(layer.first), Int32(layer.group))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func theInputTransformIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 5e-5) { kernels, random in
            let lanes = Int(kernels.lanes)
            let size = [3, 5, 7][random.size(0...2)]
            let parts = (size + 2) / 3 * ((size + 2) / 3)
            let (height, width) = (random.size(1...15), random.size(1...31))
            let source = RandomMap(3, height, width, margin: 3, lanes: lanes, &random)
            let channelBlocks = random.part(of: 3)
            let range = random.part(of: (height + 3) / 4 * ((width + 3) / 4))
            let target = Blocks(3 * parts, range.count, lanes: lanes, &random)
            kernels.winograd_input(
                &source.map, Int32(size), Int32(channelBlocks.lowerBound), Int32(channelBlocks.count),
                Int32(range.lowerBound), Int32(range.count), &target.blocks)
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func theProductsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 5e-6) { kernels, random in
            let lanes = Int(kernels.lanes)
            let layer = Layer(kernels, sizes: [3, 5, 7], winograd: true, &random)
            let count = random.size(1...30)
            let source = Blocks(layer.inputs * layer.taps, count, lanes: lanes, &random)
            let target = Blocks(layer.group, count, lanes: lanes, &random)
            let positions = random.part(of: 36)
            kernels.winograd_products(
                &layer.description, &source.blocks, Int32(count), Int32(positions.lowerBound), Int32(positions.count),
                Int32(layer.first), Int32(layer.group), &target.blocks)
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func theOutputTransformIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-4) { kernels, random in
            let lanes = Int(kernels.lanes)
            let layer = Layer(kernels, sizes: [3], winograd: true, &random)
            let (height, width) = (random.size(1...15), random.size(1...31))
            let target = RandomMap(layer.first + layer.group, height, width, margin: 1, lanes: lanes, &random)
            let range = random.part(of: (height + 3) / 4 * ((width + 3) / 4))
            let source = Blocks(layer.group, range.count, lanes: lanes, &random)
            kernels.winograd_output(
                &layer.description, &source.blocks, Int32(range.lowerBound), Int32(range.count), Int32(layer.first),
                Int32(layer.group), &target.map)
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all, [1, 2, 3])
    func patchesAreUnfoldedAsInTheScalarKernel(comparison: KernelComparison, stride: Int) {
        comparison.compare { kernels, random in
            let (lanes, blocks) = (Int(kernels.lanes), random.size(1...3))
            let size = [1, 3, 5, 7][random.size(0...3)]
            let (height, width) = (random.size(1...9), random.size(1...17))
            let source = RandomMap(blocks, height, width, margin: 3, lanes: lanes, &random)
            let columns = (width - 1) / stride + 1
            let rows = random.part(of: (height - 1) / stride + 1)
            let target = AlignedFloats(random.values(rows.count * columns * blocks * size * size * lanes + 16))
            kernels.gather(
                &source.map, Int32(size), Int32(stride), Int32(columns), Int32(rows.lowerBound), Int32(rows.count),
                target.start)
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func productsAreSpreadAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let lanes = Int(kernels.lanes)
            let layer = Layer(kernels, sizes: [1], winograd: false, &random)
            let (height, width) = (random.size(1...9), random.size(1...17))
            let pixel = (layer.group + random.size(0...1)) * lanes
            let rows = random.part(of: height)
            let source = AlignedFloats(random.values(rows.count * width * pixel))
            let target = RandomMap(layer.first + layer.group, height, width, margin: 1, lanes: lanes, &random)
            kernels.spread(
                &layer.description, source.start, pixel, &target.map, Int32(rows.lowerBound), Int32(rows.count),
                Int32(layer.first), Int32(layer.group))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all, [false, true])
    func weightsArePackedAsInTheScalarKernel(comparison: KernelComparison, winograd: Bool) {
        comparison.compare(tolerance: 1e-6) { kernels, random in
            let lanes = Int(kernels.lanes)
            let size = [3, 5, 7, 1][random.size(0...(winograd ? 2 : 3))]
            let (parts, outputs) = ((size + 2) / 3, random.size(1...40))
            // Two maps that are concatenated: the second starts a channel block.
            let maps = [random.size(1...20), random.size(1...20)]
            let firstBlocks = (maps[0] + lanes - 1) / lanes
            let places = (0..<maps[0]).map { Int32($0) } + (0..<maps[1]).map { Int32(firstBlocks * lanes + $0) }
            let blocks = firstBlocks + (maps[1] + lanes - 1) / lanes
            let last = (maps[1] - 1) % lanes + 1
            let taps = winograd ? parts * parts : size * size
            let row = (outputs + lanes - 1) / lanes * lanes
            let depth = ((blocks - 1) * lanes + last) * taps
            let values = random.values(outputs * places.count * size * size)
            let packed = AlignedFloats([Float](repeating: 0, count: (winograd ? 36 : 1) * depth * row))
            values.withUnsafeBufferPointer { values in
                places.withUnsafeBufferPointer { places in
                    var weights = ck_weights(
                        values: values.baseAddress, output: places.count * size * size, input: size * size,
                        outputs: Int32(outputs), inputs: Int32(places.count), size: Int32(size),
                        places: places.baseAddress)
                    kernels.pack(
                        &weights, winograd ? 1 : 0, Int32(lanes), Int32(blocks), Int32(last), packed.start,
                        depth * row, row)
                }
            }
            return packed.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func everyHalfPrecisionNumberIsConvertedExactly(comparison: KernelComparison) {
        comparison.compare(times: 1) { kernels, _ in
            // A NaN has many bit patterns: only whether it is one counts.
            let halves = (0...UInt16.max).map { $0 }
            var values = [Float](repeating: 0, count: halves.count)
            kernels.halves(halves, halves.count, &values)
            return values.map { $0.isNaN ? .nan : $0 }
        }
    }
}
