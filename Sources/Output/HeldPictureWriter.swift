public import Media

/// Gives pictures of different durations their true time in a stream of constant rate, by repeating them.
///
/// Every duration must be a multiple of the tick, which is found by a look at the whole GIF before. A picture may be repeated
/// hundreds of thousands of times; a caller that wants to stop this makes `writer` throw.
public final class HeldPictureWriter: PictureWriter {
    private let writer: any PictureWriter
    private let tick: Rational

    /// A picture stays for a time that the tick does not divide: the GIF is not the one that the tick was found for.
    public struct GIFChanged: Error, CustomStringConvertible {
        /// In seconds.
        public let duration: Rational
        public let tick: Rational

        public var description: String {
            "the GIF changed while it was read: a picture stays for \(duration) s, which is no multiple of \(tick) s"
        }
    }

    /// - Parameter tick: 1 / rate of `writer`, in seconds.
    public init(_ writer: any PictureWriter, tick: Rational) {
        precondition(tick > .zero, "a tick takes time")
        self.writer = writer
        self.tick = tick
    }

    /// - Throws: `GIFChanged`, before anything of the picture is written; what `writer` throws.
    public func write(_ picture: Picture) throws {
        let count = picture.duration / tick
        guard count.denominator == 1 && count > .zero else {
            throw GIFChanged(duration: picture.duration, tick: tick)
        }
        for _ in 0..<count.numerator { try writer.write(picture) }
    }

    public func finish() throws {
        try writer.finish()
    }
}
