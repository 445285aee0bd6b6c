public import ArgumentParser
public import Control
public import Media
public import Output
public import Restoration

/// How much work goes into a picture, as `--profile` spells it.
enum ProfileChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, live, quality, none
}

extension JobInfo.State: ExpressibleByArgument {}

extension StreamFormat: ExpressibleByArgument {}

extension RestorationOptions.DitherChoice: ExpressibleByArgument {}

extension VideoContainer: ExpressibleByArgument {}

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

/// What shows where a GIF is transparent.
enum Background: ExpressibleByArgument, Equatable {
    case color(RGB)
    /// Nothing: transparency is kept.
    case transparent

    init?(argument: String) {
        if argument == "transparent" {
            self = .transparent
        } else if let color = RGB(argument) {
            self = .color(color)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .transparent: "transparent"
        case .color(.white): "white"
        case .color(let color): "\(color)"
        }
    }
}
