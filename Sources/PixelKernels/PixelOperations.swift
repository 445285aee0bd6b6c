import CKernels
public import Threads

/// Arithmetic on whole planes, shared out among a pool's threads. Other modules add the operations that only they need.
///
/// Each call returns when all is done. Any number of threads may use one value at once, on tensors of their own.
/// All tensors of a call have the same height and width; a region, where one is given, is what is written of the target.
public struct PixelOperations: Sendable {
    package let pool: WorkerPool
    package let kernels: Kernels

    public init(on pool: WorkerPool, kernels: Kernels = .best) {
        self.pool = pool
        self.kernels = kernels
    }

    /// target = a * x + b * y, value by value. The target may be x or y.
    public func scaledSum(
        _ a: Float, _ x: TensorView, _ b: Float, _ y: TensorView, into target: TensorView, in region: Region? = nil
    ) {
        precondition(x.shape == target.shape && y.shape == target.shape, "a sum of \(x.shape) and \(y.shape)")
        let (x, y, pointer) = (x.pointer, y.pointer, target.pointer)
        forEachPiece(of: target.shape, in: region) { first, count in
            kernels.table.scaled_sum(a, x + first, b, y + first, pointer + first, count)
        }
    }

    /// Sets target = a * x + b * y and finds where that changes it.
    /// - Parameter region: where it may change; nil: anywhere.
    /// - Returns: where it has changed in any channel.
    public func update(
        _ target: TensorView, with a: Float, _ x: TensorView, _ b: Float, _ y: TensorView, in region: Region? = nil
    ) -> Region {
        precondition(x.shape == target.shape && y.shape == target.shape, "a sum of \(x.shape) and \(y.shape)")
        let shape = target.shape
        let (x, y, pointer) = (x.pointer, y.pointer, target.pointer)
        return changes(in: shape, region) { at, count in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { values in
                let line = UnsafeMutablePointer(mutating: UnsafeBufferPointer(values).start)
                kernels.table.scaled_sum(a, x + at, b, y + at, line, count)
                return replace(pointer + at, UnsafePointer(line), count)
            }
        }
    }

    /// Sets target = source and finds where that changes it.
    /// - Parameter region: where it may change; nil: anywhere.
    /// - Returns: where it has changed in any channel.
    public func update(_ target: TensorView, with source: TensorView, in region: Region? = nil) -> Region {
        precondition(source.shape == target.shape, "an update of \(target.shape) with \(source.shape)")
        let shape = target.shape
        let (source, pointer) = (source.pointer, target.pointer)
        return changes(in: shape, region) { at, count in replace(pointer + at, source + at, count) }
    }

    /// Finds the pixels at which two tensors differ in any channel.
    /// - Parameter region: where they may differ; nil: anywhere.
    public func differences(of a: TensorView, from b: TensorView, in region: Region? = nil) -> Region {
        precondition(a.shape == b.shape, "differences of \(a.shape) from \(b.shape)")
        let shape = a.shape
        let (a, b) = (a.pointer, b.pointer)
        return changes(in: shape, region) { at, count in differences(a + at, b + at, count) }
    }

