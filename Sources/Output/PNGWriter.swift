import CPNG
import Glibc
public import Media

/// Writes one picture as a PNG file, through libpng.
public enum PNGWriter {
    /// - Parameters:
    ///   - descriptor: of a new file; closed.
    ///   - name: of the file, for errors.
    /// - Throws: `OutputError`.
    public static func write(_ picture: Picture, to descriptor: Int32, name: String) throws {
        guard let file = fdopen(descriptor, "w") else {
            let code = errno
            close(descriptor)
            throw OutputError.system(output: name, call: "fdopen", errno: code)
        }
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(picture.size.width)
        image.height = png_uint_32(picture.size.height)
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
        let written = picture.pixels.withUnsafeBytes {
            png_image_write_to_stdio(&image, file, 0, $0.baseAddress, 0, nil)
        }
        let code = errno
        let isBroken = ferror(file) != 0
        // A full disk may show when the last bytes leave.
        let isClosed = fclose(file) == 0
        guard !isBroken else { throw OutputError.system(output: name, call: "write", errno: code) }
        guard written != 0 else {
            let message = withUnsafeBytes(of: image.message) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw OutputError.unsupported(output: name, reason: message)
        }
        guard isClosed else { throw OutputError.system(output: name, call: "close", errno: errno) }
    }
}
