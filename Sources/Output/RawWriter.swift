public import Media

/// Raw pixels, `rgb24` or `rgba`, one picture after the other: loses nothing.
public final class RawWriter: PictureWriter {
    private let sink: ByteSink
    private let keepsAlpha: Bool
    private var canvas = CanvasGuard()
    private var buffer: [UInt8] = []

    /// - Parameter keepsAlpha: four bytes a pixel instead of three.
    public init(_ sink: ByteSink, keepsAlpha: Bool) {
        self.sink = sink
        self.keepsAlpha = keepsAlpha
    }

    public func write(_ picture: Picture) throws {
        try canvas.check(picture, output: sink.name)
        guard !keepsAlpha else { return try sink.write(picture.pixels) }
        let area = picture.size.area
        if buffer.count != area * 3 { buffer = [UInt8](repeating: 0, count: area * 3) }
        picture.pixels.withUnsafeBufferPointer { source in
            buffer.withUnsafeMutableBufferPointer { target in
                for pixel in 0..<area {
                    target[pixel * 3] = source[pixel * 4]
                    target[pixel * 3 + 1] = source[pixel * 4 + 1]
                    target[pixel * 3 + 2] = source[pixel * 4 + 2]
                }
            }
        }
        try sink.write(buffer)
    }

    public func finish() throws {
        try sink.close()
    }
}
