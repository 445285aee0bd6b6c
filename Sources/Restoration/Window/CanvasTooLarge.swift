public import Media

/// Restoring a GIF would need more memory for its canvas than it may take.
public struct CanvasTooLarge: Error, CustomStringConvertible {
    public let size: PixelSize
    /// Bytes that it would take, about.
    public let needed: Int
    /// Bytes that it may.
    public let limit: Int
    /// The GIF, where it has a name.
    public var name: String?

    public init(size: PixelSize, needed: Int, limit: Int) {
        self.size = size
        self.needed = needed
        self.limit = limit
    }

    public var description: String {
        (name.map { "\($0): " } ?? "")
            + "restoring a canvas of \(size) takes about \(needed >> 20) MiB; the limit is \(limit >> 20) MiB "
            + "(--max-memory, limits.memory)"
    }
}
