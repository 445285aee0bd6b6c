import Filesystem
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
    init(name: String, copying failure: TemporaryFile.Failure) {
        description =
            "\(name): it can be read once only, and a copy in \(failure.folder) fails: "
            + "\(String(cString: strerror(failure.code))); TMPDIR names another folder"
    }

    /// A list of names that cannot be read.
    init(reading name: String, code: Int32) {
        description = "\(name): cannot read: \(String(cString: strerror(code)))"
    }

    /// A list of names, one a line, with a NUL in it.
    init(list name: String) {
        description = "\(name): a name has a NUL in it; --null reads names that end with NUL"
    }

    /// The input is a terminal.
    init(terminal name: String) {
        description = "\(name): a terminal; a GIF comes through a pipe or from a file"
    }
}
