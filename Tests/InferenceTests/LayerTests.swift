import PixelKernels
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

    @Test(arguments: Kernels.all)
    func everyLayerMatchesPyTorch(kernels: Kernels) throws {
        let fixture = try Fixture("layers", in: .module)
        let cases = try fixture.cases(as: Case.self)
        try #require(cases.count == 45)
        for test in cases {
            let input = try fixture.tensor("\(test.name).input")
            let expected = try fixture.tensor("\(test.name).output")
            let output = try run(test, input, expected.shape, fixture.file.weights, kernels)
            let error = maximumError(output.array, expected.array)
            #expect(error <= 1e-5, "\(test.name)")
        }
    }

    private func run(
        _ test: Case, _ input: Tensor, _ shape: TensorShape, _ weights: ModelWeights, _ kernels: Kernels
    ) throws -> Tensor {
        let (height, width) = (input.shape.height, input.shape.width)
        var execution = Execution(kernels)
        func map(reach: Int = 0) -> BlockedTensor { BlockedTensor(input, reach: reach, execution) }
        let output = BlockedTensor(channels: shape.channels, height: shape.height, width: shape.width, execution)
        switch test.kind {
        case "convolution":
            let size = try #require(test.size)
            let layer = try Convolution(
                inputs: [input.shape.channels], outputs: shape.channels, size: size,
                stride: try #require(test.stride), slope: try #require(test.slope), weights: weights, name: test.name,
                kernels: kernels)
            #expect(layer.outputExtent(height) == shape.height && layer.outputExtent(width) == shape.width)
            execution = Execution(kernels, need: layer.scratchNeed(height: height, width: width, workers: 2))
            layer(map(reach: size / 2).view, into: output.view, execution)
        case "transposed":
            let layer = try TransposedConvolution(
                inputs: input.shape.channels, outputs: shape.channels, weights: weights, name: test.name,
                kernels: kernels)
            execution = Execution(kernels, need: layer.scratchNeed(width: width))
            layer(map().view, into: output.view, execution)
        case "averagePool": FusedInput.pooled(map().view).make(in: output.view, execution)
        case "bilinear": Resampling.upsampleBilinear(map().view, into: output.view, execution)
        case "nearest": FusedInput.merged(map().view, plus: output.view).make(in: output.view, execution)
        case "unshuffle":
            let made = FusedInput.unshuffled(
                input.view, height: shape.height, width: shape.width, lanes: kernels.lanes)
            made.make(in: output.view, execution)
        case "shuffle":
            let planes = Tensor(shape)
            Resampling.store(map().view, scale: 2, into: planes.view, execution)
            return planes
        default: Issue.record("no layer \(test.kind)")
        }
        return output.planes(shape.channels, execution)
    }

    /// A skip map of an odd size is larger than the upsampled one by a row and a column: these stay as they are.
    @Test(arguments: Kernels.all)
    func upsamplingLeavesTheRestAlone(kernels: Kernels) throws {
        let input = Tensor.random(TensorShape(2, 3, 5))
        let weights = ModelWeights(
            path: "test",
            entries: [
                "up.weight": ModelWeights.Entry(shape: [2, 2, 2, 2], values: [Float](repeating: 0.5, count: 16)),
                "up.bias": ModelWeights.Entry(shape: [2], values: [0.25, 0.5]),
            ])
        let layer = try TransposedConvolution(inputs: 2, outputs: 2, weights: weights, name: "up", kernels: kernels)
        let execution = Execution(kernels, need: layer.scratchNeed(width: 5))
        let map = BlockedTensor(input, reach: 0, execution)
        for upsample in [
            { layer(map.view, into: $0, execution) },
            { Resampling.upsampleBilinear(map.view, into: $0, execution) },
        ] as [(BlockedView) -> Void] {
            let exact = BlockedTensor(channels: 2, height: 6, width: 10, execution)
            upsample(exact.view)
            let larger = BlockedTensor(channels: 2, height: 7, width: 11, execution)
            let nines = Tensor(2, 7, 11)
            nines.view.fill(9)
            Resampling.load(nines.view, into: larger.view, execution)
            upsample(larger.view)
            let (small, large) = (exact.planes(2, execution).array, larger.planes(2, execution).array)
            for channel in 0..<2 {
                for y in 0..<7 {
                    for x in 0..<11 {
                        let expected = y < 6 && x < 10 ? small[(channel * 6 + y) * 10 + x] : 9
                        #expect(large[(channel * 7 + y) * 11 + x] == expected)
                    }
                }
            }
        }
    }

    /// Planes become a map and planes again; a smaller picture is continued by its edge.
    @Test(arguments: Kernels.all)
    func mapsHoldPlanes(kernels: Kernels) {
        let execution = Execution(kernels)
        for (channels, height, width) in [(1, 1, 1), (3, 5, 7), (8, 2, 9), (19, 6, 1), (33, 3, 4)] {
            let planes = Tensor.random(TensorShape(channels, height, width))
            let map = BlockedTensor(planes, reach: 2, execution)
            #expect(map.planes(channels, execution).array == planes.array)
            let larger = BlockedTensor(channels: channels, height: height + 2, width: width + 3, execution)
            Resampling.load(planes.view, into: larger.view, execution)
            let (found, source) = (larger.planes(channels, execution).array, planes.array)
            for (index, value) in found.enumerated() {
                let (row, x) = index.quotientAndRemainder(dividingBy: width + 3)
                let (channel, y) = row.quotientAndRemainder(dividingBy: height + 2)
                #expect(value == source[(channel * height + min(y, height - 1)) * width + min(x, width - 1)])
            }
        }
    }
}
