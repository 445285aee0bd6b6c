public import Media
import Threads

/// Whether a live stream keeps up with the clock it is shown by, and what it gives up where it does not.
///
/// The clock never waits: picture t is due `t` seconds after the stream's time zero. The restorer asks before each frame
/// how much work it may put into it. If that frame's picture is late before the work has even begun, one thing more is
/// given up: first the in-betweens, which repeat the picture before them, then CCDNet's steps after the first, then
/// the late frame itself, which shows the picture before it. Pictures keep their number and their times. After a while
/// in which no frame was late, one thing is tried again; if that makes it late, the next try comes twice as late.
///
/// The restorer asks on its thread, the sink says on its own when pictures are due; counts may be read by any. Serves one
/// GIF after the other on the same sink: `begin` each time.
public final class LivePace: Sendable {
    /// How much work goes into a frame, from everything to nothing.
    public enum Effort: Int, Comparable, CaseIterable, Sendable {
        case everything
        /// In-betweens repeat the picture before them.
        case framesOnly
        /// And CCDNet takes only its first step.
        case firstStep
        /// And the frame shows the picture before it.
        case repetition

        public static func < (a: Effort, b: Effort) -> Bool { a.rawValue < b.rawValue }
    }

    /// The work that was given up since the pace was made.
    public struct Losses: Hashable, Sendable {
        /// Pictures that repeat the one before them in place of an in-between.
        public var inBetweens = 0
        /// Frames restored by CCDNet's first step alone, where it has more.
        public var steps = 0
        /// Frames that show the picture before them.
        public var frames = 0

        public init() {}

        public var total: Int { inBetweens + steps + frames }

        public static func - (a: Losses, b: Losses) -> Losses {
            var difference = a
            difference.inBetweens -= b.inBetweens
            difference.steps -= b.steps
            difference.frames -= b.frames
            return difference
        }
    }

    /// Frames in time after which more is tried again, at first and at most.
    static let patience = 25...400

    private struct State {
        /// When time zero of the GIF is due; nil before its first picture.
        var origin: Double?
        /// Down to `firstStep`.
        var effort = Effort.everything
        var losses = Losses()
        /// Frames in time since the last change of effort.
        var timely = 0
        var patience = LivePace.patience.lowerBound
        /// Whether the present effort is one that was tried again.
        var isTrial = false

        /// The effort for a frame that is late.
        mutating func giveUpMore() -> Effort {
            if isTrial { patience = min(2 * patience, LivePace.patience.upperBound) }
            isTrial = false
            timely = 0
            // A repeated frame costs nothing, and the next one may be in time.
            guard effort < .firstStep else { return .repetition }
            effort = Effort(rawValue: effort.rawValue + 1) ?? effort
            return effort
        }

        /// The effort for a frame in time.
        mutating func tryAgain() -> Effort {
            guard effort > .everything else { return effort }
            timely += 1
            guard timely >= patience else { return effort }
            // A trial that has lasted is none any more.
            if isTrial { patience = LivePace.patience.lowerBound }
            timely = 0
            isTrial = true
            effort = Effort(rawValue: effort.rawValue - 1) ?? effort
            return effort
        }
    }

    private let state = Monitor(State())
    private let now: @Sendable () -> Double

    /// - Parameter now: seconds on a clock that only goes forward, the one that `begin(at:)` counts on.
    public init(now: @escaping @Sendable () -> Double) {
        self.now = now
    }

    // MARK: The sink

    /// A GIF begins: nothing is due before `isDue` says so. Work given up for the GIF before stays so.
    public func begin() {
        state.withLock { $0.origin = nil }
    }

    /// Says when time zero of the GIF is due: the first picture's is known when it is shown, or chosen by a sink that has
    /// a clock of its own. May be called again when that clock was stopped or moved.
    /// - Parameter seconds: on the pace's clock.
    public func begin(at seconds: Double) {
        state.withLock { $0.origin = seconds }
    }

    /// For sinks without a clock of their own, which show a picture as soon as it is taken: called after each picture was
    /// taken. The first sets the clock; where a picture is only taken after its time because its reader let it wait,
    /// the clock waits with it.
    /// - Parameter waited: seconds that the picture waited to be taken.
    public func wrote(_ picture: Picture, waited: Double) {
        let time = now()
        state.withLock { state in
            guard let origin = state.origin else {
                state.origin = time - picture.start.value
                return
            }
            let late = time - (origin + picture.start.value)
            state.origin = origin + max(0, min(late, waited))
        }
    }

    public var losses: Losses { state.withLock { $0.losses } }

    /// How much work a frame gets that is in time.
    public var effort: Effort { state.withLock { $0.effort } }

    // MARK: The restorer

    /// How much work to put into a frame; asked once a frame, when work on it begins.
    /// - Parameter start: when the frame's own picture is due.
    func effort(for start: Rational) -> Effort {
        let time = now()
        return state.withLock { state in
            guard let origin = state.origin else { return state.effort }
            return time > origin + start.value ? state.giveUpMore() : state.tryAgain()
        }
    }

    /// Counts what was given up.
    func lost(inBetweens: Int = 0, steps: Int = 0, frames: Int = 0) {
        state.withLock { state in
            state.losses.inBetweens += inBetweens
            state.losses.steps += steps
            state.losses.frames += frames
        }
    }
}
