public import ArgumentParser
public import Media
public import Output
public import Restoration

/// How much work goes into a picture, as `--profile` spells it.
enum ProfileChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, live, quality, none
}

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
        let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], (1...16384).contains(width),
            (1...16384).contains(height)
        else { return nil }
        self.init(width: width, height: height)
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
