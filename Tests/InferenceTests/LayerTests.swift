import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct LayerTests {
    struct Case: Decodable {
        let name: String
        let kind: String
        let size: Int?
        let stride: Int?
        let slope: Float?
    }

    @Test(arguments: Kernels.Level.allCases)
    func everyLayerMatchesPyTorch(level: Kernels.Level) throws {
        let fixture = try Fixture("layers", in: .module)
        let cases = try fixture.cases(as: Case.self)
        try #require(cases.count == 45)
        for test in cases {
            let input = try fixture.tensor("\(test.name).input").view
            let expected = try fixture.tensor("\(test.name).output")
            let output = Tensor(expected.shape)
            try run(test, input, into: output.view, fixture.file.weights, Kernels(atMost: level))
            let error = maximumError(output.array, expected.array)
            #expect(error <= 1e-5, "\(test.name)")
        }
    }

    private func run(
        _ test: Case, _ input: TensorView, into output: TensorView, _ weights: ModelWeights, _ kernels: Kernels
    ) throws {
        func execution(_ need: ScratchNeed = ScratchNeed()) -> Execution {
            Execution(
                kernels: kernels.table, workspace: Workspace(workers: 2, need: need), pool: WorkerPool(concurrency: 2))
        }
        let (inputs, outputs) = (input.shape.channels, output.shape.channels)
        switch test.kind {
        case "convolution":
            let layer = try Convolution(
                inputs: inputs, outputs: outputs, size: try #require(test.size), stride: try #require(test.stride),
                slope: try #require(test.slope), weights: weights, name: test.name)
            #expect(layer.outputShape(for: input.shape) == output.shape)
            layer(input, into: output, execution(layer.scratchNeed(for: input.shape)))
        case "transposed":
            let layer = try TransposedConvolution(inputs: inputs, outputs: outputs, weights: weights, name: test.name)
            layer(input, into: output, execution(layer.scratchNeed(for: input.shape)))
        case "averagePool": Resampling.averagePool(input, into: output, execution())
        case "bilinear": Resampling.upsampleBilinear(input, into: output, execution())
        case "nearest": Resampling.upsampleNearest(input, addingTo: output, execution())
        case "unshuffle": Resampling.pixelUnshuffle(input, into: output, execution())
        case "shuffle": Resampling.pixelShuffle(input, into: output, execution())
        default: Issue.record("no layer \(test.kind)")
        }
    }

    /// A skip map of an odd size is larger than the upsampled one by a row and a column: these stay as they are.
    @Test func upsamplingLeavesTheRestAlone() throws {
        let input = Tensor.random(TensorShape(2, 3, 5))
        let weights = ModelWeights(
            path: "test",
            entries: [
                "up.weight": ModelWeights.Entry(shape: [2, 2, 2, 2], values: [Float](repeating: 0.5, count: 16)),
                "up.bias": ModelWeights.Entry(shape: [2], values: [0.25, 0.5]),
            ])
        let layer = try TransposedConvolution(inputs: 2, outputs: 2, weights: weights, name: "up")
        let workspace = Workspace(workers: 1, need: layer.scratchNeed(for: input.shape))
        let execution = Execution(
            kernels: Kernels.best.table, workspace: workspace, pool: WorkerPool(concurrency: 1))
        for upsample in [
            { layer(input.view, into: $0, execution) },
            { Resampling.upsampleBilinear(input.view, into: $0, execution) },
        ] as [(TensorView) -> Void] {
            let exact = Tensor(2, 6, 10)
            upsample(exact.view)
            let larger = Tensor(2, 7, 11)
            larger.view.fill(9)
            upsample(larger.view)
            for channel in 0..<2 {
                for y in 0..<7 {
                    for x in 0..<11 {
                        let expected = y < 6 && x < 10 ? exact.array[(channel * 6 + y) * 10 + x] : 9
                        #expect(larger.array[(channel * 7 + y) * 11 + x] == expected)
                    }
                }
            }
        }
    }

    /// The sum that a convolution is, for shapes that take each way through it: one band, several, by output channels.
    @Test(arguments: [
        (3, 4, 3, 1, 71, 60), (3, 4, 3, 2, 91, 83), (40, 3, 5, 1, 17, 29), (2, 130, 1, 1, 66, 65), (9, 129, 3, 1, 8, 9),
        (17, 200, 3, 2, 13, 21), (33, 128, 1, 2, 7, 31), (2, 3, 7, 1, 64, 70),
    ])
    func convolutionIsASum(inputs: Int, outputs: Int, size: Int, stride: Int, height: Int, width: Int) throws {
        let weight = Formula.values("weight", outputs * inputs * size * size, bound: 0.2)
        let bias = Formula.values("bias", outputs, bound: 0.2)
        let weights = ModelWeights(
            path: "test",
            entries: [
                "c.weight": ModelWeights.Entry(shape: [outputs, inputs, size, size], values: weight),
                "c.bias": ModelWeights.Entry(shape: [outputs], values: bias),
            ])
        let layer = try Convolution(
            inputs: inputs, outputs: outputs, size: size, stride: stride, slope: 0.1, weights: weights, name: "c")
        let input = Tensor.random(TensorShape(inputs, height, width))
        let output = Tensor(layer.outputShape(for: input.shape))
        let execution = Execution(
            kernels: Kernels.best.table,
            workspace: Workspace(workers: 3, need: layer.scratchNeed(for: input.shape)),
            pool: WorkerPool(concurrency: 3))
        layer(input.view, into: output.view, execution)

        // A sample of the output: all of it would take a debug build long.
        let source = input.array
        let found = output.array
        for sample in Swift.stride(from: 0, to: output.shape.count, by: max(1, output.shape.count / 199)) {
            let channel = sample / output.shape.plane
            let (y, x) = (sample - channel * output.shape.plane).quotientAndRemainder(dividingBy: output.shape.width)
            var sum = Double(bias[channel])
            for input in 0..<inputs {
                for ky in 0..<size {
                    for kx in 0..<size {
                        let (row, column) = (y * stride + ky - size / 2, x * stride + kx - size / 2)
                        guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                        let tap = weight[((channel * inputs + input) * size + ky) * size + kx]
                        sum += Double(tap) * Double(source[(input * height + row) * width + column])
                    }
                }
            }
            let expected = sum > 0 ? sum : sum * 0.1
            #expect(abs(Double(found[sample]) - expected) < 1e-5)
        }
    }
}
