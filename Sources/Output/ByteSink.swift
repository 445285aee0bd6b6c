import Glibc
public import Threads

/// Writes bytes to a file descriptor, all of them or an error.
///
/// One thread at a time. Does not buffer: what was written has left the process, so that a reader
/// sees each picture as soon as it exists. Blocks while the reader is slow.
public final class ByteSink {
    /// The name in error messages: a path, or "standard output".
    public let name: String
    private var descriptor: Int32?
    private let closes: Bool
    private let stop: StopSignal?
    private let waitForRoom: (() throws -> Void)?
    /// Bytes that were written so far.
    public private(set) var count = 0

    /// - Parameters:
    ///   - descriptor: open for writing.
    ///   - closes: whether `close` and the end of this object close it.
    ///   - stop: when it is raised, a write that waits for its reader fails with ECANCELED. Needs a nonblocking descriptor.
    public init(descriptor: Int32, name: String, closes: Bool, stop: StopSignal? = nil) {
        self.descriptor = descriptor
        self.name = name
        self.closes = closes
        self.stop = stop
        waitForRoom = nil
    }

    /// - Parameters:
    ///   - descriptor: nonblocking; closed by `close` and at the end of this object.
    ///   - waitForRoom: waits until the reader takes bytes again.
    init(descriptor: Int32, name: String, waitForRoom: @escaping () throws -> Void) {
        self.descriptor = descriptor
        self.name = name
        closes = true
        stop = nil
        self.waitForRoom = waitForRoom
    }

    deinit {
        try? close()
    }

    /// - Throws: `OutputError.readerGone` on EPIPE (SIGPIPE must be ignored), else `OutputError.system`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let descriptor else { preconditionFailure("write after close") }
        var rest = bytes
        while !rest.isEmpty {
            let taken = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if taken >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
                count += taken
            } else if errno == EPIPE {
                throw OutputError.readerGone(name)
            } else if errno == EAGAIN {
                try waitForReader(descriptor)
            } else if errno != EINTR {
                throw OutputError.system(output: name, call: "write", errno: errno)
            }
        }
    }

    private func waitForReader(_ descriptor: Int32) throws {
        if let waitForRoom { return try waitForRoom() }
        guard let stop else {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wait, 1, -1)
            return
        }
        if stop.wait(for: descriptor, events: POLLOUT) == 0 {
            throw OutputError.system(output: name, call: "write", errno: ECANCELED)
        }
    }

    public func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Closes the descriptor; a second call does nothing.
    public func close() throws {
        guard let open = descriptor else { return }
        descriptor = nil
        if closes, Glibc.close(open) != 0, errno != EINTR {
            throw OutputError.system(output: name, call: "close", errno: errno)
        }
    }
}
