import CLinux
import FoundationEssentials
import Glibc

/// A connection to a Varlink server. One thread at a time; everything blocks.
public final class VarlinkClient {
    /// The reason for which there is no connection, or none any more.
    public struct ConnectionError: Error, CustomStringConvertible {
        public let path: String
        /// errno; 0 when the server closed the connection.
        public let code: Int32

        public var description: String {
            "\(path): " + (code == 0 ? "the connection was closed" : String(cString: strerror(code)))
        }
    }

    private let path: String
    private let descriptor: Int32
    private var input: [UInt8] = []

    /// Connects to the socket at `path`.
    /// - Throws: `ConnectionError`.
    public convenience init(path: String) throws {
        try self.init(path, shownAs: path)
    }

    /// Connects to the socket at a path of any bytes.
    /// - Parameter name: what errors call it.
    /// - Throws: `ConnectionError`.
    public init(_ path: UnsafePointer<CChar>, shownAs name: String) throws {
        self.path = name
        descriptor = clinux_connect(path)
        guard descriptor >= 0 else { throw ConnectionError(path: name, code: errno) }
    }

    deinit {
        close(descriptor)
    }

    private struct Reply<Parameters: Decodable>: Decodable {
        var parameters: Parameters?
    }

    private struct Header: Decodable {
        var error: String?
        var continues: Bool?
    }

    /// Calls a method and waits for its reply.
    /// - Parameter method: with its interface.
    /// - Throws: `VarlinkError` when that is the reply, `ConnectionError`.
    public func call<R: Decodable>(_ method: String, _ parameters: some Encodable, as type: R.Type) throws -> R {
        try send(VarlinkMessage.call(method, parameters, more: false))
        return try receive(type).parameters
    }

    /// Calls a method with `more` and hands on its replies, until `body` returns false or the last one came.
    /// - Throws: as `call`, and what `body` throws.
    public func stream<R: Decodable>(
        _ method: String, _ parameters: some Encodable, as type: R.Type, _ body: (R) throws -> Bool
    ) throws {
        try send(VarlinkMessage.call(method, parameters, more: true))
        while true {
            let (parameters, continues) = try receive(type)
            guard try body(parameters), continues else { return }
        }
    }

    private func receive<R: Decodable>(_ type: R.Type) throws -> (parameters: R, continues: Bool) {
        let message = Data(try nextMessage())
        let header = try JSONDecoder().decode(Header.self, from: message)
        if let error = header.error {
            let parameters = try JSONDecoder().decode(Reply<[String: JSON]>.self, from: message).parameters
            throw VarlinkError(error, parameters ?? [:])
        }
        guard let parameters = try JSONDecoder().decode(Reply<R>.self, from: message).parameters else {
            return (try JSONDecoder().decode(R.self, from: Data("{}".utf8)), header.continues ?? false)
        }
        return (parameters, header.continues ?? false)
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw ConnectionError(path: path, code: errno)
            }
        }
    }

    private func nextMessage() throws -> [UInt8] {
        var searched = 0
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = input[searched...].firstIndex(of: 0) {
                defer { input.removeSubrange(...end) }
                return Array(input[..<end])
            }
            searched = input.count
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                input += buffer[0..<count]
            } else if count == 0 {
                throw ConnectionError(path: path, code: 0)
            } else if errno != EINTR {
                throw ConnectionError(path: path, code: errno)
            }
        }
    }
}
