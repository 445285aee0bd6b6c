import Glibc

/// An input that cannot be opened, or not be copied.
struct InputError: Error, CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - name: what messages call the input.
    ///   - code: errno of what opens it.
    init(name: String, code: Int32) {
        description = "\(name): cannot open: \(String(cString: strerror(code)))"
    }

    /// An input that can be read once only, of which no copy can be kept.
    /// - Parameter folder: where the copy was to be.
    init(name: String, copyingTo folder: String, code: Int32) {
        description =
            "\(name): it can be read once only, and a copy in \(folder) fails: \(String(cString: strerror(code))); "
            + "TMPDIR names another folder"
    }

    /// A terminal, from which nobody types a GIF.
    init(terminal name: String) {
        description = "\(name): a terminal; a GIF comes through a pipe or from a file"
    }
}
