/// The source of a GIF's bytes: a file, a pipe, an array.
///
/// A decoder pulls bytes from one thread, in order, and takes no byte beyond the GIF's trailer: what follows
/// stays in the source and belongs to whoever reads from it next.
public protocol ByteSource: AnyObject {
    /// Waits until at least one byte is there and copies what is there, at most `buffer.count` bytes.
    ///
    /// - Parameter buffer: at least one byte long.
    /// - Returns: the number of bytes copied; 0 at the end of the input, and at every later call.
    /// - Throws: `ByteSourceError` when the system cannot read.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int
}
