import FoundationEssentials

/// The JSON header of a safetensors file, checked.
struct SafetensorsHeader {
    enum ElementType: String {
        case float32 = "F32"
        case float16 = "F16"

        var size: Int { self == .float32 ? 4 : 2 }
    }

    struct Tensor {
        let type: ElementType
        let shape: [Int]
        /// The place of its values, counted from the end of the header.
        let bytes: Range<Int>
    }

    let metadata: [String: String]
    let tensors: [String: Tensor]

    /// - Parameters:
    ///   - text: the header's bytes.
    ///   - dataSize: bytes in the file after the header.
    init(_ text: [UInt8], dataSize: Int, path: String) throws(ModelError) {
        let entries: [String: RawEntry]
        do {
            entries = try JSONDecoder().decode([String: RawEntry].self, from: Data(text))
        } catch {
            throw ModelError(path: path, reason: "not a safetensors file: header: \(Self.explanation(of: error))")
        }
        if let name = Self.repeatedKey(in: text, decoded: entries.count) {
            throw ModelError(path: path, reason: "header: \(name) stands there twice")
        }
        var metadata: [String: String] = [:]
        var tensors: [String: Tensor] = [:]
        for (name, entry) in entries {
            switch entry {
            case .metadata(let values) where name == "__metadata__": metadata = values
            case .tensor(let type, let shape, let offsets) where name != "__metadata__":
                do throws(Fault) {
                    tensors[name] = try Self.check(type, shape, offsets, dataSize)
                } catch {
                    throw ModelError(path: path, reason: "tensor \(name): \(error.reason)")
                }
            default: throw ModelError(path: path, reason: "header: \(name) is neither metadata nor a tensor")
            }
        }
        var end = 0
        for (name, tensor) in tensors.sorted(by: { Self.order($0) < Self.order($1) }) {
            let start = tensor.bytes.lowerBound
            guard start == end else {
                throw ModelError(
                    path: path, reason: "tensor \(name): starts at byte \(start) of the data, where \(end) was expected"
                )
            }
            end = tensor.bytes.upperBound
        }
        guard end == dataSize else {
            throw ModelError(path: path, reason: "\(dataSize) bytes of data, where its tensors have \(end)")
        }
        self.metadata = metadata
        self.tensors = tensors
    }

    /// A decoding error in one line: where, and what.
    static func explanation(of error: any Error) -> String {
        let context: DecodingError.Context
        switch error {
        case DecodingError.dataCorrupted(let found), DecodingError.typeMismatch(_, let found),
            DecodingError.valueNotFound(_, let found):
            context = found
        case DecodingError.keyNotFound(let key, let found):
            let place = (found.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            return "no \(place)"
        default: return "\(error)"
        }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    }

    private struct Fault: Error {
        let reason: String
    }

    private static func check(
        _ type: String, _ shape: [Int], _ offsets: [Int], _ dataSize: Int
    ) throws(Fault) -> Tensor {
        guard let element = ElementType(rawValue: type) else {
            throw Fault(reason: "element type \(type), where F32 or F16 was expected")
        }
        guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else {
            throw Fault(reason: "data_offsets \(offsets)")
        }
        guard offsets[1] <= dataSize else {
            throw Fault(reason: "truncated: ends at byte \(offsets[1]) of \(dataSize) bytes of data")
        }
        var size = element.size
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { throw Fault(reason: "shape \(shape)") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw Fault(reason: "shape \(shape) in \(type) is \(size) bytes, its data \(offsets[1] - offsets[0])")
        }
        return Tensor(type: element, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// By place in the file; the empty ones before the one that starts at the same byte.
    private static func order(_ entry: (key: String, value: Tensor)) -> (Int, Int, String) {
        (entry.value.bytes.lowerBound, entry.value.bytes.upperBound, entry.key)
    }

    /// The decoder keeps one of several equal keys of an object, so their number tells; nil when all differ.
    private static func repeatedKey(in text: [UInt8], decoded count: Int) -> String? {
        var keys: [String] = []
        var depth = 0
        var position = 0
        var last: Range<Int> = 0..<0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: keys.append(String(decoding: text[last], as: UTF8.self))
            case UInt8(ascii: "\""):
                let begin = position + 1
                position = begin
                while position < text.count, text[position] != UInt8(ascii: "\"") {
                    position += text[position] == UInt8(ascii: "\\") ? 2 : 1
                }
                last = begin..<min(position, text.count)
            default: break
            }
            position += 1
        }
        guard keys.count != count else { return nil }
        var seen: Set<String> = []
        return keys.first { !seen.insert($0).inserted } ?? "a name"
    }
}

extension SafetensorsHeader {
    /// One value of the header's object: a tensor's description, or the metadata's texts.
    private enum RawEntry: Decodable {
        case tensor(type: String, shape: [Int], offsets: [Int])
        case metadata([String: String])

        private enum Key: String, CodingKey {
            case type = "dtype"
            case shape
            case offsets = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            if decoder.codingPath.last?.stringValue == "__metadata__" {
                self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
                return
            }
            let values = try decoder.container(keyedBy: Key.self)
            self = .tensor(
                type: try values.decode(String.self, forKey: .type),
                shape: try values.decode([Int].self, forKey: .shape),
                offsets: try values.decode([Int].self, forKey: .offsets))
        }
    }
}
