/// One image of a GIF to be written, with every field under the test's control.
public struct GIFImage: Sendable {
    public var x = 0
    public var y = 0
    public var width: Int
    public var height: Int
    /// Palette indices row by row, top to bottom (the writer reorders interlaced images).
    public var indices: [UInt8]
    /// R, G, B of the local color table: 2, 4, 8 ... 256 colors; nil for none.
    public var palette: [UInt8]?
    public var isInterlaced = false
    /// Centiseconds; nil for an image without a graphic control, which then has neither disposal nor transparency.
    public var delay: Int?
    /// 0 to 7.
    public var disposal = 0
    public var transparentIndex: UInt8?
    /// Bits of an index in the LZW data.
    public var codeSize = 8
    public var style = LZWEncoder.Style.clearWhenFull

    public init(width: Int, height: Int, indices: [UInt8]) {
        self.width = width
        self.height = height
        self.indices = indices
    }

    /// An image of one index.
    public init(width: Int, height: Int, index: UInt8) {
        self.init(width: width, height: height, indices: [UInt8](repeating: index, count: width * height))
    }

    /// A copy with some fields changed.
    public func with(_ change: (inout GIFImage) -> Void) -> GIFImage {
        var copy = self
        change(&copy)
        return copy
    }

    /// The indices in file order.
    public var fileOrder: [UInt8] {
        guard isInterlaced else { return indices }
        let rows = [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { Array(stride(from: $0.0, to: height, by: $0.1)) }
        return rows.flatMap { indices[$0 * width..<($0 + 1) * width] }
    }
}
