package import Threads

/// A range of a tensor's channels. Shares the tensor's storage and keeps it alive.
public struct TensorView: Sendable {
    public let tensor: Tensor
    public let channels: Range<Int>

    /// - Parameter channels: not empty, inside the tensor's.
    public init(_ tensor: Tensor, channels: Range<Int>) {
        precondition(
            !channels.isEmpty && channels.lowerBound >= 0 && channels.upperBound <= tensor.shape.channels,
            "channels \(channels) of a tensor \(tensor.shape)")
        self.tensor = tensor
        self.channels = channels
    }

    public var shape: TensorShape { TensorShape(channels.count, tensor.shape.height, tensor.shape.width) }

    /// The view's values, channel by channel, valid while `body` runs.
    public func withUnsafeMutableBufferPointer<R>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
    ) rethrows -> R {
        try tensor.withUnsafeMutableBufferPointer {
            let plane = tensor.shape.plane
            return try body(
                UnsafeMutableBufferPointer(rebasing: $0[channels.lowerBound * plane..<channels.upperBound * plane]))
        }
    }

    /// The view's values, channel by channel, valid while `body` runs.
    public func withUnsafeBufferPointer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try withUnsafeMutableBufferPointer { try body(UnsafeBufferPointer($0)) }
    }

    /// Copies all values. Shapes are equal.
    public func copy(from source: TensorView) {
        precondition(shape == source.shape, "copy of \(source.shape) into \(shape)")
        pointer.update(from: source.pointer, count: shape.count)
    }

    /// Sets all values.
    public func fill(_ value: Float) {
        pointer.update(repeating: value, count: shape.count)
    }

    /// Plane `channel` of the view, for inner loops: valid while the tensor lives, which the caller sees to.
    package func plane(_ channel: Int) -> UnsafeMutablePointer<Float> {
        precondition(channel >= 0 && channel < channels.count, "plane \(channel) of \(channels.count)")
        return pointer + channel * tensor.shape.plane
    }

    /// The first value: valid while the tensor lives.
    package var pointer: UnsafeMutablePointer<Float> {
        guard let base = tensor.values.baseAddress else { preconditionFailure("a tensor without storage") }
        return base + channels.lowerBound * tensor.shape.plane
    }
}

extension TensorView {
    /// Copies the values that do not lie in a region. Shapes are equal.
    package func copy(from source: TensorView, outside region: Region) {
        precondition(shape == source.shape, "copy of \(source.shape) into \(shape)")
        for channel in 0..<shape.channels {
            let (own, other) = (plane(channel), source.plane(channel))
            for row in 0..<shape.height {
                let inside = region[row]
                for part in [0..<inside.lowerBound, inside.upperBound..<shape.width] {
                    let first = row * shape.width + part.lowerBound
                    (own + first).update(from: other + first, count: part.count)
                }
            }
        }
    }

    /// Takes over rows of another tensor, as all rows.
    package func copyRows(_ rows: Range<Int>, of source: TensorView, on pool: WorkerPool) {
        pool.forEach(shape.channels) { channel in
            plane(channel).update(
                from: source.plane(channel) + rows.lowerBound * shape.width, count: rows.count * shape.width)
        }
    }

    /// Takes over a tensor that is some rows of this one.
    /// - Parameters:
    ///   - first: the row that it begins with.
    ///   - region: of this tensor; what of the rows is written.
    package func copy(_ source: TensorView, toRow first: Int, in region: Region, on pool: WorkerPool) {
        pool.forEach(source.shape.height) { row in
            let columns = region[first + row]
            for channel in 0..<shape.channels {
                (plane(channel) + (first + row) * shape.width + columns.lowerBound).update(
                    from: source.plane(channel) + row * shape.width + columns.lowerBound, count: columns.count)
            }
        }
    }
}
