public import Media

/// The most that a GIF may ask for. A GIF that asks for more fails before anything is allocated.
public struct DecodingLimits: Hashable, Sendable {
    /// Pixels of the canvas, and of any one image.
    public var maxCanvasPixels: Int
    /// Frames handed out; nil for no limit.
    public var maxFrames: Int?
    /// Bytes the decoder holds for its canvas and its copies: `bytesPerPixel` a canvas pixel.
    public var maxMemory: Int
    /// Seconds that a GIF may play for, at most `longestDuration`; nil for no limit, where nothing is computed with times.
    public var maxDuration: Int?
    /// Bytes without a pixel, one after the other: extensions, NUL bytes, image data beyond what its pixels can need.
    public var maxPadding: Int

    /// Canvas, the copy handed out, the copy handed out before, and what disposal 3 restores: each 4 bytes of color
    /// and 2 bytes of palette number.
    public static let bytesPerPixel = 24
    /// The largest `maxDuration`, in seconds: with longer GIFs, times would not stay exact (`Rational`).
    public static let longestDuration = 1_000_000_000
    /// The usual `maxDuration`, in seconds: an hour.
    public static let usualDuration = 3600
    /// The usual `maxPadding`: 16 MiB, several times what the largest metadata take.
    public static let usualPadding = 16 << 20

    public init(
        maxCanvasPixels: Int, maxFrames: Int?, maxMemory: Int, maxDuration: Int? = usualDuration,
        maxPadding: Int = usualPadding
    ) {
        self.maxCanvasPixels = maxCanvasPixels
        self.maxFrames = maxFrames
        self.maxMemory = maxMemory
        self.maxDuration = maxDuration
        self.maxPadding = maxPadding
    }

    /// 64 Mi pixels (8192 x 8192), 2 GiB, an hour, 16 MiB of padding, and no limit on frames: they leave one by one and may
    /// come from a pipe for long.
    public static let standard = DecodingLimits(maxCanvasPixels: 1 << 26, maxFrames: nil, maxMemory: 1 << 31)

    /// Says by how much a canvas of this size exceeds the limits; nil when it does not.
    func excess(ofCanvas size: PixelSize) -> String? {
        if size.area > maxCanvasPixels {
            return "a canvas of \(size) pixels, more than the limit of \(pixelLimit)"
        }
        let memory = size.area * Self.bytesPerPixel
        if memory > maxMemory {
            return "a canvas of \(size) pixels needs \(memory) bytes of memory, more than the limit of \(maxMemory) "
                + "(--max-memory, limits.memory)"
        }
        return nil
    }

    /// Says by how much pictures of this size, which a canvas of another size is scaled to, exceed the limits; nil when they do
    /// not.
    public func excess(ofScaled size: PixelSize, from canvas: PixelSize) -> String? {
        let scaled = "a canvas of \(canvas) would become pictures of \(size)"
        let longest = PixelSize.sides.upperBound
        if max(size.width, size.height) > longest {
            return "\(scaled), more than \(longest) pixels on a side; a smaller --size helps"
        }
        return size.area > maxCanvasPixels ? "\(scaled) pixels, more than the limit of \(pixelLimit)" : nil
    }

    /// Says by how much an image of this size, most of which may lie outside the canvas, exceeds the limits; nil when it does not.
    func excess(ofImage rect: PixelRect) -> String? {
        rect.width * rect.height > maxCanvasPixels
            ? "an image of \(rect.width)x\(rect.height) pixels, more than the limit of \(pixelLimit)" : nil
    }

    /// Says by how much so many frames exceed the limits; nil when they do not.
    func excess(ofFrames count: Int) -> String? {
        guard let maxFrames, count > maxFrames else { return nil }
        return "more frames than the limit of \(maxFrames) (--max-frames, limits.frames)"
    }

    /// Says by how much a playing time, in centiseconds, exceeds the limits; nil when it does not.
    public func excess(ofDuration duration: Int) -> String? {
        guard let maxDuration, duration > 100 * maxDuration else { return nil }
        return "it plays for more than the limit of \(maxDuration) s (--max-duration, limits.duration)"
    }

    /// Bytes that may come from an image's header on until its data end: padding, and four for each pixel, which is more than
    /// the worst encoder writes.
    func bytes(ofImage rect: PixelRect) -> Int {
        let (bytes, overflows) = (4 * min(rect.area, maxCanvasPixels, 1 << 40)).addingReportingOverflow(maxPadding)
        return overflows ? .max : bytes
    }

    /// Says that a GIF holds more padding than is allowed.
    public var paddingExcess: String {
        let limit = maxPadding.isMultiple(of: 1 << 20) ? "\(maxPadding >> 20) MiB" : "\(maxPadding) bytes"
        return "more than the limit of \(limit) without a pixel (--max-padding, limits.padding)"
    }

    private var pixelLimit: String { "\(maxCanvasPixels) pixels (--max-megapixels, limits.megapixels)" }
}
