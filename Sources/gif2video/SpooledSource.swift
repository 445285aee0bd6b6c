import Filesystem
import GIFDecoding

/// Bytes from a descriptor that can be read once, which are kept in a file without a name. One thread at a time.
final class SpooledSource: ByteSource {
    /// The copy: everything that was read so far.
    let file: OpenFile
    /// The reason for which the copy could not be written; nil if it could.
    private(set) var failure: InputError?

    private let descriptor: Int32
    private let name: String
    private let copy: TemporaryFile
    private lazy var source = FileDescriptorSource(
        descriptor: descriptor, keep: { [unowned self] bytes throws(ByteSourceError) in try keep(bytes) })

    /// - Parameters:
    ///   - descriptor: stays the caller's, open for as long as this is read from.
    ///   - name: what errors call it.
    /// - Throws: `InputError`.
    init(_ descriptor: Int32, name: String) throws {
        self.descriptor = descriptor
        self.name = name
        do {
            copy = try TemporaryFile()
            file = OpenFile(try copy.duplicate())
        } catch {
            throw InputError(name: name, copying: error)
        }
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        try source.read(into: target)
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) throws(ByteSourceError) {
        do {
            try copy.append(bytes)
        } catch {
            failure = InputError(name: name, copying: error)
            throw ByteSourceError(code: error.code)
        }
    }
}
