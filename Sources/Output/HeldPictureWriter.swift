public import Media

/// Gives pictures of different durations their true time in a stream of constant rate, by repeating them.
///
/// Every duration must be a multiple of the tick; `tick(for:)` finds the longest one for a GIF.
public final class HeldPictureWriter: PictureWriter {
    private let writer: any PictureWriter
    private let tick: Rational

    /// - Parameter tick: 1 / rate of `writer`, in seconds.
    public init(_ writer: any PictureWriter, tick: Rational) {
        precondition(tick > .zero, "a tick takes time")
        self.writer = writer
        self.tick = tick
    }

    public func write(_ picture: Picture) throws {
        let count = picture.duration / tick
        precondition(count.denominator == 1 && count > .zero, "a duration of \(picture.duration) at ticks of \(tick)")
        for _ in 0..<count.numerator { try writer.write(picture) }
    }

    public func finish() throws {
        try writer.finish()
    }

    /// The longest time, in seconds, that divides all durations.
    /// - Parameter durations: in seconds, positive, at least one.
    public static func tick(for durations: some Sequence<Rational>) -> Rational {
        durations.reduce(.zero) { tick, duration in
            tick == .zero ? duration : Rational.greatestCommonDivisor(tick, duration)
        }
    }
}
