import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

/// Convolutions against the sum that they are, for every way that one can take.
@Suite struct ConvolutionTests {
    struct Shape: CustomTestStringConvertible {
        /// Channels of each map of the input's concatenation.
        let inputs: [Int]
        let outputs: Int
        let size: Int
        var stride = 1
        let height: Int
        let width: Int

        var testDescription: String {
            "\(inputs) to \(outputs), \(size) x \(size), stride \(stride), of \(height) x \(width)"
        }
    }

    /// Large maps and small deep ones, which are shared out in other ways.
    private static let chosen = [
        Shape(inputs: [3], outputs: 4, size: 3, height: 71, width: 60),
        Shape(inputs: [16], outputs: 32, size: 3, height: 131, width: 90),
        Shape(inputs: [9], outputs: 129, size: 3, height: 8, width: 9),
        Shape(inputs: [200], outputs: 130, size: 3, height: 5, width: 13),
        Shape(inputs: [32], outputs: 600, size: 3, height: 66, width: 70),
        Shape(inputs: [600], outputs: 70, size: 3, height: 40, width: 45),
        Shape(inputs: [40], outputs: 3, size: 5, height: 17, width: 29),
        Shape(inputs: [32], outputs: 32, size: 7, height: 40, width: 33),
        Shape(inputs: [2], outputs: 3, size: 7, height: 64, width: 70),
        Shape(inputs: [2], outputs: 130, size: 1, height: 66, width: 65),
        Shape(inputs: [3], outputs: 4, size: 3, stride: 2, height: 91, width: 83),
        Shape(inputs: [17], outputs: 200, size: 3, stride: 2, height: 13, width: 21),
        Shape(inputs: [33], outputs: 128, size: 1, stride: 2, height: 7, width: 31),
        Shape(inputs: [7], outputs: 9, size: 5, stride: 3, height: 20, width: 31),
        Shape(inputs: [5, 11], outputs: 8, size: 3, height: 14, width: 10),
        Shape(inputs: [16, 3, 20], outputs: 20, size: 3, height: 9, width: 6),
        Shape(inputs: [3, 1], outputs: 2, size: 1, height: 3, width: 5),
    ]

    /// Drawn anew when the formula changes, not from run to run.
    private static let drawn = (0..<60).map { index in
        func draw(_ name: String, _ range: ClosedRange<Int>) -> Int {
            let value = Double(Formula.values("\(name) \(index)", 1, bound: 1)[0] + 1) / 2
            return min(range.upperBound, range.lowerBound + Int(value * Double(range.count)))
        }
        let size = [1, 3, 3, 3, 5, 7][draw("size", 0...5)]
        // Every third is a row, a column or a pixel.
        let side = index % 3 == 0 ? 1 : 38
        return Shape(
            inputs: [draw("inputs", 1...50)], outputs: draw("outputs", 1...70), size: size,
            stride: draw("stride", 0...4) == 0 ? 2 : 1, height: draw("height", 1...side),
            width: draw("width", 1...(index % 2 == 0 ? 38 : side)))
    }

    @Test(arguments: Kernels.all)
    func isASum(kernels: Kernels) throws {
        for shape in Self.chosen + Self.drawn {
            let error = try largestError(shape, kernels)
            #expect(error < 1e-5, "\(shape.testDescription)")
        }
    }

    /// A map that is made on the way gives to the bit what it gives when it lies there as a whole, for all of the output
    /// and for parts of it; OpenBLAS' sums may differ in their rounding.
    @Test(arguments: Kernels.all)
    func rowBatchesGiveWhatTheWholeMapGives(kernels: Kernels) throws {
        let lanes = kernels.lanes
        for (inputs, outputs, height, width) in [
            (13, 16, 60, 130), (3, 8, 34, 402), (19, 32, 66, 50), (2, 3, 37, 41), (12, 40, 25, 700),
        ] {
            let bound = 1 / Double(4 * inputs * 9).squareRoot()
            let weights = ModelWeights(
                path: "test",
                entries: [
                    "c.weight": ModelWeights.Entry(
                        shape: [outputs, 4 * inputs, 3, 3],
                        values: Formula.values("weight", outputs * 4 * inputs * 9, bound: bound)),
                    "c.bias": ModelWeights.Entry(
                        shape: [outputs], values: Formula.values("bias", outputs, bound: 0.2)),
                ])
            let layer = try Convolution(
                inputs: [4 * inputs], outputs: outputs, size: 3, slope: 0.1, weights: weights, name: "c",
                kernels: kernels)
            #expect(layer.readsRowBatches(height: height, width: width))
            var need = layer.rowBatchScratch(height: height, width: width, workers: 2)
            need.formUnion(layer.scratchNeed(height: height, width: width, workers: 2))
            let execution = Execution(kernels, need: need)
            func map(_ name: String, _ height: Int, _ width: Int) -> BlockedView {
                BlockedTensor(
                    Tensor.random(TensorShape(4 * inputs, height, width), seed: name), reach: 1, execution
                ).view
            }
            // One row and column less than the map has room for.
            let picture = Tensor.random(TensorShape(inputs, 2 * height - 1, 2 * width - 1), seed: "picture")
            var makers: [FusedInput] = [
                .unshuffled(picture.view, height: height, width: width, lanes: lanes),
                .pooled(map("twice", 2 * height, 2 * width + 1)),
            ]
            if height % 2 == 0 && width % 2 == 0 {
                makers.append(
                    .merged(map("coarse", height / 2, width / 2), plus: map("fine", height, width)))
            }
            for made in makers {
                let whole = BlockedTensor(
                    channelBlocks: made.channelBlocks, height: height, width: width, lanes: lanes, reach: 1)
                made.make(in: whole.view, execution)
                var part = Region(height: height, width: width)
                part.insert(rows: 4..<24, columns: 8..<20)
                part.insert(rows: 16..<height, columns: 12..<min(33, width))
                for region in [Region.all(height: height, width: width), part] {
                    let seed = Tensor.random(TensorShape(outputs, height, width), seed: "before")
                    let expected = BlockedTensor(seed, reach: 1, execution)
                    let found = BlockedTensor(seed, reach: 1, execution)
                    layer(whole.view, into: expected.view, at: region, execution)
                    layer(made, into: found.view, at: region, execution)
                    let (a, b) = (expected.planes(outputs, execution).array, found.planes(outputs, execution).array)
                    if kernels.products == .own {
                        #expect(a == b, "\(made.channelBlocks) blocks of \(height) x \(width)")
                    }
                    // OpenBLAS adds up in another order where the columns are others; with AVX2 that shows more.
                    #expect(maximumError(a, b) < 3e-5, "\(made.channelBlocks) blocks of \(height) x \(width)")
                }
            }
        }
    }

