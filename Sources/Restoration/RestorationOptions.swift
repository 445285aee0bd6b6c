import Media

/// The options of a restored stream.
public struct RestorationOptions: Hashable, Sendable {
    /// The choice of the network that removes the quantization.
    public enum DitherChoice: String, CaseIterable, Sendable {
        /// The classifier decides from the first frames.
        case auto
        /// The GIF is not dithered.
        case none
        /// The GIF is dithered.
        case dithered
    }

    public var rate: OutputRate
    public var dither: DitherChoice
    /// Interpolates from the last frame back to the first, for GIFs that loop.
    public var loop: Bool
    /// The background of transparent pixels.
    public var background: RGB
    /// Pictures keep the GIF's transparency (straight alpha) instead of showing the background.
    public var keepsAlpha: Bool
    /// A frame is restored when the one after it is there, which its network may look at: better pictures, one GIF frame
    /// later. Otherwise each picture leaves with its own frame.
    public var looksAhead: Bool
    /// Bytes that one stream may take, decoder, networks and queues together; a larger canvas is refused.
    public var maxMemory: Int
    /// Pictures that may be made of one GIF; nil for no limit.
    public var maxPictures: Int?

    /// The usual `maxPictures`: an hour at 277 a second, nine hours at 30.
    public static let usualPictures = 1_000_000

    public init(
        rate: OutputRate, dither: DitherChoice = .auto, loop: Bool = false, background: RGB = .white,
        keepsAlpha: Bool = false, looksAhead: Bool = true, maxMemory: Int = 4 << 30,
        maxPictures: Int? = usualPictures
    ) {
        self.rate = rate
        self.dither = dither
        self.loop = loop
        self.background = background
        self.keepsAlpha = keepsAlpha
        self.looksAhead = looksAhead
        self.maxMemory = maxMemory
        self.maxPictures = maxPictures
    }

    /// Says by how much so many pictures exceed the limits; nil when they do not.
    public func excess(ofPictures count: Int) -> String? {
        guard let maxPictures, count > maxPictures else { return nil }
        return
            "it would become more than the limit of \(maxPictures.counted("picture")) (--max-pictures, limits.pictures)"
    }
}

/// An opaque color, 8 bits a channel.
public struct RGB: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    public static let white = RGB(red: 255, green: 255, blue: 255)
    public static let black = RGB(red: 0, green: 0, blue: 0)

    /// `#rrggbb`, `rrggbb`, `#rgb`, `black` or `white`.
    public init?(_ text: String) {
        switch text {
        case "black": self = .black
        case "white": self = .white
        default:
            var digits = Array(text.hasPrefix("#") ? text.dropFirst() : text[...])
            if digits.count == 3 { digits = digits.flatMap { [$0, $0] } }
            guard digits.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(String(digits), radix: 16)
            else { return nil }
            self.init(
                red: UInt8(value >> 16), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
        }
    }
}
