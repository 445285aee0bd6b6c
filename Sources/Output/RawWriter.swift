public import Media

/// Raw pixels, `rgb24` or `rgba`, one picture after the other: loses nothing.
public final class RawWriter: PictureWriter {
    private let sink: ByteSink
    private let keepsAlpha: Bool
    private let extendsColors: Bool
    private var canvas = CanvasGuard()
    private var buffer: [UInt8] = []

    /// - Parameters:
    ///   - keepsAlpha: four bytes a pixel instead of three.
    ///   - extendsColors: transparent pixels near others get their colors (see `ColorExtension`), where alpha is kept.
    public init(_ sink: ByteSink, keepsAlpha: Bool, extendsColors: Bool = false) {
        self.sink = sink
        self.keepsAlpha = keepsAlpha
        self.extendsColors = extendsColors
    }

    public func write(_ picture: Picture) throws {
        try canvas.check(picture, output: sink.name)
        guard !keepsAlpha else { return try sink.write(extendsColors ? extended(picture) : picture.pixels) }
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

    private func extended(_ picture: Picture) -> [UInt8] {
        let known = picture.pixels
        guard stride(from: 3, to: known.count, by: 4).contains(where: { known[$0] == 0 }) else { return known }
        var pixels = known
        pixels.withUnsafeMutableBufferPointer { pixels in
            let colors = ColorExtension(of: UnsafeBufferPointer(pixels), size: picture.size, in: picture.size.bounds)
            for row in 0..<picture.size.height { colors.extend(row: row, of: pixels) }
        }
        return pixels
    }

    public func finish() throws {
        try sink.close()
    }
}