    /// Calls `body` for every row of a region in every channel, on the pool, with the index of its first value and the number
    /// of values, and collects the columns that it finds, which count from that first value.
    private func changes(
        in shape: TensorShape, _ region: Region?, _ body: (_ first: Int, _ count: Int) -> Range<Int>
    ) -> Region {
        var changed = Region(height: shape.height, width: shape.width)
        for patch in Region.patches(of: region, height: shape.height, width: shape.width) {
            let (first, left) = (patch.rows.lowerBound, patch.columns.lowerBound)
            withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: patch.rows.count) { found in
                nonisolated(unsafe) let found = found
                pool.forEach(patch.rows.count) { index in
                    let columns = (0..<shape.channels).reduce(0..<0) { columns, channel in
                        let at = channel * shape.plane + (first + index) * shape.width + left
                        return Self.hull(body(at, patch.columns.count), columns)
                    }
                    found.initializeElement(at: index, to: columns)
                }
                for (index, columns) in found.enumerated() {
                    changed.insert(
                        rows: first + index..<first + index + 1,
                        columns: left + columns.lowerBound..<left + columns.upperBound)
                }
            }
        }
        return changed
    }

    /// Makes a row equal to another.
    /// - Returns: the columns that differed.
    private func replace(
        _ row: UnsafeMutablePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int
    ) -> Range<Int> {
        let differing = differences(row, other, count)
        (row + differing.lowerBound).update(from: other + differing.lowerBound, count: differing.count)
        return differing
    }

    /// - Returns: the columns that differ, bit by bit: a NaN is equal to itself.
    private func differences(
        _ row: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int
    ) -> Range<Int> {
        var first = 0
        let length = kernels.table.difference(row, other, count, &first)
        return first..<first + length
    }

    /// The least range that holds both; an empty range adds nothing, wherever it lies.
    private static func hull(_ columns: Range<Int>, _ found: Range<Int>) -> Range<Int> {
        if columns.isEmpty { return found }
        return found.isEmpty
            ? columns
            : min(columns.lowerBound, found.lowerBound)..<max(columns.upperBound, found.upperBound)
    }

    /// target = source.
    public func copy(_ source: TensorView, into target: TensorView, in region: Region) {
        precondition(source.shape == target.shape, "copy of \(source.shape) into \(target.shape)")
        let (source, pointer) = (source.pointer, target.pointer)
        forEachPiece(of: target.shape, in: region) { first, count in
            (pointer + first).update(from: source + first, count: count)
        }
    }

    /// target = value.
    public func fill(_ target: TensorView, with value: Float, in region: Region) {
        let pointer = target.pointer
        forEachPiece(of: target.shape, in: region) { first, count in
            (pointer + first).update(repeating: value, count: count)
        }
    }

    /// Sets target = value in a region, but not in another one. Cheap where both are nearly the same.
    public func fill(_ target: TensorView, with value: Float, in region: Region, butNotIn other: Region) {
        let shape = target.shape
        precondition(other.height == shape.height && other.width == shape.width, "a region of another picture")
        for patch in Region.patches(of: region, height: shape.height, width: shape.width) {
            for row in patch.rows {
                let (columns, spared) = (patch.columns, other[row])
                let left = columns.clamped(to: 0..<(spared.isEmpty ? shape.width : spared.lowerBound))
                let right = columns.clamped(to: (spared.isEmpty ? shape.width : spared.upperBound)..<shape.width)
                for channel in 0..<shape.channels {
                    let line = target.pointer + channel * shape.plane + row * shape.width
                    (line + left.lowerBound).update(repeating: value, count: left.count)
                    (line + right.lowerBound).update(repeating: value, count: right.count)
                }
            }
        }
    }

    /// tanh of every value, in place.
    public func tanh(_ values: TensorView, in region: Region? = nil) {
        let pointer = values.pointer
        forEachPiece(of: values.shape, in: region) { first, count in kernels.table.tanh(pointer + first, count) }
    }

    /// Every value moved into `range`, in place; NaN becomes its lower bound.
    public func clamp(_ values: TensorView, to range: ClosedRange<Float> = -1...1, in region: Region? = nil) {
        let pointer = values.pointer
        forEachPiece(of: values.shape, in: region) { first, count in
            kernels.table.clamp(pointer + first, range.lowerBound, range.upperBound, count)
        }
    }

    /// The largest magnitude of any value of a region; infinite or NaN where one is.
    public func largestMagnitude(of values: TensorView, in region: Region? = nil) -> Float {
        let (shape, pointer) = (values.shape, values.pointer)
        var largest: UInt32 = 0
        for patch in Region.patches(of: region, height: shape.height, width: shape.width) {
            let (height, columns) = (patch.rows.count, patch.columns)
            let found = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: shape.channels * height) { found in
                nonisolated(unsafe) let found = found
                pool.forEach(shape.channels * height) { row in
                    let line = (row / height * shape.height + patch.rows.lowerBound + row % height) * shape.width
                    // As whole numbers, which are in the same order.
                    var most: UInt32 = 0
                    for value in UnsafeBufferPointer(start: pointer + line + columns.lowerBound, count: columns.count) {
                        most = max(most, value.bitPattern & 0x7FFF_FFFF)
                    }
                    found.initializeElement(at: row, to: most)
                }
                return found.max() ?? 0
            }
            largest = max(largest, found)
        }
        return Float(bitPattern: largest)
    }

    /// R, G, B, A bytes to 3 channels in [-1, 1]: x / 127.5 - 1. Alpha is dropped.
    public func load(rgba: UnsafeBufferPointer<UInt8>, into target: TensorView, in region: Region? = nil) {
        let plane = target.shape.plane
        precondition(target.shape.channels == 3 && rgba.count == 4 * plane, "\(rgba.count) bytes into \(target.shape)")
        let pointer = target.pointer
        forEachRun(of: target.shape, in: region) { first, count in
            kernels.table.rgba_to_planar(rgba.start + 4 * first, count, pointer + first, plane)
        }
    }

    /// 3 channels to the R, G, B of R, G, B, A bytes: (x + 1) * 127.5, clamped, to the nearest. Alpha stays as it is.
    public func store(
        _ source: TensorView, intoRGBA rgba: UnsafeMutableBufferPointer<UInt8>, in region: Region? = nil
    ) {
        let plane = source.shape.plane
        precondition(source.shape.channels == 3 && rgba.count == 4 * plane, "\(source.shape) into \(rgba.count) bytes")
        guard let pixels = rgba.baseAddress else { preconditionFailure("no pixels") }
        let pointer = source.pointer
        forEachRun(of: source.shape, in: region) { first, count in
            kernels.table.planar_to_rgba(pointer + first, plane, count, pixels + 4 * first)
        }
    }

    /// Values that one thread takes at once.
    private static let piece = 8192

    /// Calls `body` for values of all channels that lie together.
    private func forEachPiece(of shape: TensorShape, in region: Region?, _ body: (_ first: Int, _ count: Int) -> Void) {
        guard let region else { return forEachPiece(of: shape.count, body) }
        forEachRun(of: shape, in: region) { first, count in
            for channel in 0..<shape.channels { body(channel * shape.plane + first, count) }
        }
    }

    private func forEachPiece(of count: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        pool.forEach((count + Self.piece - 1) / Self.piece) { index in
            body(index * Self.piece, min(Self.piece, count - index * Self.piece))
        }
    }

    /// Calls `body` for pixels of a plane that lie together.
    package func forEachRun(of shape: TensorShape, in region: Region?, _ body: (_ first: Int, _ count: Int) -> Void) {
        guard let region else { return forEachPiece(of: shape.plane, body) }
        forEachBand(of: shape, in: region) { rows, columns in
            for row in rows { body(row * shape.width + columns.lowerBound, columns.count) }
        }
    }

    /// Calls `body` for rectangles.
    package func forEachBand(
        of shape: TensorShape, in region: Region?, _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
    ) {
        for patch in Region.patches(of: region, height: shape.height, width: shape.width) {
            let step = max(1, Self.piece / patch.columns.count)
            pool.forEach((patch.rows.count + step - 1) / step) { index in
                let first = patch.rows.lowerBound + index * step
                body(first..<min(first + step, patch.rows.upperBound), patch.columns)
            }
        }
    }
}
