import Glibc

/// The reason for which a picture could not be written.
public enum OutputError: Error, CustomStringConvertible, Equatable {
    /// The reader has gone (EPIPE): not a fault of ours, the stream just ends.
    case readerGone(String)
    /// A system call on the named output failed.
    case system(output: String, call: String, errno: Int32)
    /// The encoder ended before its input did, or with a failure; `message` is what it said last.
    case encoder(output: String, message: String)
    /// The output was made and is not whole: a fault that may pass.
    case incomplete(output: String, reason: String)
    /// The output cannot take what it is given.
    case unsupported(output: String, reason: String)

    public var description: String {
        switch self {
        case .readerGone(let output): "\(output): the reader has gone"
        case .system(let output, let call, let code): "\(output): \(call): \(String(cString: strerror(code)))"
        case .encoder(let output, let message): "\(output): the encoder failed: \(message)"
        case .incomplete(let output, let reason): "\(output): not whole: \(reason)"
        case .unsupported(let output, let reason): "\(output): \(reason)"
        }
    }
}
