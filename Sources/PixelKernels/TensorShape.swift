/// The extent of a planar map: channels, rows, columns.
public struct TensorShape: Hashable, Sendable, CustomStringConvertible {
    public let channels: Int
    public let height: Int
    public let width: Int

    /// - Parameters: each at least 1.
    public init(_ channels: Int, _ height: Int, _ width: Int) {
        precondition(channels > 0 && height > 0 && width > 0, "an empty tensor: \(channels) x \(height) x \(width)")
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Values in one channel.
    public var plane: Int { height * width }
    /// Values in all channels.
    public var count: Int { channels * plane }
    public var description: String { "[\(channels), \(height), \(width)]" }
}
