import Filesystem
import Glibc

/// The reading end of a pipe that a child writes to, and the last of what came out of it. One thread at a time.
final class PipeTail {
    private let descriptor: OpenDescriptor
    private var bytes: [UInt8] = []

    /// Bytes that are kept.
    private static let capacity = 1 << 16

    /// - Parameter descriptor: nonblocking.
    init(_ descriptor: OpenDescriptor) {
        self.descriptor = descriptor
    }

    /// For poll(2); -1 after the end.
    var number: Int32 { descriptor.number }

    /// Reads what is there, without waiting.
    func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while descriptor.number >= 0 {
            let count = Glibc.read(descriptor.number, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return }
            guard count > 0 else { return descriptor.close() }
            bytes = (bytes + buffer[0..<count]).suffix(Self.capacity)
        }
    }

    /// Reads to the end of the pipe, as long as some process may write into it, but no longer than to the deadline.
    /// - Parameter deadline: of the steady clock.
    func readToEnd(until deadline: Double, now: () -> Double) {
        read()
        while descriptor.number >= 0, now() < deadline {
            var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, Int32(((deadline - now()) * 1000).rounded(.up)))
            read()
        }
        descriptor.close()
    }

    /// The lines that are not empty, fit for a message.
    var lines: [String] {
        bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { PrintableText.of($0) }
    }
}
