import Foundation

@testable import Inference

/// Safetensors files, sound or not, in a folder that goes with the value.
final class SafetensorsBuilder {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("gif2video-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The bytes of a file with this header and data.
    static func bytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
    }

    /// A sound model header around some tensors.
    static func header(_ tensors: String, metadata: String = #""format":"gif2video-model","version":"1""#) -> String {
        #"{"__metadata__":{\#(metadata),"architecture":"test","config":"{\"a\":1}"}\#(tensors.isEmpty ? "" : ",")\#(tensors)}"#
    }

    /// Writes a file and returns its path.
    func write(_ bytes: [UInt8]) throws -> String {
        let url = folder.appendingPathComponent("model.safetensors")
        try Data(bytes).write(to: url)
        return url.path
    }

    /// The error of loading these bytes, without the path; nil when they are a sound model.
    func complaint(_ bytes: [UInt8]) throws -> String? {
        let path = try write(bytes)
        do {
            _ = try ModelFile.load(path)
            return nil
        } catch {
            return error.path == path ? error.reason : "the error names another path: \(error)"
        }
    }
}
