/// One composited GIF frame: the whole canvas as a viewer shows it, with what restoration needs to know about it.
public struct Frame: Sendable {
    /// Of color and palette number.
    public static let bytesPerPixel = 6

    /// Number of the frame in its stream, from 0.
    public let index: Int
    public let size: PixelSize
    /// R, G, B, A a pixel, row by row; straight alpha, 0 or 255; R = G = B = 0 where alpha is 0.
    public let pixels: [UInt8]
    /// The palette of every pixel.
    public let paletteMap: PaletteMap
    /// When the frame appears, in centiseconds from the first frame.
    public let start: Int
    /// How long it stays, in centiseconds, at least 2 (a delay of 0 or 1 plays as 10).
    public let duration: Int
    /// The smallest rectangle around all pixels that differ from the frame before, in color, alpha or palette;
    /// empty for a repeated frame, the whole canvas for the first.
    public let changed: PixelRect

    public init(
        index: Int, size: PixelSize, pixels: [UInt8], paletteMap: PaletteMap, start: Int, duration: Int,
        changed: PixelRect
    ) {
        precondition(pixels.count == size.area * 4 && paletteMap.ids.count == size.area, "one value a pixel")
        self.index = index
        self.size = size
        self.pixels = pixels
        self.paletteMap = paletteMap
        self.start = start
        self.duration = duration
        self.changed = changed
    }
}

/// One restored picture on its way to a sink.
public struct Picture: Sendable {
    public static let bytesPerPixel = 4

    public let size: PixelSize
    /// R, G, B, A a pixel, row by row; straight alpha.
    public let pixels: [UInt8]
    /// When it appears and how long it stays, in seconds.
    public let start: Rational
    public let duration: Rational

    public init(size: PixelSize, pixels: [UInt8], start: Rational, duration: Rational) {
        precondition(pixels.count == size.area * 4, "four bytes a pixel")
        self.size = size
        self.pixels = pixels
        self.start = start
        self.duration = duration
    }

    /// Whether both show the very same pixels, as pictures do that repeat one another; false says nothing.
    public func sharesPixels(with other: Picture) -> Bool {
        pixels.withUnsafeBufferPointer { a in
            other.pixels.withUnsafeBufferPointer { b in a.baseAddress == b.baseAddress }
        }
    }
}
