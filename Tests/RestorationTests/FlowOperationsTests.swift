import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct FlowOperationsTests {
    private static let levels = Kernels.Level.allCases

    private func operations(_ level: Kernels.Level) -> PixelOperations {
        PixelOperations(on: WorkerPool(concurrency: 2), kernels: Kernels(atMost: level))
    }

    @Test(arguments: levels, ["warp", "warp-row", "warp-pixel"])
    func backwarpMatchesPyTorch(level: Kernels.Level, name: String) throws {
        let fixture = try Fixture("pixels", in: .module)
        let source = try fixture.tensor("\(name).input")
        let target = Tensor(source.shape)
        operations(level).backwarp(
            source.view, by: try fixture.tensor("\(name).flow").view, scale: 7.5, into: target.view)
        #expect(maximumError(target.array, try fixture.values("\(name).output")) <= 2e-5)
    }

    @Test(arguments: levels, ["warp", "warp-row", "warp-pixel"])
    func cubicSamplingMatchesPyTorch(level: Kernels.Level, name: String) throws {
        let fixture = try Fixture("pixels", in: .module)
        let source = try fixture.tensor("\(name).input")
        let target = Tensor(source.shape)
        operations(level).backwarp(
            source.view, by: try fixture.tensor("\(name).flow").view, scale: 7.5, sampling: .cubic, into: target.view)
        #expect(maximumError(target.array, try fixture.values("\(name).cubic")) <= 5e-5)
    }

    @Test(arguments: levels)
    func cubicSamplingWithoutMotionIsExact(level: Kernels.Level) {
        let source = Tensor.random(TensorShape(3, 7, 21))
        let (flow, target) = (Tensor(2, 7, 21), Tensor(3, 7, 21))
        operations(level).backwarp(source.view, by: flow.view, scale: 80, sampling: .cubic, into: target.view)
        #expect(target.array == source.array.map { min(max($0, -1), 1) })
    }

    /// No flow, not even one that is not a number, reads outside the picture.
    @Test(arguments: levels, [PixelOperations.Sampling.bilinear, .cubic])
    func backwarpStaysInside(level: Kernels.Level, sampling: PixelOperations.Sampling) {
        let source = Tensor.random(TensorShape(1, 4, 5))
        let flow = Tensor(2, 4, 5)
        let target = Tensor(1, 4, 5)
        let corners = source.array
        for (value, expected) in [
            (Float.infinity, corners[19]), (-.infinity, corners[0]), (1e30, corners[19]), (.nan, corners[0]),
        ] {
            flow.view.fill(value)
            operations(level).backwarp(source.view, by: flow.view, scale: 2, sampling: sampling, into: target.view)
            #expect(target.array == [Float](repeating: expected, count: 20))
        }
    }

    /// Rows 8 to 15 of a picture of 16 rows: flows that lead out below, by a pixel, and not.
    @Test(arguments: levels)
    func aSampleFromOutsideHasNoWeightBesideOneFromInside(level: Kernels.Level) {
        let (down, up, refined) = (Float(6), Float(-6), Float(0.25))
        let (flow0, flow1, answer) = (Tensor(2, 8, 5), Tensor(2, 8, 5), Tensor(5, 8, 5))
        flow0.view.plane(1).update(repeating: down / 12, count: 40)
        flow1.view.plane(1).update(repeating: up / 12, count: 40)
        func hide(_ first: Tensor, _ second: Tensor) -> (flow: [Float], visibility: [Float]) {
            answer.view.fill(refined)
            operations(level).hideOutside(
                first.view, second.view, answer.view, scale: 12, top: 8, height: 16,
                in: .all(height: 8, width: 5))
            return (answer[1].array, answer[4].array)
        }
        // By row: down to 14, 15, 16 (one pixel outside), 17, 18 (three), and farther.
        let shares: [Float] = [0, 0, 0, 0.5, 1, 1, 1, 1]
        let forth = hide(flow0, flow1), back = hide(flow1, flow0), both = hide(flow0, flow0)
        for row in 0..<8 {
            let share = shares[row]
            #expect(abs(forth.visibility[5 * row + 2] - (refined + share * (-1 - refined))) < 1e-6)
            #expect(abs(forth.flow[5 * row + 2] - (refined + share * (0.5 - refined))) < 1e-6)
            #expect(abs(back.visibility[5 * row + 2] - (refined + share * (1 - refined))) < 1e-6)
            #expect(abs(back.flow[5 * row + 2] - (refined + share * (-0.5 - refined))) < 1e-6)
        }
        // With both outside half of each counts at most.
        #expect(both.visibility.indices.allSatisfy { abs(both.visibility[$0]) <= 0.5 })
        #expect(both.visibility[37] == refined && both.flow[37] == refined)
    }

    @Test(arguments: levels)
    func synthesisWeighsByTimeAndVisibility(level: Kernels.Level) {
        let (x, y) = (
            Tensor.random(TensorShape(3, 61, 47), seed: "x"), Tensor.random(TensorShape(3, 61, 47), seed: "y")
        )
        let (xs, ys) = (x.array, y.array)
        let sum = Tensor(x.shape)
        let visibility = Tensor.random(TensorShape(1, 61, 47), seed: "v")
        operations(level).synthesize(x.view, y.view, visibility: visibility.view, t: 0.25, into: sum.view)
        let vs = visibility.array
        let expected = zip(xs, ys).enumerated().map { index, pair in
            let v = (vs[index % vs.count] + 1) / 2
            let (w0, w1) = (0.75 * v, 0.25 * (1 - v))
            return (w0 * pair.0 + w1 * pair.1) / (w0 + w1 + 1e-8)
        }
        #expect(maximumError(sum.array, expected) <= 1e-5)
    }
}
