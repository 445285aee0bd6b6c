import Filesystem
import GIFDecoding
import Glibc

/// Bytes from a descriptor that can be read once, which are kept in a file without a name. One thread at a time.
final class SpooledSource: ByteSource {
    /// The copy: everything that was read so far.
    let file: OpenFile
    /// The reason for which the copy could not be written; nil if it could.
    private(set) var failure: InputError?

    private let descriptor: Int32
    private let name: String
    private let copy: TemporaryFile
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    /// The part of the buffer that nobody has taken yet.
    private var unread = 0..<0

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
        if unread.isEmpty { unread = 0..<(try fill()) }
        let count = min(target.count, unread.count)
        target.copyBytes(from: buffer[unread.prefix(count)])
        unread = unread.dropFirst(count)
        return count
    }

    private func fill() throws(ByteSourceError) -> Int {
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count >= 0 {
                try keep(count)
                return count
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&wait, 1, -1) < 0 && errno != EINTR { throw ByteSourceError(code: errno) }
            default: throw ByteSourceError(code: errno)
            }
        }
    }

    /// Writes the first bytes of the buffer behind the copy.
    private func keep(_ count: Int) throws(ByteSourceError) {
        do {
            try buffer[..<count].withUnsafeBufferPointer { (bytes) throws(TemporaryFile.Failure) in
                try copy.append(UnsafeRawBufferPointer(bytes))
            }
        } catch {
            failure = InputError(name: name, copying: error)
            throw ByteSourceError(code: error.code)
        }
    }
}
