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

extension ProfileChoice: ExpressibleByArgument {}

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

extension OutputRate: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }

    public var defaultValueDescription: String {
        switch self {
        case .source: "source"
        case .multiple(let count): "\(count)x"
        case .constant(let rate): "\(rate)"
        }
    }
}

extension PixelSize: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension Background: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }

    public var defaultValueDescription: String {
        switch self {
        case .transparent: "transparent"
        case .color(.white): "white"
        case .color(let color): "\(color)"
        }
    }
}

extension CompletionKind {
    static let gifs = CompletionKind.file(extensions: ["gif", "GIF"])
}
