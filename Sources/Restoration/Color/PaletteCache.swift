import Media

/// The palettes of the frames in the window, prepared once each.
///
/// A GIF with one global palette prepares it once; one with local palettes once per frame. One thread at a time.
final class PaletteCache {
    /// The palettes of one frame, by id.
    struct Prepared {
        let colors: [PaletteColors?]
        let table: PaletteTable
    }

    private var known: [Palette: PaletteColors] = [:]
    private var last: (palettes: [Palette?], prepared: Prepared)?

    func prepare(_ palettes: [Palette?]) -> Prepared {
        if let last, last.palettes.elementsEqual(palettes, by: { $0 === $1 }) { return last.prepared }
        var inUse: [Palette: PaletteColors] = [:]
        let colors = palettes.map { palette -> PaletteColors? in
            guard let palette else { return nil }
            let colors = inUse[palette] ?? known[palette] ?? PaletteColors(palette)
            inUse[palette] = colors
            return colors
        }
        known = inUse
        let prepared = Prepared(colors: colors, table: PaletteTable(colors.map { $0?.rgb }))
        last = (palettes, prepared)
        return prepared
    }
}
