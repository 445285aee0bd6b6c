/// A GIF color table: 1 to 256 colors, RGB, 8 bits each. Immutable and shared by reference.
public final class Palette: Hashable, Sendable {
    /// R, G, B, R, G, B ...: three bytes a color, as the file holds them (padding and duplicates included).
    public let rgb: [UInt8]
    /// The index that paints nothing, where the image that used this table declared one.
    public let transparentIndex: Int?

    /// - Parameters:
    ///   - rgb: three bytes a color, 1 to 256 colors.
    ///   - transparentIndex: may lie outside the table, as in some files.
    public init(rgb: [UInt8], transparentIndex: Int? = nil) {
        precondition(rgb.count % 3 == 0 && (3...768).contains(rgb.count), "1 to 256 colors of 3 bytes")
        self.rgb = rgb
        self.transparentIndex = transparentIndex
    }

    /// Number of colors.
    public var count: Int { rgb.count / 3 }

    public static func == (a: Palette, b: Palette) -> Bool {
        a === b || (a.transparentIndex == b.transparentIndex && a.rgb == b.rgb)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(transparentIndex)
        hasher.combine(rgb)
    }
}

/// The palette that painted each pixel of a canvas.
///
/// A GIF's canvas mixes pixels painted by several earlier images, each under its own color table;
/// a pixel keeps the palette that painted it until another image paints over it.
public struct PaletteMap: Sendable {
    /// One number a pixel, row by row: an index into `palettes`. 0 where no image has painted (the pixel is transparent).
    public let ids: [UInt16]
    /// The palettes by number; nil at 0 and at numbers not in use in this frame.
    public let palettes: [Palette?]

    public init(ids: [UInt16], palettes: [Palette?]) {
        self.ids = ids
        self.palettes = palettes
    }
}
