import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct UNetTests {
    struct Case: Decodable {
        let name: String
        let unet: UNetConfiguration
        let height: Int?
        let width: Int?
        let shapes: [String: [Int]]?
    }

    @Test(arguments: Kernels.all)
    func smallUNetsMatchPyTorch(kernels: Kernels) throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        let cases = try fixture.cases(as: Case.self)
        try #require(cases.count == 11)
        for test in cases {
            let input = try fixture.tensor("\(test.name).input")
            let expected = try fixture.values("\(test.name).output")
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            let state = net.makeState(height: input.shape.height, width: input.shape.width, workers: 2)
            // Twice: what a forward leaves behind must not show in the next.
            for _ in 0..<2 {
                state.input.view.copy(from: input.view)
                net.forward(state, on: pool)
                let error = maximumError(state.output.array, expected)
                #expect(error <= 2e-5, "\(test.name)")
            }
        }
    }

    /// Networks that take turns have one place for what they do not keep, also where their sizes differ.
    @Test(arguments: Kernels.all)
    func networksThatTakeTurnsDoNotNotice(kernels: Kernels) throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 2)
        let cases = try fixture.cases(as: Case.self).filter {
            if case .shuffle = $0.unet.architecture { true } else { false }
        }
        try #require(cases.count > 1)
        let memory = NetworkMemory()
        var runs: [(name: String, net: UNet, state: UNetState)] = []
        for test in cases {
            let input = try fixture.tensor("\(test.name).input")
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            let state = net.makeState(
                height: input.shape.height, width: input.shape.width, workers: 2, in: memory)
            state.input.view.copy(from: input.view)
            runs.append((test.name, net, state))
        }
        for _ in 0..<2 {
            for run in runs {
                run.net.forward(run.state, on: pool)
                #expect(maximumError(run.state.output.array, try fixture.values("\(run.name).output")) <= 2e-5)
            }
        }
    }

    @Test(arguments: ["ccdnet", "slomo", "live"])
    func fullSizeUNetsMatchPyTorch(name: String) throws {
        let fixture = try Fixture("large", in: .module)
        let test = try #require(try fixture.cases(as: Case.self).first { $0.name == name })
        let entries = Dictionary(
            uniqueKeysWithValues: try #require(test.shapes).map { key, shape in
                let values = Formula.values(key, shape.reduce(1, *), bound: Formula.bound(key, shape))
                return (key, ModelWeights.Entry(shape: shape, values: values))
            })
        // Not all that the small networks run on: the paper's weights take a debug build seconds each time.
        for kernels in [Kernels(), Kernels(atMost: .avx2), Kernels(atMost: .baseline, products: .openBLAS)] {
            let weights = ModelWeights(path: name, entries: entries)
            let net = try UNet(test.unet, weights: weights, prefix: "", kernels: kernels)
            try weights.requireAllTaken()
            let state = net.makeState(height: try #require(test.height), width: try #require(test.width), workers: 2)
            let input = Formula.values("input", state.input.shape.count, bound: 1)
            state.input.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: input) }
            net.forward(state, on: WorkerPool(concurrency: 2))
            let error = maximumError(state.output.array, try fixture.values("\(name).output"))
            #expect(error <= 2e-5, "\(kernels.testDescription)")
        }
    }
}
