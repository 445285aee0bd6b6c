import FoundationEssentials

/// The numbers in a model file's header that belong to its weights: limits that were set by what these weights do.
///
/// Metadata `thresholds`, JSON: `{"hold_lost": {"value": 0.5, "unit": "..."}, ...}`. docs/restoration.md tells what a name
/// stands for; names that nobody asks for are left alone.
public struct ModelThresholds: Sendable {
    private struct Entry: Decodable {
        let value: Float
    }

    /// For errors: the file that they came from.
    private let path: String
    private let values: [String: Float]

    /// - Parameter text: the metadata's; nil: there is none.
    /// - Throws: `ModelError` where it is no such JSON.
    init(path: String, text: String?) throws(ModelError) {
        self.path = path
        guard let text else {
            values = [:]
            return
        }
        do {
            values = try JSONDecoder().decode([String: Entry].self, from: Data(text.utf8)).mapValues(\.value)
        } catch {
            throw ModelError(path: path, reason: "thresholds: \(SafetensorsHeader.explanation(of: error))")
        }
    }

    /// One of them, in the unit that the header names.
    /// - Parameter allowed: what makes sense.
    /// - Throws: `ModelError` where the file does not have it, or one beyond what is allowed.
    public func value(_ name: String, in allowed: ClosedRange<Float>) throws(ModelError) -> Float {
        guard let value = values[name] else {
            throw ModelError(
                path: path,
                reason: "no threshold \(name) in its header; in Training, "
                    + "`python -m gif2video_training.export FILE FILE --card CARD` writes it")
        }
        return try checked(value, name, in: allowed)
    }

    /// One that a file need not have; nil: it has none.
    /// - Throws: `ModelError` for one beyond what is allowed.
    public func optionalValue(_ name: String, in allowed: ClosedRange<Float>) throws(ModelError) -> Float? {
        guard let value = values[name] else { return nil }
        return try checked(value, name, in: allowed)
    }

    private func checked(
        _ value: Float, _ name: String, in allowed: ClosedRange<Float>
    ) throws(ModelError) -> Float {
        guard allowed.contains(value) else {
            throw ModelError(
                path: path,
                reason: "threshold \(name) is \(value), expected \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return value
    }

    /// Two of them, between which something fades in.
    /// - Throws: `ModelError` as `value`, and where the first one is not below the second.
    public func ramp(
        from lower: String, to upper: String, in allowed: ClosedRange<Float>
    ) throws(ModelError) -> ClosedRange<Float> {
        let (start, end) = (try value(lower, in: allowed), try value(upper, in: allowed))
        guard start < end else {
            throw ModelError(
                path: path, reason: "threshold \(lower) is \(start), expected less than \(upper), \(end)")
        }
        return start...end
    }
}
