import Foundation
import Testing

/// Model files whose headers differ from those of others.
enum ModelHeader {
    typealias Change = (inout [String: String]) throws -> Void

    /// Copies a model file with other metadata.
    static func copy(_ path: String, to target: String, _ change: Change) throws {
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        var header = try object(file[8..<8 + length])
        var metadata = try #require(header["__metadata__"] as? [String: String])
        try change(&metadata)
        header["__metadata__"] = metadata
        let text = try JSONSerialization.data(withJSONObject: header)
        let bytes = Data((0..<8).map { UInt8(text.count >> (8 * $0) & 255) }) + text + file[(8 + length)...]
        try bytes.write(to: URL(fileURLWithPath: target))
    }

    /// Changes the JSON object of one key.
    static func changeObject(
        _ key: String, in metadata: inout [String: String], _ change: (inout [String: Any]) throws -> Void
    ) throws {
        var values = try object(Data(try #require(metadata[key]).utf8))
        try change(&values)
        metadata[key] = String(decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
    }

    /// Gives those of these thresholds that the file has another number.
    static func setThresholds(_ numbers: [String: Float], in metadata: inout [String: String]) throws {
        try changeObject("thresholds", in: &metadata) { values in
            for (name, number) in numbers {
                // Color networks need not have a cell's size, but may have one.
                let mayHave = name == "cell_size" ? values["filter_strength"] != nil : values[name] != nil
                if mayHave { values[name] = ["value": Double(number)] }
            }
        }
    }

    private static func object(_ text: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    }
}
