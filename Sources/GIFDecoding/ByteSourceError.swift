import Glibc

/// A failed read of the system.
public struct ByteSourceError: Error, Equatable, CustomStringConvertible {
    /// The system's `errno`.
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    /// The system's text for the code, as in "Input/output error".
    public var description: String {
        var text = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
        return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
