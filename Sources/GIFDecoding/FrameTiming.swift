/// Which images are frames of their own, and how long they stay: the one rule for decoder and scanner.
///
/// - A delay of 1 cs or less plays as 10 cs, a longer one as it is.
/// - An image with a delay is a frame.
/// - Once a delay was seen, an image without one is composed into the next image, as encoders build a picture from
///   several parts. The last image of all is a frame.
/// - Before any delay was seen, an image without one waits for the next image's delay: with a delay there, it is
///   composed into it; without, the GIF counts as untimed, and each image is a frame of 10 cs until a delay is seen.
///
/// The rule looks no further than the next image's header, so a pipe and a file give the same frames.
struct FrameTiming {
    private enum Pace {
        case unknown
        case untimed
        case timed
    }

    private var pace = Pace.unknown
    /// The last image is drawn, and what becomes of it depends on what follows.
    private(set) var isHolding = false

    /// How long a frame with this delay stays, both in centiseconds.
    static func duration(delay: Int) -> Int {
        delay <= 1 ? 10 : delay
    }

    /// An image is drawn.
    ///
    /// - Returns: its duration when it is a frame, nil when that depends on what follows.
    mutating func imageDrawn(delay: Int) -> Int? {
        precondition(!isHolding, "the image before must be decided first")
        if delay > 0 {
            pace = .timed
        } else if pace != .untimed {
            isHolding = true
            return nil
        }
        return Self.duration(delay: delay)
    }

    /// The header of the next image is read.
    ///
    /// - Returns: the duration of the held image when it is a frame; nil when none is held or it is composed into
    ///   the next one.
    mutating func imageFollows(delay: Int) -> Int? {
        guard isHolding else { return nil }
        isHolding = false
        if pace == .unknown && delay == 0 {
            pace = .untimed
            return Self.duration(delay: 0)
        }
        return nil
    }

    /// No image follows.
    ///
    /// - Returns: the duration of the held image, which is a frame; nil when none is held.
    mutating func end() -> Int? {
        guard isHolding else { return nil }
        isHolding = false
        return Self.duration(delay: 0)
    }
}
