public import GIFDecoding
public import Media
import Output
public import Restoration

extension GIFSummary {
    /// The longest time, in seconds, that divides the durations of all pictures at a rate: a constant rate for the whole GIF.
    public func tick(_ rate: OutputRate) -> Rational {
        var durations = frames.flatMap { frame in
            rate.instants(start: frame.start, duration: frame.duration).map(\.duration)
        }
        // The decoder may draw a last frame that the scanner did not get to.
        if defect != nil || durations.isEmpty {
            let shortest: OutputRate = if case .constant = rate { rate } else { .source }
            durations += shortest.instants(start: 0, duration: 1).map(\.duration)
            if case .multiple(let count) = rate { durations.append(Rational(1, 100 * count)) }
        }
        return HeldPictureWriter.tick(for: durations)
    }
}
