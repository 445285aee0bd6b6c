import ArgumentParser
import Filesystem
import Glibc

extension Path {
    /// The path as the daemon gets it: absolute, as its working directory is another one, and text, as the control socket
    /// carries JSON.
    /// - Throws: `ValidationError` where the path is not UTF-8, or there is no working directory any more.
    func sent() throws -> String {
        let path = isAbsolute ? self : try Self.workingDirectory().appending(self)
        if let text = path.text { return text }
        throw ValidationError(
            "\(text == nil ? self : path): the name is not UTF-8, and cannot be told to the daemon; "
                + "give the name of a link to it")
    }

    private static func workingDirectory() throws -> Path {
        guard let name = getcwd(nil, 0) else {
            throw ValidationError("the working directory: \(String(cString: strerror(errno)))")
        }
        defer { free(name) }
        return Path(cString: name)
    }

    /// - Parameter cString: bytes with a NUL behind them.
    init(cString: UnsafePointer<CChar>) {
        let bytes = UnsafeBufferPointer(start: cString, count: strlen(cString)).map { UInt8(bitPattern: $0) }
        guard let path = Path(bytes: bytes) else { preconditionFailure("the bytes before the first NUL") }
        self = path
    }
}
