public import Media
public import Output
public import Restoration

extension RestorationOptions {
    /// A writer that fits pictures into `size` before `writer` gets them, with bars of the background, clear ones where
    /// transparency is kept; `writer` itself where no size is asked for.
    public func letterboxed(_ writer: any PictureWriter, to size: PixelSize?) -> any PictureWriter {
        guard let size else { return writer }
        let fill = keepsAlpha ? (0, 0, 0, 0) : (background.red, background.green, background.blue, UInt8(255))
        return LetterboxWriter(writer, Letterbox(canvas: size, fill: fill))
    }
}
