import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct ConvolutionStackTests {
    private let pool = WorkerPool(concurrency: 2)

    private func stack(kernels: Kernels) throws -> ConvolutionStack {
        let layers = [(7, 1), (18, 2), (6, 1), (5, 2), (2, 1)].enumerated().map { index, layer in
            ConvolutionStack.Layer(name: "\(index)", outputs: layer.0, size: 3, stride: layer.1, slope: 0.2)
        }
        var entries: [String: ModelWeights.Entry] = [:]
        var inputs = 4
        for layer in layers {
            for (name, shape) in [("weight", [layer.outputs, inputs, 3, 3]), ("bias", [layer.outputs])] {
                let key = "\(layer.name).\(name)"
                let values = Formula.values(key, shape.reduce(1, *), bound: Formula.bound(key, shape))
                entries[key] = ModelWeights.Entry(shape: shape, values: values)
            }
            inputs = layer.outputs
        }
        return try ConvolutionStack(
            inputs: 4, layers, weights: ModelWeights(path: "stack", entries: entries), prefix: "", kernels: kernels)
    }

    private func run(
        _ stack: ConvolutionStack, on input: Tensor, tileSide: Int = ConvolutionStack.tileSide,
        in memory: NetworkMemory = NetworkMemory()
    ) -> Tensor {
        let (height, width) = (input.shape.height, input.shape.width)
        return stack(height: height, width: width, tileSide: tileSide, in: memory, on: pool) {
            row, columns, values in
            for channel in 0..<4 {
                let line = input.view.plane(channel) + row * width
                for (at, x) in columns.enumerated() { values[channel * columns.count + at] = line[x] }
            }
        }
    }

    @Test(arguments: Kernels.all, [(1, 1), (70, 50), (33, 121), (64, 64)])
    func tilesAreTheSameAsTheWhole(kernels: Kernels, size: (height: Int, width: Int)) throws {
        let stack = try stack(kernels: kernels)
        let input = Tensor.random(TensorShape(4, size.height, size.width))
        let whole = run(stack, on: input)
        #expect(whole.shape == TensorShape(2, (size.height + 3) / 4, (size.width + 3) / 4))
        #expect(whole.array.contains { abs($0) > 0.01 })
        #expect(maximumError(run(stack, on: input, tileSide: 16).array, whole.array) <= 1e-5)
    }

    /// A borrower of the memory of a network's maps leaves nothing behind that the network would notice.
    @Test(arguments: Kernels.all) func borrowedMemoryIsGivenBack(kernels: Kernels) throws {
        let stack = try stack(kernels: kernels)
        let fixture = try Fixture("unets", in: .module)
        let test = try #require(
            try fixture.cases(as: UNetTests.Case.self).first {
                if case .shuffle = $0.unet.architecture { true } else { false }
            })
        let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
        let input = try fixture.tensor("\(test.name).input")
        let memory = NetworkMemory()
        let state = net.makeState(
            height: input.shape.height, width: input.shape.width, workers: 2, in: memory)
        state.input.view.copy(from: input.view)
        let nothing = Region(height: input.shape.height, width: input.shape.width)
        for _ in 0..<2 {
            net.forward(state, changed: nothing, on: pool)
            #expect(maximumError(state.output.array, try fixture.values("\(test.name).output")) <= 2e-5)
            let small = Tensor.random(TensorShape(4, 8, 8))
            #expect(run(stack, on: small, in: memory).array == run(stack, on: small).array)
            // All of it, to the last byte.
            memory.borrow(1) { buffer, _ in
                _ = buffer.base.initializeMemory(as: UInt8.self, repeating: 0xFF, count: buffer.byteCount)
            }
        }
    }
}
