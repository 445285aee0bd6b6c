public import Foundation

/// Configurations of one stream from the pipe `gifs`, without networks.
public enum PipeStream {
    /// - Parameters:
    ///   - settings: more tables.
    ///   - encoder: of the files in `out`.
    public static func configuration(_ settings: String = "", encoder: String = "y4m") -> String {
        configuration(settings, sink: "output = \"out\"\nencoder = \"\(encoder)\"")
    }

    /// - Parameter sink: keys of the stream.
    public static func configuration(_ settings: String = "", sink: String) -> String {
        """
        \(settings)
        [[stream]]
        name = "pipe"
        source = "pipe"
        pipe = "gifs"
        rate = "25"
        profile = "none"
        \(sink)

        """
    }
}

extension DaemonProcess {
    /// Opens the pipe `gifs` for writing, as soon as the daemon has made it.
    public func openPipe() throws -> FileHandle {
        try waitUntil("the pipe") { exists("gifs") }
        guard let pipe = FileHandle(forWritingAtPath: "\(state)/gifs") else {
            throw Unexpected(description: "the pipe cannot be opened")
        }
        return pipe
    }
}
