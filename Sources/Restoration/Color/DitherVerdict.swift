import Glibc
public import Media

/// Whether a GIF is dithered, decided once from its first frames.
///
/// The first frame gives a first answer at once, so that its picture need not wait; later frames add to the mean
/// until it is clear, or `frameLimit` frames were there, and the verdict stands from then on. Another frame is asked when as
/// many pixels as the canvas has were painted since the last: the same would say the same again.
public struct DitherVerdict: Sendable {
    /// Frames that may have a say: a GIF can begin with a blank one.
    public static let frameLimit = 8
    /// |mean logit| from which the verdict is clear: a probability of 0.95.
    static let clearLogit: Float = 3
    /// The answer for a frame that is shaded by hand (`HandMadePattern`).
    static let handMadeLogit = -2 * clearLogit

    private var sum: Float = 0
    /// Frames that were there, and pixels that they painted since the last one that had a say.
    private var seen = 0
    private var painted = 0
    /// Frames that had a say.
    public private(set) var frames = 0
    /// Whether one of them is shaded by hand.
    private(set) var hasHandMadeFrame = false

    public init() {}

    /// Whether more frames may change it.
    public var isOpen: Bool { frames == 0 || (abs(meanLogit) < Self.clearLogit && seen < Self.frameLimit) }
    public var isDithered: Bool { meanLogit > 0 }
    /// The probability that the verdict is right, as the network sees it, 0.5 ... 1.
    public var confidence: Float { 1 / (1 + exp(-abs(meanLogit))) }
    private var meanLogit: Float { frames == 0 ? 0 : sum / Float(frames) }

    /// Takes notice of the next frame.
    /// - Returns: whether it is to be looked at.
    public mutating func wants(_ frame: Frame) -> Bool {
        guard isOpen else { return false }
        seen += 1
        painted += frame.changed.area
        guard frames == 0 || painted >= frame.size.area else { return false }
        painted = 0
        return true
    }

    /// Adds the network's answer for a frame that is wanted.
    public mutating func add(logit: Float) {
        sum += logit
        frames += 1
        if logit == Self.handMadeLogit { hasHandMadeFrame = true }
    }
}
