import CLinux
import Foundation

/// A connection that sends whatever bytes a test wants.
final class RawClient {
    private let descriptor: Int32
    private var input: [UInt8] = []

    init?(_ path: String) {
        descriptor = clinux_connect(path)
        if descriptor < 0 { return nil }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    static func listen(_ path: String) -> Int32 { clinux_listen(path, 0o600, 128) }

    /// - Returns: false when the server has closed.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says that nothing more will be sent.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next message without its NUL; nil when the server has closed.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = input.firstIndex(of: 0) {
                defer { input.removeSubrange(...end) }
                return String(decoding: input[..<end], as: UTF8.self)
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            input += buffer[0..<count]
        }
    }
}
