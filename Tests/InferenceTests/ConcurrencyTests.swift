import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct ConcurrencyTests {
    /// A network with parameters from the formula.
    private func network(_ configuration: UNetConfiguration) throws -> UNet {
        var entries: [String: ModelWeights.Entry] = [:]
        let fixture = try Fixture("large", in: .module)
        let test = try #require(
            try fixture.cases(as: UNetTests.Case.self).first { $0.unet == configuration })
        for (name, shape) in try #require(test.shapes) {
            let values = Formula.values(name, shape.reduce(1, *), bound: Formula.bound(name, shape))
            entries[name] = ModelWeights.Entry(shape: shape, values: values)
        }
        return try UNet(configuration, weights: ModelWeights(path: "formula", entries: entries), prefix: "")
    }

    private let live = UNetConfiguration(.shuffle(widths: [32, 48, 64, 96]), inputs: 4, outputs: 3, slope: 0.1)

    private func output(_ net: UNet, _ seed: String, threads: Int, workers: Int) -> [Float] {
        let state = net.makeState(height: 90, width: 75, workers: workers)
        state.input.view.copy(from: Tensor.random(state.input.shape, seed: seed).view)
        net.forward(state, on: WorkerPool(concurrency: threads))
        return state.output.array
    }

    /// Our own products are the same to the bit however they are shared out; OpenBLAS sums in an order of its own.
    private func areTheSame(_ a: [Float], _ b: [Float]) -> Bool {
        Kernels.best.products == .openBLAS ? maximumError(a, b) <= 1e-5 : a == b
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        let net = try network(live)
        let alone = output(net, "a", threads: 1, workers: 1)
        #expect(alone.contains { $0 != 0 })
        #expect(areTheSame(output(net, "a", threads: 3, workers: 3), alone))
        #expect(areTheSame(output(net, "a", threads: 3, workers: 2), alone))
        #expect(areTheSame(output(net, "a", threads: 2, workers: 5), alone))
    }

    /// One pool, one set of weights, two states, each driven by a thread of its own.
    @Test func twoNetworksAtOnceGiveTheSameAsAlone() throws {
        let net = try network(live)
        let expected = ["a", "b"].map { output(net, $0, threads: 1, workers: 1) }
        let pool = WorkerPool(concurrency: 3)
        let states = ["a", "b"].map { seed in
            let state = net.makeState(height: 90, width: 75, workers: 3)
            state.input.view.copy(from: Tensor.random(state.input.shape, seed: seed).view)
            return state
        }
        for _ in 0..<5 {
            let threads = try states.map { state in
                try NamedThread("network") { net.forward(state, on: pool) }
            }
            for thread in threads { thread.join() }
            for (state, alone) in zip(states, expected) { #expect(areTheSame(state.output.array, alone)) }
        }
    }
}
