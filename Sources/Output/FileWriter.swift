public import Media

/// Writes a picture stream into a staged file. When it is finished the file is complete; its owner seals and publishes it.
public final class FileWriter: PictureWriter {
    private let file: StagedFile
    private let sink: ByteSink
    private let writer: any PictureWriter

    /// - Parameter makeWriter: makes the writer for the growing file.
    /// - Throws: `SystemError` when the file cannot be created.
    public init(_ file: StagedFile, _ makeWriter: (ByteSink) -> any PictureWriter) throws {
        self.file = file
        sink = ByteSink(descriptor: try file.create(), name: "\(file.path)", closes: true)
        writer = makeWriter(sink)
    }

    public func write(_ picture: Picture) throws {
        try writer.write(picture)
    }

    /// - Throws: `OutputError`, `SystemError`.
    public func finish() throws {
        try writer.finish()
        try file.requireSize(sink.count)
    }
}
