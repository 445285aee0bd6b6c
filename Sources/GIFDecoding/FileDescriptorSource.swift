import Glibc

/// Bytes from a file descriptor: a file, a pipe, a FIFO, a terminal, a socket.
///
/// Reads ahead what the system has, but never waits for more than the caller needs: a GIF that comes frame by frame
/// through a pipe can be decoded frame by frame. Bytes read ahead stay here for the next reader of this source.
/// For use by one thread at a time.
public final class FileDescriptorSource: ByteSource {
    private let descriptor: Int32
    private let closes: Bool
    private let buffer: UnsafeMutableRawBufferPointer
    private let keep: Keep?
    /// Offset of the next pread(2); nil: read(2) is used, at the descriptor's own place.
    private var offset: Int?
    /// The part of the buffer that nobody has taken yet.
    private var unread: Range<Int> = 0..<0

    /// Takes all bytes that are read from the descriptor.
    public typealias Keep = (UnsafeRawBufferPointer) throws(ByteSourceError) -> Void

    /// - Parameters:
    ///   - descriptor: open for reading; may be non-blocking (the source then waits with poll(2)).
    ///   - closes: whether it is closed with the end of the source; else it stays the caller's, open for as long as the
    ///     source is used.
    ///   - offset: first byte to read of a file whose descriptor others read from, too; nil: from where it stands.
    ///   - bufferSize: bytes to read ahead at most, at least 1.
    ///   - keep: called after each read, before the reader gets any of its bytes; nil: nobody wants them.
    public init(
        descriptor: Int32, closes: Bool = false, offset: Int? = nil, bufferSize: Int = 65_536, keep: Keep? = nil
    ) {
        precondition(bufferSize > 0, "a buffer of at least one byte")
        self.descriptor = descriptor
        self.closes = closes
        self.offset = offset
        self.keep = keep
        buffer = .allocate(byteCount: bufferSize, alignment: 16)
    }

    deinit {
        buffer.deallocate()
        if closes { close(descriptor) }
    }

    /// Goes back to the first byte of a file; for a source without an offset.
    public func rewind() {
        precondition(offset == nil, "a source that was made without an offset")
        unread = 0..<0
        lseek(descriptor, 0, SEEK_SET)
    }

    public func read(into target: UnsafeMutableRawBufferPointer) throws(ByteSourceError) -> Int {
        if unread.isEmpty {
            unread = 0..<(try fill())
        }
        let count = min(target.count, unread.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread.prefix(count)]))
        unread = unread.dropFirst(count)
        return count
    }

    /// Passes over bytes that are among those given.
    /// - Parameters:
    ///   - limit: how many bytes at most.
    ///   - waits: whether to read on until another byte or the end comes; otherwise there is one read at the most, and none
    ///     that has to wait.
    /// - Returns: the first other byte, or the first beyond the limit, which is the next to be read; nil where there is none.
    public func skip(_ skipped: Set<UInt8>, atMost limit: Int, waits: Bool) throws(ByteSourceError) -> UInt8? {
        var mayRead = true
        var passed = 0
        while true {
            while let next = unread.first {
                if passed == limit || !skipped.contains(buffer[next]) { return buffer[next] }
                passed += 1
                unread = unread.dropFirst()
            }
            guard mayRead, waits || hasArrived else { return nil }
            unread = 0..<(try fill())
            if unread.isEmpty { return nil }
            mayRead = waits
        }
    }

    /// Whether a read would not have to wait.
    private var hasArrived: Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 1 && Int32(wait.revents) & POLLIN != 0
    }

    /// One read(2) or pread(2), repeated while signals interrupt it.
    private func fill() throws(ByteSourceError) -> Int {
        while true {
            let count =
                offset.map { pread(descriptor, buffer.baseAddress, buffer.count, $0) }
                ?? Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                offset = offset.map { $0 + count }
                try keep?(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                return count
            }
            switch errno {
            case EINTR:
                continue
            case EAGAIN:
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&wait, 1, -1) < 0 && errno != EINTR { throw ByteSourceError(code: errno) }
            default:
                throw ByteSourceError(code: errno)
            }
        }
    }
}
