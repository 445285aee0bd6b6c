import Media

/// The time of one frame of the window: that of a GIF frame and of the frames right after it that show the same.
///
/// How an encoder writes a still picture, as one frame of 9 cs or as three of 3 cs, makes no difference to what is seen:
/// the motion to the next picture covers the run as a whole. The instants at which pictures leave are those of the frames
/// as they were written, so that `OutputRate` means what it says.
struct FrameRun {
    /// When the run begins and ends, in centiseconds.
    let start: Int
    private(set) var end: Int
    /// Since when the picture has not changed, in centiseconds: before `start` where the run goes on with one that had
    /// become a hold.
    let stillSince: Int
    private let rate: OutputRate
    /// The instants whose pictures have not left, in order; no element is empty.
    private var waiting: [Slice<OutputInstants>] = []

    /// - Parameter earlier: the run that shows the same picture and had become a hold; nil: the picture is another one.
    init(_ frame: Frame, after earlier: FrameRun? = nil, rate: OutputRate) {
        start = frame.start
        end = frame.start
        stillSince = earlier?.stillSince ?? frame.start
        self.rate = rate
        extend(by: frame)
    }

    /// How long the picture stays, as far as it is known, in centiseconds.
    var stillTime: Int { end - stillSince }
    /// Whether it goes on with the picture of a hold.
    var goesOn: Bool { stillSince < start }
    /// Whether the picture stays so long that no motion leads to the next one: the run need not grow any further.
    var isHold: Bool { stillTime >= MotionTiming.holdDuration }

    /// Adds the time of a frame that shows the same.
    mutating func extend(by frame: Frame) {
        precondition(frame.start == end, "a run has no gaps")
        end += frame.duration
        let instants = rate.instants(start: frame.start, duration: frame.duration)
        if !instants.isEmpty { waiting.append(instants[...]) }
    }

    /// Takes the instant at which the run begins; nil where the rate has none at that time, or it was taken.
    mutating func takeOwnInstant() -> OutputInstant? {
        guard let first = waiting.first?.first, first.start == Rational(start, 100) else { return nil }
        return takeInstant()
    }

    /// Takes the next instant.
    /// - Parameter time: seconds; later instants stay. nil: none stays.
    mutating func takeInstant(through time: Rational? = nil) -> OutputInstant? {
        guard let first = waiting.first?.first else { return nil }
        if let time, first.start > time { return nil }
        waiting[0] = waiting[0].dropFirst()
        if waiting[0].isEmpty { waiting.removeFirst() }
        return first
    }

    /// Takes the next instants.
    mutating func takeInstants(atMost count: Int) -> [OutputInstant] {
        var taken: [OutputInstant] = []
        while taken.count < count, let next = takeInstant() { taken.append(next) }
        return taken
    }

    /// How many instants are left that lie after a time, in seconds.
    func count(after time: Rational) -> Int {
        waiting.reduce(0) { count, instants in
            // They are in order: all of most elements, and of at most one a part.
            guard let first = instants.first, let last = instants.last, last.start > time else { return count }
            if first.start > time { return count + instants.count }
            let step = first.duration
            return count + ((last.start - time) / step).ceiling
        }
    }
}

/// When in a frame's time its picture gives way to the next one: the motion to the next picture takes the whole of a short
/// time, the end of a longer one, and nothing of a hold.
///
/// A GIF's own rhythm tells what is long. A frame that stays for up to twice the usual time is one step of a film that lacks
/// a frame: the motion covers it. One that stays for four times the usual time or more is a pause: the motion takes its last
/// usual time, as the film's next step would. In between, the motion's part shrinks steadily, so that no centisecond is a
/// cliff. Seconds count as well: of more than half a second the motion takes less the longer it is, and nothing from
/// `holdDuration` on, where slides and cards stand still.
///
/// Only what came before is looked at, and a frame's own time: a pipe and a file give the same pictures.
struct MotionTiming {
    /// A picture that stays so long, in centiseconds, stands still until the next one comes.
    static let holdDuration = 100
    /// Longest time that motion may cover as a whole, in centiseconds.
    private static let longestMotion = 50
    /// Stills that tell the rhythm.
    private static let memory = 15
    /// How long the last pictures stayed, in centiseconds, the oldest first.
    private var last: [Int] = []

    /// Notes how long a picture has stayed, now that the next one is there.
    mutating func note(_ run: FrameRun) {
        last.append(run.stillTime)
        if last.count > Self.memory { last.removeFirst() }
    }

    /// The usual time of a picture, in centiseconds: the lower median of the last ones and of one more.
    private func usual(with time: Int) -> Int {
        let all = (last.suffix(Self.memory - 1) + [time]).sorted()
        return all[(all.count - 1) / 2]
    }

    /// When the motion to the next picture begins, in seconds; the run's end where there is none.
    ///
    /// While a run grows, this never becomes earlier: the pictures before it may leave.
    func motionStart(_ run: FrameRun) -> Rational {
        let time = run.stillTime
        let usual = usual(with: time)
        // Twice the time, in whole numbers.
        let bySeconds = time <= Self.longestMotion ? 2 * time : 2 * max(Self.holdDuration - time, 0)
        let byRhythm =
            if time <= 2 * usual { 2 * time } else if time >= 4 * usual { 2 * usual } else { 6 * usual - time }
        return Rational(2 * run.end - min(bySeconds, byRhythm), 200)
    }
}
