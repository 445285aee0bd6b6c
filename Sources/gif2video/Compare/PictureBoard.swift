import Media

/// A neutral gray picture that parts of others are put onto.
struct PictureBoard {
    /// Pixels between two pictures.
    static let gap = 8
    private static let gray: UInt8 = 96

    let size: PixelSize
    private(set) var pixels: [UInt8]

    init(_ size: PixelSize) {
        self.size = size
        pixels = [UInt8](repeating: Self.gray, count: size.area * 4)
        for alpha in stride(from: 3, to: pixels.count, by: 4) { pixels[alpha] = 255 }
    }

    /// Shows `part` of a picture, every pixel `zoom` times as large, with its upper left corner at a place that leaves room for it.
    mutating func show(_ picture: Picture, part: PixelRect, zoom: Int, left: Int, top: Int) {
        for y in 0..<part.height * zoom {
            for x in 0..<part.width * zoom {
                let source = ((part.y + y / zoom) * picture.size.width + part.x + x / zoom) * 4
                let target = ((top + y) * size.width + left + x) * 4
                for channel in 0..<3 { pixels[target + channel] = picture.pixels[source + channel] }
            }
        }
    }
}
