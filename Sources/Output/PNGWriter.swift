import CPNG
public import Media

/// Writes one picture as a PNG file, through libpng.
public enum PNGWriter {
    /// - Throws: `OutputError.unsupported` with libpng's word.
    public static func write(_ picture: Picture, to path: String) throws {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(picture.size.width)
        image.height = png_uint_32(picture.size.height)
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
        let written = picture.pixels.withUnsafeBytes {
            png_image_write_to_file(&image, path, 0, $0.baseAddress, 0, nil)
        }
        guard written != 0 else {
            let message = withUnsafeBytes(of: image.message) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw OutputError.unsupported(output: path, reason: message)
        }
    }
}
