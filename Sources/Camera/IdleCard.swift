import Media

/// The picture that a camera shows before its first GIF: three dots on dark gray.
enum IdleCard {
    private static let ground = 40.0
    private static let dot = 150.0

    static func picture(_ size: PixelSize) -> Picture {
        let radius = Double(min(size.width, size.height)) / 32
        let middle = (x: Double(size.width) / 2, y: Double(size.height) / 2)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(size.area * 4)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let down = Double(y) + 0.5 - middle.y
                // The distance to the nearest dot's edge, as the share of the pixel that is inside.
                let share = (-1...1).map { index -> Double in
                    let across = Double(x) + 0.5 - middle.x - Double(index) * 4 * radius
                    return min(max(radius - (across * across + down * down).squareRoot() + 0.5, 0), 1)
                }.reduce(0, max)
                let gray = UInt8((ground + (dot - ground) * share).rounded())
                pixels += [gray, gray, gray, 255]
            }
        }
        return Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))
    }
}
