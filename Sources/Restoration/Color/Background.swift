/// The background of a GIF's transparent pixels.
public enum Background: Hashable, Sendable, LosslessStringConvertible {
    case color(RGB)
    /// Nothing: transparency is kept.
    case transparent

    /// A color as `RGB` reads it, or `transparent`.
    public init?(_ text: String) {
        if text == "transparent" {
            self = .transparent
        } else if let color = RGB(text) {
            self = .color(color)
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .transparent: "transparent"
        case .color(.white): "white"
        case .color(let color): "\(color)"
        }
    }
}
