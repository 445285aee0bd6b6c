public import Media

/// A picture stream that is written into a staged file. When it is finished the file is sealed, and has no name yet.
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
        // By the descriptor that wrote: whoever opens the file later may not hear of bytes that were lost before.
        try sink.sync()
        try writer.finish()
        try file.requireSize(sink.count)
        try file.seal()
    }
}
