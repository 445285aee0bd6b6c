import FoundationEssentials
import Glibc

/// A model file: a safetensors file whose metadata say which network its tensors are.
///
/// Metadata, all of them text: `format` "gif2video-model", `version` "1", `architecture`, `config` and `thresholds` (JSON),
/// and for people and for choosing among models `name`, `profile`, `dither`, `palette_range`, `training`, `history`,
/// `quality`. Others are left alone.
public struct ModelFile {
    /// The path it was loaded from.
    public let path: String
    /// The kind of network: "ccdnet", "superslomo", "dither-classifier".
    public let architecture: String
    /// All metadata by key.
    public let metadata: [String: String]
    /// The limits that belong to the weights.
    public let thresholds: ModelThresholds
    /// The tensors, for the network to take.
    public let weights: ModelWeights

    /// Reads a whole file.
    /// - Throws: `ModelError` for a file that cannot be read, is cut short, damaged, not a safetensors file or not one of
    ///   ours.
    public static func load(_ path: String) throws(ModelError) -> ModelFile {
        let file = try SafetensorsFile(path)
        return try ModelFile(path: path, metadata: file.header.metadata) { () throws(ModelError) in
            try file.readTensors()
        }
    }

    private init(
        path: String, metadata: [String: String],
        tensors: () throws(ModelError) -> [String: ModelWeights.Entry]
    ) throws(ModelError) {
        guard metadata["format"] == "gif2video-model" else {
            throw ModelError(
                path: path, reason: "a safetensors file, but not a gif2video model: its format is not gif2video-model")
        }
        guard metadata["version"] == "1" else {
            throw ModelError(
                path: path, reason: "model version \(metadata["version"] ?? "none"); this program reads version 1")
        }
        guard let architecture = metadata["architecture"] else {
            throw ModelError(path: path, reason: "metadata: no architecture")
        }
        self.path = path
        self.architecture = architecture
        self.metadata = metadata
        thresholds = try ModelThresholds(path: path, text: metadata["thresholds"])
        weights = ModelWeights(path: path, entries: try tensors())
    }

    /// The configuration that the architecture is built from, decoded from the metadata's JSON text.
    /// - Throws: `ModelError` where it is missing or does not fit `type`.
    public func configuration<T: Decodable>(as type: T.Type) throws(ModelError) -> T {
        guard let text = metadata["config"] else { throw ModelError(path: path, reason: "metadata: no config") }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw ModelError(path: path, reason: "config: \(SafetensorsHeader.explanation(of: error))")
        }
    }
}
