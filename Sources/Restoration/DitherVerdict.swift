import Glibc

/// Whether a GIF is dithered, decided once from its first frames.
///
/// The first frame gives a first answer at once, so that its picture need not wait; later frames add to the mean
/// until it is clear, or `frameLimit` frames were seen, and the verdict stands from then on.
public struct DitherVerdict: Sendable {
    /// Frames that may have a say: a GIF can begin with a blank one.
    public static let frameLimit = 8
    /// |mean logit| from which the verdict is clear: a probability of 0.95.
    static let clearLogit: Float = 3

    private var sum: Float = 0
    /// Frames that had a say.
    public private(set) var frames = 0

    public init() {}

    /// Whether more frames may change it.
    public var isOpen: Bool { frames == 0 || (abs(meanLogit) < Self.clearLogit && frames < Self.frameLimit) }
    public var isDithered: Bool { meanLogit > 0 }
    /// The probability that the verdict is right, as the network sees it, 0.5 ... 1.
    public var confidence: Float { 1 / (1 + exp(-abs(meanLogit))) }
    private var meanLogit: Float { frames == 0 ? 0 : sum / Float(frames) }

    public mutating func add(logit: Float) {
        sum += logit
        frames += 1
    }
}
