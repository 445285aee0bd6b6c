import CLinux
import Glibc
import Threads

/// Answers HTTP requests for `/metrics` on a Unix socket, one client after the other, on a thread of its own.
final class MetricsEndpoint: Sendable {
    /// Bytes of a request.
    private static let requestLimit = 8192
    /// Seconds that a client has to send its request, and to take the answer.
    private static let patience = 2.0

    private let socket: ControlSocket
    private let report: @Sendable () throws -> [MetricFamily]
    private let stop = StopSignal()
    private let thread = Monitor<NamedThread?>(nil)

    /// - Parameters:
    ///   - socket: listening, nonblocking; closed and removed at the end.
    ///   - report: asked for every answer.
    init(socket: ControlSocket, report: @escaping @Sendable () throws -> [MetricFamily]) {
        self.socket = socket
        self.report = report
    }

    /// Once.
    /// - Throws: `NamedThread.Failure`.
    func start() throws {
        let started = try NamedThread("metrics") { [self] in serve() }
        thread.withLock { $0 = started }
    }

    /// Returns when the thread has ended.
    func end() {
        stop.raise()
        thread.withLock { $0 }?.join()
        close(socket.descriptor)
        socket.remove()
    }

    private func serve() {
        while !stop.isRaised {
            _ = stop.wait(for: socket.descriptor, events: Int32(POLLIN))
            guard !stop.isRaised else { return }
            let client = clinux_accept(socket.descriptor)
            if client < 0 {
                // No descriptors left, or the client has gone.
                _ = stop.wait(seconds: 0.1)
                continue
            }
            answer(client)
            close(client)
        }
    }

    private func answer(_ client: Int32) {
        let deadline = Clock.steady + Self.patience
        guard let request = request(from: client, until: deadline) else { return }
        var rest = Array(response(to: request).utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR && (errno != EAGAIN || !wait(for: client, POLLOUT, until: deadline)) {
                return
            }
        }
    }

    /// The lines of a request, up to the empty one; nil where none came in time.
    private func request(from client: Int32, until deadline: Double) -> [Substring]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.requestLimit {
            let count = recv(client, &buffer, buffer.count, 0)
            if count == 0 { return nil }
            if count > 0 { bytes += buffer[..<count] }
            let text = String(decoding: bytes, as: UTF8.self)
            // Swift takes a carriage return and a line feed for one character.
            let lines = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
            if let end = lines.dropLast().firstIndex(of: "") { return Array(lines[..<end]) }
            if count < 0 && errno != EINTR && (errno != EAGAIN || !wait(for: client, POLLIN, until: deadline)) {
                return nil
            }
        }
        return nil
    }

    private func wait(for client: Int32, _ events: Int32, until deadline: Double) -> Bool {
        let left = deadline - Clock.steady
        return left > 0 && stop.wait(for: client, events: events, seconds: left) != 0
    }

    private func response(to request: [Substring]) -> String {
        let words = (request.first ?? "").split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return Self.response("400 Bad Request") }
        guard words[0] == "GET" || words[0] == "HEAD" else { return Self.response("405 Method Not Allowed") }
        guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else { return Self.response("404 Not Found") }
        let wantsOpenMetrics = request.contains { line in
            line.lowercased().hasPrefix("accept:") && line.contains("application/openmetrics-text")
        }
        let format = wantsOpenMetrics ? MetricsFormat.openMetrics : .text
        do {
            return Self.response("200 OK", format.contentType, format.text(try report()), isHead: words[0] == "HEAD")
        } catch {
            // The journal, mostly.
            return Self.response("503 Service Unavailable", text: "\(error)\n")
        }
    }

    private static func response(_ status: String, text: String? = nil) -> String {
        response(status, "text/plain; charset=utf-8", text ?? status + "\n", isHead: false)
    }

    private static func response(_ status: String, _ type: String, _ text: String, isHead: Bool) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n"
            + (isHead ? "" : text)
    }
}
