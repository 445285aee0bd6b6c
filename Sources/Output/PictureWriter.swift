public import Media

/// Takes pictures in order and turns them into bytes somewhere.
///
/// One thread at a time. All pictures of a stream have the size of the first.
public protocol PictureWriter: AnyObject {
    /// - Throws: `OutputError`.
    func write(_ picture: Picture) throws
    /// Says that no picture follows; returns when everything has left. A writer that is dropped without
    /// it leaves no finished output behind.
    /// - Throws: `OutputError`.
    func finish() throws
}

/// How a picture lies in a raw or Y4M stream.
public enum StreamFormat: String, CaseIterable, Sendable {
    /// YUV4MPEG2, 4:4:4, BT.601 in limited range.
    case y4m
    /// Three bytes a pixel, no header.
    case rgb24
    /// Four bytes a pixel with straight alpha, no header.
    case rgba

    /// Whether transparency survives.
    public var keepsAlpha: Bool { self == .rgba }

    /// A writer of this format.
    /// - Parameter rate: pictures per second, where the format says it.
    public func writer(_ sink: ByteSink, rate: Rational) -> any PictureWriter {
        switch self {
        case .y4m: Y4MWriter(sink, rate: rate)
        case .rgb24, .rgba: RawWriter(sink, keepsAlpha: keepsAlpha)
        }
    }
}

/// Checks that a stream keeps its canvas.
struct CanvasGuard {
    private var size: PixelSize?

    mutating func check(_ picture: Picture, output: String) throws {
        if let size, size != picture.size {
            throw OutputError.unsupported(
                output: output, reason: "a picture of \(picture.size) in a stream of \(size)")
        }
        size = picture.size
    }
}
