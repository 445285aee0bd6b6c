public import Media

/// The networks would need more memory for a GIF's canvas than they may take.
public struct CanvasTooLarge: Error, CustomStringConvertible {
    public let size: PixelSize
    /// Bytes that they may take.
    public let limit: Int
    /// The GIF, where it has a name.
    public var name: String?

    public init(size: PixelSize, limit: Int) {
        self.size = size
        self.limit = limit
    }

    public var description: String {
        let needed = Restorer.memory(for: size) >> 20
        return (name.map { "\($0): " } ?? "")
            + "restoring a canvas of \(size) takes about \(needed) MiB; the limit is \(limit >> 20) MiB"
    }
}
