import Foundation
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
        let file = try Data(contentsOf: URL(fileURLWithPath: fixturePath(name)))
        let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        var header = try object(file[8..<8 + length])
        var metadata = try #require(header["__metadata__"] as? [String: String])
        var config = try object(Data(try #require(metadata["config"]).utf8))
        change(&config)
        metadata["config"] = String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self)
        header["__metadata__"] = metadata
        let text = try JSONSerialization.data(withJSONObject: header)
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("a.safetensors")
        try (Data((0..<8).map { UInt8(text.count >> (8 * $0) & 255) }) + text + file[(8 + length)...]).write(to: path)
        let error = #expect(throws: ModelError.self) { try CCDNet(ModelFile.load(path.path)) }
        return try #require(error).reason
    }

    private func object(_ text: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
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
