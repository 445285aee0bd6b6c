public import ArgumentParser
public import Camera
public import Control
public import Filesystem
public import Media
public import Output
public import Restoration

extension Path: ExpressibleByArgument {
    /// - Parameter argument: of `CommandLineBytes.arguments`.
    public init?(argument: String) {
        self.init(bytes: CommandLineBytes.bytes(argument))
    }
}

extension ProfileChoice: ExpressibleByArgument {
    /// All of them, as help names an option's value.
    static let valueName = allCases.map(\.rawValue).joined(separator: "|")
}

extension JobInfo.State: ExpressibleByArgument {}

extension StreamFormat: ExpressibleByArgument {}

extension RestorationOptions.DitherChoice: ExpressibleByArgument {}

extension VideoContainer: ExpressibleByArgument {}

extension CameraPixels: ExpressibleByArgument {}

extension Letterbox.Fit: ExpressibleByArgument {}

extension Letterbox.Scaler: ExpressibleByArgument {}

extension OutputSize: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension OutputRate: ExpressibleByArgument {}

extension PixelSize: ExpressibleByArgument {}

extension Background: ExpressibleByArgument {}

extension CompletionKind {
    static let gifs = CompletionKind.file(extensions: ["gif", "GIF"])
}

extension ArgumentHelp {
    /// --scaler.
    static var scaler: ArgumentHelp {
        ArgumentHelp(
            "How pictures are scaled: nearest (pixels become squares, nothing is blurred), smooth, or auto (nearest where art "
                + "of at most \(Letterbox.flatColors) colors becomes a whole number of times as large).",
            valueName: "auto|nearest|smooth")
    }
}
