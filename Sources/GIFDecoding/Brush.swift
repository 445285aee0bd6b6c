import Media

/// The colors an image paints with, ready for the canvas.
struct Brush {
    /// 256 colors as the canvas holds them. Indices beyond the palette paint opaque black, as ffmpeg, Pillow and
    /// wuffs (Chromium) do.
    let colors: [UInt32]
    /// The index that paints nothing, or -1.
    let transparentIndex: Int
    let paletteNumber: UInt16

    init(palette: Palette, number: UInt16) {
        var colors = [UInt32](repeating: 0xFF00_0000, count: 256)
        for index in 0..<palette.count {
            colors[index] |= UInt32(palette.rgb[3 * index])
            colors[index] |= UInt32(palette.rgb[3 * index + 1]) << 8
            colors[index] |= UInt32(palette.rgb[3 * index + 2]) << 16
        }
        self.init(colors: colors, transparentIndex: palette.transparentIndex ?? -1, paletteNumber: number)
    }

    private init(colors: [UInt32], transparentIndex: Int, paletteNumber: UInt16) {
        self.colors = colors
        self.transparentIndex = transparentIndex
        self.paletteNumber = paletteNumber
    }

    /// The same colors with another index that paints nothing.
    func withTransparentIndex(_ index: Int) -> Brush {
        Brush(colors: colors, transparentIndex: index, paletteNumber: paletteNumber)
    }
}
