import Inference
import PixelKernels
import TestSupport
import Testing

@testable import Restoration

@Suite struct InputLayoutTests {
    @Test func inputsLieOneAfterTheOther() {
        let layout = InputLayout([.gif, .radius, .before, .after, .past, .cell])
        #expect(layout.channels == 19)
        let input = Tensor(layout.channels, 2, 3)
        for channel in 0..<19 { input[channel].fill(Float(channel)) }
        func channels(_ name: ColorInput) -> [Float] {
            let part = layout.part(name, of: input)
            return (0..<part.shape.channels).map { part.plane($0)[0] }
        }
        #expect(channels(.gif) == [0, 1, 2])
        #expect(channels(.radius) == [3])
        #expect(channels(.past) == [10, 11, 12])
        #expect(channels(.cell) == [13, 14, 15, 16, 17, 18])
        #expect(layout.contains(.past) && !layout.contains(.nearest))
    }

    /// The error of loading a network whose header has another configuration.
    private func reason(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> String {
        let folder = try TemporaryFolder()
        let path = folder.path("a.safetensors")
        try ModelHeader.copy(fixturePath(name), to: path) {
            try ModelHeader.changeObject("config", in: &$0, change)
        }
        let error = #expect(throws: ModelError.self) { try CCDNet(ModelFile.load(path)) }
        return try #require(error).reason
    }

    @Test func aHeaderThatDoesNotFitIsExplained() throws {
        #expect(try reason("ccdnet-live") { $0["inputs"] = ["gif", "gif"] } == "config: inputs has a name twice")
        #expect(
            try reason("ccdnet-live") { $0["inputs"] = ["gif", "nearest"] }
                == "config: inputs has nearest, which this network cannot be given")
        #expect(
            try reason("ccdnet-live") { $0["step_inputs"] = ["estimate", "past"] }
                == "config: step_inputs has past, which this network cannot be given")
        #expect(
            try reason("ccdnet-live") { $0["step_inputs"] = ["estimate", "error", "nearest"] }
                == "config: step_inputs has error without nearest before it")
        #expect(
            try reason("ccdnet-live") { $0["inputs"] = ["gif"] }
                == "config: first has 4 inputs and 3 outputs, expected 3 and 3")
        #expect(
            try reason("ccdnet-live") { $0["steps"] = 3 } == "config: 3 steps, expected 1, or 2 with a step network")
        #expect(try reason("ccdnet-live") { $0["inputs"] = ["gif", "depth"] }.contains("depth"))
        // As headers were before they listed inputs.
        #expect(try reason("ccdnet-live") { $0["inputs"] = nil }.contains("inputs"))
    }
}
