public import GIFDecoding
public import Media
public import Output
public import Restoration

extension RestorationOptions {
    /// A writer that fits pictures into `size` before `writer` gets them, with bars, if any, of the background, clear ones
    /// where transparency is kept; `writer` itself where no size is asked for. One for each GIF: how pictures are scaled is
    /// decided once (see `Letterbox.Scaler`).
    public func letterboxed(
        _ writer: any PictureWriter, to size: PixelSize?, scaler: Letterbox.Scaler,
        fit: Letterbox.Fit = .letterbox
    ) -> any PictureWriter {
        guard let size else { return writer }
        let fill = keepsAlpha ? (0, 0, 0, 0) : (background.red, background.green, background.blue, UInt8(255))
        return LetterboxWriter(writer, Letterbox(canvas: size, fill: fill, fit: fit, scaler: scaler))
    }
}

extension OutputSize {
    /// The size for a GIF's canvas.
    /// - Parameters:
    ///   - limits: what a factor's pictures have to keep within, as a canvas has.
    ///   - name: what the error calls the GIF.
    /// - Throws: `GIFDecodingError` where a factor makes too much of the canvas.
    public func size(
        of canvas: PixelSize, _ limits: DecodingLimits, name: String
    ) throws(GIFDecodingError) -> PixelSize {
        let size = size(of: canvas)
        if case .factor = self, let excess = limits.excess(ofScaled: size, from: canvas) {
            throw GIFDecodingError(.limitExceeded(excess), name: name)
        }
        return size
    }
}
