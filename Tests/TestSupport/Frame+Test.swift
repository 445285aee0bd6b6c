public import Media

extension Frame {
    /// A frame painted from one palette; pixels of index nil are transparent.
    /// - Parameter changed: the whole canvas unless told otherwise.
    public static func painted(
        _ index: Int, width: Int, height: Int, palette: Palette, start: Int, duration: Int, changed: PixelRect? = nil,
        _ color: (Int, Int) -> Int?
    ) -> Frame {
        var pixels: [UInt8] = []
        var ids: [UInt16] = []
        for y in 0..<height {
            for x in 0..<width {
                if let entry = color(x, y) {
                    pixels += palette.rgb[entry * 3..<entry * 3 + 3] + [255]
                    ids.append(1)
                } else {
                    pixels += [0, 0, 0, 0]
                    ids.append(0)
                }
            }
        }
        let size = PixelSize(width: width, height: height)
        return Frame(
            index: index, size: size, pixels: pixels, paletteMap: PaletteMap(ids: ids, palettes: [nil, palette]),
            start: start, duration: duration, changed: changed ?? size.bounds)
    }
}

extension Palette {
    /// Grays from black to white.
    public static func grays(_ count: Int) -> Palette {
        Palette(rgb: (0..<count).flatMap { [UInt8](repeating: UInt8($0 * 255 / max(count - 1, 1)), count: 3) })
    }
}
