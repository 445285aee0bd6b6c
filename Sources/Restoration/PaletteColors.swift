import Media

/// What restoration asks of one palette: the colors that can have painted a pixel, and how far apart they lie.
///
/// Immutable, made once per palette.
final class PaletteColors: Sendable {
    /// The distinct colors in table order, without the transparent one: R, G, B, R, G, B ...
    let rgb: [UInt8]
    /// Per color of `rgb`: half the distance to the nearest other color, in units of the [-1, 1] range, at most `limit`.
    private let radius: [UInt32: Float]

    /// Upper bound of the radius, and its value in a palette of one color.
    static let limit: Float = 1

    init(_ palette: Palette) {
        var seen: Set<UInt32> = []
        var keys: [UInt32] = []
        for index in 0..<palette.count where index != palette.transparentIndex {
            let key = Self.key(palette.rgb[index * 3], palette.rgb[index * 3 + 1], palette.rgb[index * 3 + 2])
            if seen.insert(key).inserted { keys.append(key) }
        }
        rgb = keys.flatMap { [UInt8($0 >> 16), UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
        let colors = keys.map { SIMD3(Int32($0 >> 16), Int32($0 >> 8 & 255), Int32($0 & 255)) }
        var radius: [UInt32: Float] = [:]
        for (index, color) in colors.enumerated() {
            var nearest = Int32.max
            for (other, candidate) in colors.enumerated() where other != index {
                let difference = color &- candidate
                nearest = min(nearest, (difference &* difference).wrappedSum())
            }
            radius[keys[index]] = nearest == .max ? Self.limit : min(Self.limit, Float(nearest).squareRoot() / 255)
        }
        self.radius = radius
    }

    /// A color as one number.
    static func key(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
        UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }

    /// The radius of a color; 0 for one that the palette does not hold.
    func radius(of key: UInt32) -> Float { radius[key] ?? 0 }
}
