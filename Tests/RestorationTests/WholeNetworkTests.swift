import Foundation
import Inference
import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

/// Whole networks against PyTorch, on the fixtures that Training/make_fixtures.py writes.
@Suite struct WholeNetworkTests {
    private let pool = WorkerPool(concurrency: 2)

    @Test(
        arguments: [
            "ccdnet-live", "ccdnet-paper", "ccdnet-dithered", "ccdnet-first", "ccdnet-neighbors", "ccdnet-past",
        ])
    func ccdnet(name: String) throws {
        let net = try CCDNet(ModelFile.load(fixturePath(name)))
        let expected = try Fixture("\(name)-case", in: .module)
        let gif = try expected.tensor("gif")
        let (height, width) = (gif.shape.height, gif.shape.width)
        let counts = try expected.values("count").map { Int($0) }
        let colors = try expected.values("palettes")
        let stride = colors.count / counts.count
        let palettes = PaletteCache().prepare(
            counts.enumerated().map { index, count in
                Palette(rgb: colors[index * stride..<index * stride + count * 3].map { UInt8($0) })
            })
        let ids = try expected.values("ids").map { UInt16($0) }
        let radius = try expected.tensor("radius")
        func neighbor(_ key: String) throws -> SequenceFrame {
            SequenceFrame(try expected.tensor(key).view)
        }
        var input = CCDNet.Input(
            gif: SequenceFrame(gif.view), radius: radius.view, palettes: palettes, ids: ids)
        if net.seesNeighbors { (input.before, input.after) = (try neighbor("before"), try neighbor("after")) }
        if name == "ccdnet-past" { input.past = try neighbor("past") }
        let state = net.makeState(height: height, width: width)
        let target = Tensor(3, height, width)
        // Twice: a state's second picture does not remember the first.
        for _ in 0..<2 {
            net.restore(input, into: target.view, state: state, on: pool)
            #expect(maximumError(target.array, try expected.values("output")) <= 1e-4)
        }
        guard net.seesNeighbors else { return }
        (input.before, input.after, input.past) = (nil, nil, nil)
        net.restore(input, into: target.view, state: state, on: pool)
        #expect(maximumError(target.array, try expected.values("alone")) <= 1e-4)
    }

    @Test(arguments: [
        "superslomo-live", "superslomo-paper", "superslomo-coarse", "superslomo-search", "superslomo-views",
        "superslomo-cubic", "superslomo-projected",
    ])
    func superSlomo(name: String) throws {
        let net = try SuperSlomo(ModelFile.load(fixturePath(name)))
        let expected = try Fixture("\(name)-case", in: .module)
        let (g0, g1) = (try expected.tensor("g0"), try expected.tensor("g1"))
        let (i0, i1) = (try expected.tensor("i0"), try expected.tensor("i1"))
        let state = net.makeState(height: g0.shape.height, width: g0.shape.width)
        net.estimateFlow(SequenceFrame(g0.view), SequenceFrame(g1.view), state: state, on: pool)
        #expect(maximumError(state.flow.f01.array, try expected.values("f01")) <= 1e-4)
        #expect(maximumError(state.flow.f10.array, try expected.values("f10")) <= 1e-4)
        net.publishFlow(state, on: pool)
        for (t, key) in [(Float(0.5), "frame50"), (0.25, "frame25"), (0.5, "frame50")] {
            _ = net.interpolate(SequenceFrame(i0.view), SequenceFrame(i1.view), at: t, state: state, on: pool)
            #expect(maximumError(state.blended.array, try expected.values(key)) <= 1e-4, "t = \(t)")
        }
        // The blend of the pictures themselves is the in-between again, but for cubic samples, which it never takes.
        let again = Tensor(i0.shape)
        net.blend(i0.view, i1.view, at: 0.5, into: again.view, state: state, on: pool)
        #expect((again.array == state.blended.array) == (name != "superslomo-cubic"))
    }

    @Test(arguments: ["dither-classifier", "dither-classifier-weighted", "dither-classifier-estimate"])
    func classifier(name: String) throws {
        let net = try DitherClassifier(ModelFile.load(fixturePath(name)))
        let expected = try Fixture("\(name)-case", in: .module)
        let logit = net.logit(
            try expected.tensor("gif").view, radius: try expected.tensor("radius").view,
            estimate: try expected.tensor("estimate").view, in: NetworkMemory(), on: pool)
        #expect(abs(logit - (try expected.values("logit")[0])) <= 1e-4)
    }
}

func fixturePath(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "safetensors")).path
}
