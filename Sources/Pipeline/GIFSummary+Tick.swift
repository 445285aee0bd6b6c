public import GIFDecoding
public import Media
public import Output
public import Restoration

extension GIFSummary {
    /// The longest time, in seconds, that divides the durations of all pictures at a rate: a constant rate for the whole GIF.
    public func tick(_ rate: OutputRate) -> Rational {
        switch rate {
        case .source: Rational(commonDivisor, 100)
        case .multiple(let count): Rational(commonDivisor, 100 * count)
        case .constant(let rate): Rational(1) / rate
        }
    }

    /// Centiseconds that divide all frames' durations.
    private var commonDivisor: Int {
        // The decoder may draw a last frame that the scanner did not get to.
        if defect != nil || delays.isEmpty { return 1 }
        var divisor = 0
        for delay in delays {
            var rest = Int(delay)
            while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
            if divisor == 1 { break }
        }
        return divisor
    }

    /// Pictures of a video file of one rate, in which those that stay longer are repeated.
    public func pictures(_ rate: OutputRate) -> Int {
        if case .constant = rate { return rate.pictures(frames: frameCount, duration: duration) }
        return (Rational(duration, 100) / tick(rate)).ceiling
    }

    /// Refuses a GIF that would make a longer video file than is allowed, before anything is made.
    /// - Parameters:
    ///   - repetition: how often the video shows the GIF.
    ///   - name: what the error calls the GIF.
    /// - Throws: `GIFDecodingError`.
    public func check(
        _ limits: DecodingLimits, _ options: RestorationOptions, _ repetition: Repetition = .times(1), name: String
    ) throws(GIFDecodingError) {
        let all = repetition.pictures(pictures(options.rate), of: Rational(duration, 100))
        let excess = limits.excess(ofDuration: duration) ?? options.excess(ofPictures: all)
        if let excess { throw GIFDecodingError(.limitExceeded(excess), name: name) }
    }

    /// How often a video shows the GIF.
    public func times(_ repetition: Repetition) -> Int {
        repetition.times(of: Rational(duration, 100))
    }
}
