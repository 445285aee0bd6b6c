/// The background of a GIF's transparent pixels.
public enum Background: Hashable, Sendable {
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
}
