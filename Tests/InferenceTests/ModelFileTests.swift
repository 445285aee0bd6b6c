import Foundation
import TestSupport
import Testing

@testable import Inference

@Suite struct ModelFileTests {
    private typealias Builder = SafetensorsBuilder

    private let tensors = #"""
        "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[3],"data_offsets":[8,14]}
        """#
    /// 1, -2 in float32; 0.5, -1, 65504 in float16.
    private let data: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 192, 0, 56, 0, 188, 255, 123]

    @Test func readsBothElementTypes() throws {
        let builder = try Builder()
        let model = try ModelFile.load(try builder.write(Builder.bytes(Builder.header(tensors), data: data)))
        #expect(model.architecture == "test")
        #expect(try model.configuration(as: [String: Int].self) == ["a": 1])
        #expect(try model.weights.take("a", shape: [1, 2]) == [1, -2])
        #expect(try model.weights.take("b", shape: [3]) == [0.5, -1, 65504])
        try model.weights.requireAllTaken()
    }

    /// At once, though to open a FIFO means to wait for its writer.
    @Test func whatIsNoRegularFileIsRefused() throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path("fifo.safetensors")
        try #require(mkfifo(fifo, 0o600) == 0)
        symlink(fifo, folder.path("link.safetensors"))
        let cases = [
            (fifo, "a FIFO"), (folder.path("link.safetensors"), "a FIFO"), (folder.url.path, "a folder"),
            ("/dev/null", "a device"),
        ]
        for (path, kind) in cases {
            #expect(throws: ModelError(path: path, reason: "\(kind), where a model file is expected")) {
                try ModelFile.load(path)
            }
        }
    }

    @Test func saysWhatIsWrongWithTheTensors() throws {
        let builder = try Builder()
        let path = try builder.write(Builder.bytes(Builder.header(tensors), data: data))
        let weights = try ModelFile.load(path).weights
        #expect(throws: ModelError(path: path, reason: "tensor a: expected shape [2, 1], found [1, 2]")) {
            try weights.take("a", shape: [2, 1])
        }
        #expect(throws: ModelError(path: path, reason: "tensor c is missing")) { try weights.take("c", shape: [1]) }
        #expect(
            throws: ModelError(path: path, reason: "tensors that its configuration has no use for: b")
        ) { try weights.requireAllTaken() }
        #expect(ModelError(path: "x", reason: "y").description == "x: y")

        let infinite = try builder.write(Builder.bytes(Builder.header(tensors), data: data.dropLast(2) + [0, 124]))
        #expect(throws: ModelError(path: infinite, reason: "tensor b: holds values that are not finite")) {
            try ModelFile.load(infinite).weights.take("b", shape: [3])
        }
    }

    @Test(arguments: [
        (#""a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}"#, 8, "tensor a: element type F64, where F32 or F16"),
        (#""a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#, 8, "tensor a: shape [3] in F32 is 12 bytes"),
        (#""a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, 8, "tensor a: shape [-2]"),
        (
            #""a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}"#, 0,
            "tensor a: shape [4611686018427387904, 4]"
        ),
        (#""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 7, "tensor a: truncated: ends at byte 8 of 7"),
        (#""a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, 8, "tensor a: data_offsets [8, 0]"),
        (#""a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, 8, "tensor a: data_offsets [-8, 0]"),
        (#""a":{"dtype":"F32","shape":[2],"data_offsets":[0]}"#, 8, "tensor a: data_offsets [0]"),
        (#""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 9, "9 bytes of data, where its tensors have 8"),
        (
            #""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, 8,
            "tensor a: starts at byte 4 of the data, where 0"
        ),
        (
            #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}"#,
            12, "tensor b: starts at byte 4 of the data, where 8"
        ),
        (
            #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
            4, "header: a stands there twice"
        ),
        (
            #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
            4, "header: a name stands there twice"
        ),
        (#""a":{"dtype":"F32","shape":[1]}"#, 4, "not a safetensors file: header: no a.data_offsets"),
        (#""a":{"dtype":"F32","shape":["x"],"data_offsets":[0,4]}"#, 4, "not a safetensors file: header: a.shape"),
        (#""a":7"#, 0, "not a safetensors file: header: a"),
    ])
    func refusesDamagedHeaders(tensors: String, dataSize: Int, expected: String) throws {
        let bytes = Builder.bytes(Builder.header(tensors), data: [UInt8](repeating: 0, count: dataSize))
        let complaint = try #require(try Builder().complaint(bytes))
        #expect(complaint.hasPrefix(expected), "\(complaint)")
    }

    @Test func refusesForeignFiles() throws {
        let builder = try Builder()
        func expect(_ bytes: [UInt8], _ expected: String, _ location: SourceLocation = #_sourceLocation) throws {
            let complaint = try #require(try builder.complaint(bytes), sourceLocation: location)
            #expect(complaint.hasPrefix(expected), "\(complaint)", sourceLocation: location)
        }
        try expect([], "not a safetensors file: only 0 bytes")
        try expect(Array("GIF89a, and more of it".utf8), "not a safetensors file: header length")
        try expect(Builder.bytes("nonsense"), "not a safetensors file: header")
        try expect(Builder.bytes("[]"), "not a safetensors file: header")
        try expect(
            Builder.bytes("{}"), "a safetensors file, but not a gif2video model: its format is not gif2video-model")
        try expect(
            Builder.bytes(Builder.header("", metadata: #""format":"pt""#)),
            "a safetensors file, but not a gif2video model")
        try expect(
            Builder.bytes(Builder.header("", metadata: #""format":"gif2video-model","version":"2""#)),
            "model version 2; this program reads version 1")
        try expect(
            Builder.bytes(#"{"__metadata__":{"format":"gif2video-model","version":"1"}}"#), "metadata: no architecture")
        #expect(throws: ModelError(path: "/nowhere/x", reason: "No such file or directory")) {
            try ModelFile.load("/nowhere/x")
        }
        #expect(throws: ModelError(path: "/dev", reason: "a folder, where a model file is expected")) {
            try ModelFile.load("/dev")
        }
    }

    @Test func everyTruncationIsAnError() throws {
        let builder = try Builder()
        let bytes = Builder.bytes(Builder.header(tensors), data: data)
        #expect(try builder.complaint(bytes) == nil)
        for count in 0..<bytes.count {
            #expect(try builder.complaint(Array(bytes.prefix(count))) != nil, "\(count) bytes")
        }
    }

    /// Any byte changed: an error, or tensors that are as large as their shapes say.
    @Test func everyMutationIsSurvived() throws {
        let builder = try Builder()
        let bytes = Builder.bytes(Builder.header(tensors), data: data)
        var refused = 0
        for position in 0..<bytes.count - data.count {
            for value: UInt8 in [0xFF, UInt8(ascii: "\""), bytes[position] ^ 1] {
                var mutated = bytes
                mutated[position] = value
                let path = try builder.write(mutated)
                do {
                    for (name, entry) in try ModelFile.load(path).weights.entries {
                        #expect(entry.values.count == entry.shape.reduce(1, *), "\(name), byte \(position)")
                    }
                } catch {
                    refused += 1
                    #expect(error.path == path)
                }
            }
        }
        #expect(refused > 2 * (bytes.count - data.count))
    }

    @Test(
        arguments: [
            (
                #"{"unet":"simple","in":3,"out":3,"channels":64}"#,
                UNetConfiguration(.simple(channels: 64), inputs: 3, outputs: 3, slope: 0)
            ),
            (
                #"{"unet":"flow","in":6,"out":2,"channels":32}"#,
                UNetConfiguration(.flow(channels: 32), inputs: 6, outputs: 2, slope: 0.1)
            ),
            (
                #"{"unet":"shuffle","in":4,"out":3,"widths":[8,9],"slope":0.25}"#,
                UNetConfiguration(.shuffle(widths: [8, 9]), inputs: 4, outputs: 3, slope: 0.25)
            ),
            (#"{"unet":"other","in":4,"out":3,"channels":3}"#, nil),
            (#"{"unet":"simple","in":4,"out":3}"#, nil),
            (#"{"unet":"simple","in":0,"out":3,"channels":3}"#, nil),
            (#"{"unet":"simple","in":3,"out":3,"channels":100000000}"#, nil),
            (#"{"unet":"shuffle","in":3,"out":3,"widths":[]}"#, nil),
            (#"{"unet":"shuffle","in":3,"out":3,"widths":[1,1,1,1,1,1,1,1,1]}"#, nil),
            (#"{"unet":"shuffle","in":3,"out":3,"widths":[4],"slope":2}"#, nil),
        ] as [(String, UNetConfiguration?)])
    func configurations(text: String, expected: UNetConfiguration?) throws {
        let escaped = text.replacing("\"", with: "\\\"")
        let header =
            #"{"__metadata__":{"format":"gif2video-model","version":"1","architecture":"t","config":"\#(escaped)"}}"#
        let builder = try Builder()
        let model = try ModelFile.load(try builder.write(Builder.bytes(header)))
        guard let expected else {
            #expect(throws: ModelError.self) { try model.configuration(as: UNetConfiguration.self) }
            return
        }
        #expect(try model.configuration(as: UNetConfiguration.self) == expected)
    }
}
