public import PixelKernels

/// A piece of memory in large pages out of which tensors and networks' maps get their parts, one behind the other, for a
/// while: until the next `reset` all parts are valid, afterwards none.
///
/// One thread at a time. The owner sees to it that nothing uses a part after `reset`.
public final class Arena: @unchecked Sendable {
    let memory: HugePageBuffer
    /// Bytes of the parts that are out.
    public private(set) var used = 0

    /// - Parameter byteCount: bytes of all parts between two resets: `bytes(of:)` of tensors and those of `UNet.BandPlan`.
    public init(byteCount: Int) {
        memory = HugePageBuffer(byteCount: max(byteCount, 64))
    }

    /// Takes parts back: all, or those that were handed out since that many bytes were used.
    public func reset(to mark: Int = 0) {
        precondition(mark <= used, "a reset to \(mark) of \(used) bytes")
        used = mark
    }

    /// Bytes that a tensor takes: whole cache lines.
    public static func bytes(of shape: TensorShape) -> Int { rounded(shape.count * MemoryLayout<Float>.stride) }

    /// A tensor whose values are whatever lies there.
    public func tensor(_ channels: Int, _ height: Int, _ width: Int) -> Tensor {
        part(TensorShape(channels, height, width)).rows(height).tensor
    }

    /// Room for tensors of a shape or of fewer rows, one at a time.
    public func part(_ shape: TensorShape) -> Part {
        Part(shape: shape, start: memory.base + take(Self.bytes(of: shape)), memory: memory)
    }

    public struct Part {
        fileprivate let shape: TensorShape
        fileprivate let start: UnsafeMutableRawPointer
        fileprivate let memory: HugePageBuffer

        /// A tensor of so many rows, whose values are whatever lies there.
        public func rows(_ count: Int) -> TensorView {
            precondition(count <= shape.height, "\(count) rows of \(shape)")
            return Tensor(TensorShape(shape.channels, count, shape.width), at: start, of: memory).view
        }
    }

    /// A part: its first byte.
    func take(_ byteCount: Int) -> Int {
        let start = used
        used += Self.rounded(byteCount)
        precondition(used <= memory.byteCount, "\(used) bytes of an arena of \(memory.byteCount)")
        return start
    }

    static func rounded(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
}
