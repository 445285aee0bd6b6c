import Configuration
import Filesystem
import Output
import Testing

@testable import Service

/// The encoder of an output for which none was named.
@Suite struct OutputCheckTests {
    private func encoder(_ output: String, own: [String: String] = [:]) throws -> String {
        var configuration = DaemonConfiguration(paths: StandardPaths())
        for (name, ending) in own {
            configuration.encoders[name] = EncoderConfiguration(
                template: EncoderTemplate(command: ["make", "{output}"], keepsAlpha: false), fileExtension: ending)
        }
        return try OutputCheck(configuration).encoder(#require(.init(text: output)), asked: nil)
    }

    @Test(arguments: [("a.mp4", "mp4"), ("a.webm", "webm"), ("a.mov", "prores"), ("a.rgba", "rgba")])
    func theExtensionSaysIt(output: String, name: String) throws {
        #expect(try encoder(output) == name)
    }

    /// FFV1 makes large files, and `convert` makes H.264 of .mkv.
    @Test func ffv1IsNotChosenByExtension() {
        #expect(throws: (any Error).self) { try encoder("a.mkv") }
    }

    @Test func encodersOfTheConfigurationComeBeforeBuiltInOnes() throws {
        #expect(try encoder("a.mkv", own: ["x264": "mkv", "y": "avi"]) == "x264")
        #expect(try encoder("a.mov", own: ["quick": "mov"]) == "quick")
    }
}