    /// The largest error of a layer in the corners, at the edges and in a sample of the rest of its output.
    private func largestError(_ shape: Shape, _ kernels: Kernels) throws -> Double {
        let (size, stride, outputs) = (shape.size, shape.stride, shape.outputs)
        let inputs = shape.inputs.reduce(0, +)
        let bound = 1 / Double(inputs * size * size).squareRoot()
        let weight = Formula.values("weight", outputs * inputs * size * size, bound: bound)
        let bias = Formula.values("bias", outputs, bound: 0.2)
        let weights = ModelWeights(
            path: "test",
            entries: [
                "c.weight": ModelWeights.Entry(shape: [outputs, inputs, size, size], values: weight),
                "c.bias": ModelWeights.Entry(shape: [outputs], values: bias),
            ])
        let layer = try Convolution(
            inputs: shape.inputs, outputs: outputs, size: size, stride: stride, slope: 0.1, weights: weights, name: "c",
            kernels: kernels)
        let input = Tensor.random(TensorShape(inputs, shape.height, shape.width))
        let execution = Execution(
            kernels, need: layer.scratchNeed(height: shape.height, width: shape.width, workers: 3), workers: 3)
        let (rows, columns) = (layer.outputExtent(shape.height), layer.outputExtent(shape.width))
        let output = BlockedTensor(channels: outputs, height: rows, width: columns, reach: 1, execution)
        layer(
            BlockedTensor(input, parts: shape.inputs, reach: size / 2, execution).view, into: output.view, execution)

        let (source, found) = (input.array, output.planes(outputs, execution).array)
        var largest = 0.0
        func check(_ channel: Int, _ y: Int, _ x: Int) {
            var sum = Double(bias[channel])
            for input in 0..<inputs {
                for ky in 0..<size {
                    for kx in 0..<size {
                        let (row, column) = (y * stride + ky - size / 2, x * stride + kx - size / 2)
                        guard row >= 0, row < shape.height, column >= 0, column < shape.width else { continue }
                        let tap = weight[((channel * inputs + input) * size + ky) * size + kx]
                        sum += Double(tap) * Double(source[(input * shape.height + row) * shape.width + column])
                    }
                }
            }
            let error = abs(Double(found[(channel * rows + y) * columns + x]) - (sum > 0 ? sum : sum * 0.1))
            largest = error.isNaN ? .infinity : max(largest, error)
        }
        for (y, x) in [(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1), (rows / 2, columns / 2)] {
            check(0, y, x)
            check(outputs - 1, y, x)
        }
        for sample in Swift.stride(from: 0, to: found.count, by: max(1, found.count / 97)) {
            let (row, x) = sample.quotientAndRemainder(dividingBy: columns)
            check(row / rows, row % rows, x)
        }
        return largest
    }

    /// The margin around a map, and the lanes behind its last channel, are zero before and after: the next layer reads
    /// them.
    @Test(arguments: Kernels.all, [1, 3, 5, 7])
    func writesInsideTheMapOnly(kernels: Kernels, size: Int) {
        for (outputs, height, width) in [(1, 1, 1), (5, 3, 6), (17, 9, 13), (40, 4, 8)] {
            let layer = Convolution(
                inputs: [7], outputs: outputs, size: size, stride: 1, slope: 1,
                weight: Formula.values("weight", outputs * 7 * size * size, bound: 1),
                strides: (output: 7 * size * size, input: size * size, first: 0),
                bias: Formula.values("bias", outputs, bound: 1), kernels: kernels)
            let execution = Execution(kernels, need: layer.scratchNeed(height: height, width: width, workers: 2))
            let input = BlockedTensor(Tensor.random(TensorShape(7, height, width)), reach: size / 2, execution)
            let output = BlockedTensor(channels: outputs, height: height, width: width, reach: 3, execution)
            layer(input.view, into: output.view, execution)
            let inside = output.planes(outputs, execution).array.filter { $0 != 0 }.count
            #expect(inside == outputs * height * width)
            #expect(output.values.filter { $0 != 0 }.count == inside)
        }
    }
}
