import Media

/// The colors of one palette that can have painted a pixel, how far apart they lie, and how far the Voronoi cell of each
/// reaches: the colors that it is the nearest to.
///
/// Immutable, made once per palette.
final class PaletteColors: Sendable {
    /// How far a cell reaches along +R, -R, +G, -G, +B, -B, in units of the [-1, 1] range: at most `limit`, and not beyond the
    /// range. The last two are 0.
    typealias Reach = SIMD8<Float>

    /// The distinct colors in table order, without the transparent one: R, G, B, R, G, B ...
    let rgb: [UInt8]
    /// Per color of `rgb`: half the distance to the nearest other color, in units of the [-1, 1] range, at most `limit`.
    private let radii: [Float]
    private let reaches: [Reach]
    /// Hashed places of keys, the next free one after each; `rgb`'s colors at `places`. A power of two.
    private let keys: [UInt32]
    private let places: [UInt16]

    /// Upper bound of the radius and of what a cell reaches: their values in a palette of one color.
    static let limit: Float = 1
    /// More than twice the colors of a palette: searches are short.
    private static let slots = 1024
    private static let free = UInt32.max

    init(_ palette: Palette) {
        var keys = [UInt32](repeating: Self.free, count: Self.slots)
        var places = [UInt16](repeating: 0, count: Self.slots)
        var colors: [SIMD3<Int32>] = []
        for index in 0..<palette.count where index != palette.transparentIndex {
            let (red, green, blue) = (
                palette.rgb[index * 3], palette.rgb[index * 3 + 1], palette.rgb[index * 3 + 2]
            )
            let key = Self.key(red, green, blue)
            let slot = keys.withUnsafeBufferPointer { Self.slot(of: key, in: $0) }
            guard keys[slot] == Self.free else { continue }
            keys[slot] = key
            places[slot] = UInt16(colors.count)
            colors.append(SIMD3(Int32(red), Int32(green), Int32(blue)))
        }
        rgb = colors.flatMap { [UInt8($0.x), UInt8($0.y), UInt8($0.z)] }
        (self.keys, self.places) = (keys, places)
        var radii: [Float] = []
        var reaches: [Reach] = []
        for color in colors {
            var nearest = Int32.max
            // Room to the ends of the range.
            var reach = Reach(repeating: 0)
            for channel in 0..<3 {
                reach[2 * channel] = min(Self.limit, Float(255 - color[channel]) / 127.5)
                reach[2 * channel + 1] = min(Self.limit, Float(color[channel]) / 127.5)
            }
            for candidate in colors where candidate != color {
                let offset = candidate &- color
                let square = (offset &* offset).wrappedSum()
                nearest = min(nearest, square)
                // The border with another color lies where |x|^2 = |x - offset|^2.
                for channel in 0..<3 where offset[channel] != 0 {
                    let side = 2 * channel + (offset[channel] > 0 ? 0 : 1)
                    reach[side] = min(reach[side], Float(square) / Float(255 * abs(offset[channel])))
                }
            }
            radii.append(nearest == .max ? Self.limit : min(Self.limit, Float(nearest).squareRoot() / 255))
            reaches.append(reach)
        }
        (self.radii, self.reaches) = (radii, reaches)
    }

    /// A color as one number.
    static func key(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
        UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }

    /// The slot of a key, or the one that it would take.
    private static func slot(of key: UInt32, in keys: UnsafeBufferPointer<UInt32>) -> Int {
        var slot = Int((key &* 0x9E37_79B1) >> 22)
        while keys[slot] != key && keys[slot] != free { slot = (slot + 1) & (slots - 1) }
        return slot
    }

    private func place(of key: UInt32) -> Int? {
        keys.withUnsafeBufferPointer { keys in
            let slot = Self.slot(of: key, in: keys)
            return keys[slot] == key ? Int(places[slot]) : nil
        }
    }

    /// The radius of a color; 0 for one that the palette does not hold.
    func radius(of key: UInt32) -> Float { place(of: key).map { radii[$0] } ?? 0 }

    /// How far a color's cell reaches; 0 for one that the palette does not hold.
    func reach(of key: UInt32) -> Reach { place(of: key).map { reaches[$0] } ?? Reach(repeating: 0) }
}
