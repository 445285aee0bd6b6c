public import Media

/// How a picture's bytes lie in the memory of a camera.
public enum CameraPixels: String, CaseIterable, Sendable {
    /// Y0 Cb Y1 Cr: what webcams send, and every reader takes.
    case yuyv
    /// Planes of Y, Cb and Cr, chroma halved both ways.
    case yu12
    /// A plane of Y, one of Cb and Cr in turn, chroma halved both ways.
    case nv12
    /// Three bytes a pixel.
    case rgb24

    /// V4L2's name for it.
    var fourcc: UInt32 {
        let name =
            switch self {
            case .yuyv: "YUYV"
            case .yu12: "YU12"
            case .nv12: "NV12"
            case .rgb24: "RGB3"
            }
        return name.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Bytes of a row; where there are planes, of the first.
    func bytesPerLine(_ width: Int) -> Int {
        switch self {
        case .yuyv: width * 2
        case .yu12, .nv12: width
        case .rgb24: width * 3
        }
    }

    /// Bytes of a picture. Both sides are even.
    public func bytes(_ size: PixelSize) -> Int {
        switch self {
        case .yuyv: size.area * 2
        case .yu12, .nv12: size.area * 3 / 2
        case .rgb24: size.area * 3
        }
    }
}

/// The format of a camera's pictures. It never changes, because readers do not follow a change.
public struct CameraFormat: Hashable, Sendable {
    /// Sides that every driver and reader can do.
    public static let sides = 2...8192
    /// The size that most programs that read cameras expect.
    public static let usualSize = PixelSize(width: 640, height: 480)

    public let size: PixelSize
    /// Pictures per second, above 0.
    public let rate: Rational
    public let pixels: CameraPixels

    /// - Parameter size: as `isUsable` says.
    public init(size: PixelSize, rate: Rational, pixels: CameraPixels) {
        precondition(Self.isUsable(size) && rate > .zero, "a camera of \(size) at \(rate)")
        self.size = size
        self.rate = rate
        self.pixels = pixels
    }

    /// Whether a camera can have this size: even sides, not beyond `sides`.
    public static func isUsable(_ size: PixelSize) -> Bool {
        [size.width, size.height].allSatisfy { sides.contains($0) && $0 % 2 == 0 }
    }
}
