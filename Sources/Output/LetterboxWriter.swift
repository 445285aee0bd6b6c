public import Media

/// Fits every picture into one canvas before it is written.
public final class LetterboxWriter: PictureWriter {
    private let writer: any PictureWriter
    private let letterbox: Letterbox

    public init(_ writer: any PictureWriter, _ letterbox: Letterbox) {
        self.writer = writer
        self.letterbox = letterbox
    }

    public func write(_ picture: Picture) throws {
        try writer.write(letterbox.fit(picture))
    }

    public func finish() throws {
        try writer.finish()
    }
}
