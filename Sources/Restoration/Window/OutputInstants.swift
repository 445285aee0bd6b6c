public import Media

/// When an output picture appears and how long it stays.
public struct OutputInstant: Hashable, Sendable {
    /// Presentation time and duration in seconds.
    public let start: Rational
    public let duration: Rational
}

/// The pictures that fall into one frame's time, in order. Computed one by one: a frame may stay for 655 s, which are 655,350
/// pictures at the highest rate.
public struct OutputInstants: RandomAccessCollection, Sendable {
    private let rate: OutputRate
    /// The frame's, in seconds.
    private let start: Rational
    private let duration: Rational
    /// At a constant rate, the first picture's number from the start of the GIF.
    private let firstNumber: Int
    public let endIndex: Int

    public var startIndex: Int { 0 }

    fileprivate init(_ rate: OutputRate, start: Int, duration: Int) {
        precondition(duration > 0, "a frame has a duration")
        self.rate = rate
        self.start = Rational(start, 100)
        self.duration = Rational(duration, 100)
        firstNumber = rate.pictures(upTo: start)
        endIndex =
            switch rate {
            case .source: 1
            case .multiple(let count): count
            case .constant: rate.pictures(upTo: start + duration) - firstNumber
            }
    }

    public subscript(index: Int) -> OutputInstant {
        precondition(indices.contains(index), "picture \(index) of \(count)")
        switch rate {
        case .source:
            return OutputInstant(start: start, duration: duration)
        case .multiple(let count):
            let step = duration / Rational(count)
            return OutputInstant(start: start + step * Rational(index), duration: step)
        case .constant(let rate):
            let time = Rational(firstNumber + index) / rate
            return OutputInstant(start: time, duration: Rational(1) / rate)
        }
    }
}

extension OutputRate {
    /// The pictures that fall into a frame's time, start (inclusive) to start + duration (exclusive), in order.
    ///
    /// Exact: at a constant rate the pictures of all frames together lie at n / rate for n = 0, 1, 2 ...
    /// up to the end of the last frame, whatever the frames' durations.
    /// - Parameters: both in centiseconds; `duration` > 0.
    public func instants(start: Int, duration: Int) -> OutputInstants {
        OutputInstants(self, start: start, duration: duration)
    }

    /// Pictures before a time at a constant rate; 0 at other rates, whose pictures are counted by frames.
    fileprivate func pictures(upTo centiseconds: Int) -> Int {
        if case .constant(let rate) = self { (Rational(centiseconds, 100) * rate).ceiling } else { 0 }
    }

    /// Pictures of a GIF, or of its beginning.
    /// - Parameters:
    ///   - frames: how many there are.
    ///   - duration: how long they stay, all together, in centiseconds.
    public func pictures(frames: Int, duration: Int) -> Int {
        switch self {
        case .source: frames
        case .multiple(let count): frames * count
        case .constant: pictures(upTo: duration)
        }
    }
}
