public import Media

/// The size that pictures are fitted into: the same for every GIF, or a multiple of the GIF's own.
public enum OutputSize: Hashable, Sendable {
    case pixels(PixelSize)
    /// As many times the canvas's width and height; 1 or more.
    case factor(Int)

    /// The words that `init(_:)` takes, for messages.
    public static let syntax = "a size such as 640x480 (sides of 1 to 16384), or a whole factor such as 4x"

    /// As people write it: `640x480` with sides within `PixelSize.sides`, or `4x`.
    public init?(_ text: String) {
        if let size = PixelSize(text) {
            self = .pixels(size)
            return
        }
        guard text.lowercased().hasSuffix("x"), let factor = Int(text.dropLast()), PixelSize.sides.contains(factor)
        else { return nil }
        self = .factor(factor)
    }

    /// The size for a GIF's canvas. With a factor, its sides may lie beyond `PixelSize.sides`.
    public func size(of canvas: PixelSize) -> PixelSize {
        switch self {
        case .pixels(let size): size
        case .factor(let factor): PixelSize(width: canvas.width * factor, height: canvas.height * factor)
        }
    }
}
