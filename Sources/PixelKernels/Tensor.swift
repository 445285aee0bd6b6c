/// A map of float32 values, [channels, height, width], channel by channel, row by row without gaps.
///
/// The tensor owns its storage, which starts on a 64-byte boundary and holds zeros at first. It does not guard against
/// threads: the owner of the state that a tensor belongs to decides which thread writes it. While a `forward` runs, its
/// threads write disjoint parts.
public final class Tensor: @unchecked Sendable {
    public let shape: TensorShape
    private let storage: UnsafeMutableRawBufferPointer
    /// The owner of the memory that the storage is a part of; nil where the storage is the tensor's own.
    private let owner: AnyObject?

    public init(_ shape: TensorShape) {
        (self.shape, owner) = (shape, nil)
        storage = .allocate(byteCount: shape.count * MemoryLayout<Float>.stride, alignment: 64)
        storage.initializeMemory(as: Float.self, repeating: 0)
    }

    public convenience init(_ channels: Int, _ height: Int, _ width: Int) {
        self.init(TensorShape(channels, height, width))
    }

    /// A tensor in memory of somebody else's, with whatever values lie there.
    /// - Parameters:
    ///   - start: of `shape.count` floats, on a 64-byte boundary.
    ///   - owner: keeps the memory while the tensor lives.
    package init(_ shape: TensorShape, at start: UnsafeMutableRawPointer, of owner: AnyObject) {
        (self.shape, self.owner) = (shape, owner)
        storage = .init(start: start, count: shape.count * MemoryLayout<Float>.stride)
    }

    deinit {
        if owner == nil { storage.deallocate() }
    }

    /// All channels.
    public var view: TensorView { self[0..<shape.channels] }

    /// Some channels, without a copy: how a concatenation is read and written.
    public subscript(channels: Range<Int>) -> TensorView { TensorView(self, channels: channels) }

    /// One channel.
    public subscript(channel: Int) -> TensorView { self[channel..<channel + 1] }

    /// All values, valid while `body` runs.
    public func withUnsafeMutableBufferPointer<R>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
    ) rethrows -> R {
        try withExtendedLifetime(self) { try body(values) }
    }

    /// All values, valid while `body` runs.
    public func withUnsafeBufferPointer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try withExtendedLifetime(self) { try body(UnsafeBufferPointer(values)) }
    }

    /// Valid while the tensor lives.
    package var values: UnsafeMutableBufferPointer<Float> { storage.assumingMemoryBound(to: Float.self) }
}
