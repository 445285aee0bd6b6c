public import Media

/// A picture stream in a file that appears under its name when it is complete.
public final class FileWriter: PictureWriter {
    private let file: AtomicFile
    private let writer: any PictureWriter

    /// - Parameters:
    ///   - path: where the finished file goes.
    ///   - makeWriter: makes the writer for the open partial file.
    /// - Throws: `OutputError.system` when the file cannot be created.
    public convenience init(path: String, _ makeWriter: (ByteSink) -> any PictureWriter) throws {
        try self.init(AtomicFile(path: path), makeWriter)
    }

    /// - Throws: `OutputError.system` when the file cannot be created.
    public init(_ file: AtomicFile, _ makeWriter: (ByteSink) -> any PictureWriter) throws {
        self.file = file
        writer = makeWriter(try ByteSink(creating: file.partialPath))
    }

    /// The unfinished file, for whoever must remove it when the process is killed.
    public var partialPath: String { file.partialPath }

    public func write(_ picture: Picture) throws {
        try writer.write(picture)
    }

    public func finish() throws {
        try writer.finish()
        try file.commit()
    }
}
