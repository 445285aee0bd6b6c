import Media
import Output

/// Writes the pictures of several GIFs as one stream: the end of a GIF is not the stream's.
final class ContinuedWriter: PictureWriter {
    private let writer: any PictureWriter

    /// - Parameter writer: gets all pictures, and is finished by `end`.
    init(_ writer: any PictureWriter) {
        self.writer = writer
    }

    func write(_ picture: Picture) throws { try writer.write(picture) }

    func finish() {}

    /// Says that no GIF follows.
    func end() throws { try writer.finish() }
}
