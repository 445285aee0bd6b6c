import Media

/// What a GIF may ask for at most. A GIF that asks for more fails before anything is allocated.
public struct DecodingLimits: Hashable, Sendable {
    /// Pixels of the canvas, and of any one image.
    public var maxCanvasPixels: Int
    /// Frames handed out; nil for no limit.
    public var maxFrames: Int?
    /// Bytes the decoder holds for its canvas and its copies: `bytesPerPixel` a canvas pixel.
    public var maxMemory: Int

    /// Canvas, the copy handed out, the copy handed out before, and what disposal 3 restores: each 4 bytes of color
    /// and 2 bytes of palette number.
    public static let bytesPerPixel = 24

    public init(maxCanvasPixels: Int, maxFrames: Int?, maxMemory: Int) {
        self.maxCanvasPixels = maxCanvasPixels
        self.maxFrames = maxFrames
        self.maxMemory = maxMemory
    }

    /// 64 Mi pixels (8192 x 8192), 2 GiB, and no limit on frames: they leave one by one and may come from a pipe
    /// without end.
    public static let standard = DecodingLimits(maxCanvasPixels: 1 << 26, maxFrames: nil, maxMemory: 1 << 31)

    /// What is too much about a canvas of this size; nil when nothing is.
    func excess(ofCanvas size: PixelSize) -> String? {
        if size.area > maxCanvasPixels {
            return "a canvas of \(size) pixels, more than the limit of \(maxCanvasPixels) pixels"
        }
        let memory = size.area * Self.bytesPerPixel
        if memory > maxMemory {
            return "a canvas of \(size) pixels needs \(memory) bytes of memory, more than the limit of \(maxMemory)"
        }
        return nil
    }

    /// What is too much about an image of this size, most of which may lie outside the canvas; nil when nothing is.
    func excess(ofImage rect: PixelRect) -> String? {
        rect.width * rect.height > maxCanvasPixels
            ? "an image of \(rect.width)x\(rect.height) pixels, more than the limit of \(maxCanvasPixels) pixels" : nil
    }
}
