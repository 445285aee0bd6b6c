import Testing

@testable import Inference

@Suite struct ModelThresholdsTests {
    private typealias Builder = SafetensorsBuilder

    /// Of a model file with this text as metadata; nil: with none.
    private func load(_ text: String?, in builder: Builder) throws -> ModelThresholds {
        var metadata = #""format":"gif2video-model","version":"1""#
        if let text { metadata += #","thresholds":"\#(text.replacing("\"", with: "\\\""))""# }
        return try ModelFile.load(builder.write(Builder.bytes(Builder.header("", metadata: metadata)))).thresholds
    }

    private func complaint(_ text: String?, _ read: (ModelThresholds) throws -> Void) throws -> String {
        let builder = try Builder()
        let error = #expect(throws: ModelError.self) { try read(try load(text, in: builder)) }
        #expect(error?.path.hasSuffix("model.safetensors") == true)
        return error?.reason ?? ""
    }

    @Test func aThresholdIsItsNumberAndWhatNobodyAsksForIsLeftAlone() throws {
        let text = #"{"a":{"value":0.33,"unit":"pixels"},"b":{"value":8,"since":"a later version"},"c":{"value":-1}}"#
        let found = try load(text, in: Builder())
        #expect(try found.value("a", in: 0...1) == 0.33)
        #expect(try found.ramp(from: "a", to: "b", in: 0...8) == 0.33...8)
        #expect(try found.value("c", in: -1...0) == -1)
    }

    @Test(arguments: [nil, "{}", #"{"held":{"value":1}}"#])
    func aMissingOneIsNamedWithTheCommandThatWritesIt(text: String?) throws {
        let reason = try complaint(text) { _ = try $0.value("hold", in: 0...1) }
        #expect(reason.hasPrefix("no threshold hold in its header"))
        #expect(reason.contains("python -m gif2video_training.export FILE FILE --card CARD"))
    }

    @Test(arguments: [("1.5", "threshold a is 1.5, expected 0.0 to 1.0"), ("-0.5", "threshold a is -0.5")])
    func oneThatMakesNoSenseIsRefused(number: String, expected: String) throws {
        let reason = try complaint(#"{"a":{"value":\#(number)}}"#) { _ = try $0.value("a", in: 0...1) }
        #expect(reason.hasPrefix(expected))
    }

    @Test(arguments: ["2", "3"]) func aRampThatDoesNotRiseIsRefused(start: String) throws {
        let reason = try complaint(#"{"a":{"value":\#(start)},"b":{"value":2}}"#) {
            _ = try $0.ramp(from: "a", to: "b", in: 0...9)
        }
        #expect(reason == "threshold a is \(start).0, expected less than b, 2.0")
    }

    @Test(arguments: ["[]", "0.33", #"{"a":0.33}"#, #"{"a":{"value":"0.33"}}"#, #"{"a":{"value":1e99}}"#, #"{"a":{"#])
    func whatIsNoListOfThresholdsIsRefused(text: String) throws {
        #expect(try complaint(text) { _ = try $0.value("b", in: 0...1) }.hasPrefix("thresholds: "))
    }
}
