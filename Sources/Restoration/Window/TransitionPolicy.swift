import Media

/// The kind of the change from one frame to the next.
enum Transition {
    /// The frames are the same.
    case repetition
    /// In-betweens are asked for and can be made.
    case motion
    /// The earlier picture stays until the later one comes.
    case hold
}

/// The frames that the restoration of one may look at: of its own scene.
struct Neighbors {
    /// The GIF's frames before and after it, of networks that look at them.
    var before: FrameSlot?
    var after: FrameSlot?
    /// The restored frame before.
    var past: FrameSlot?
}

/// Decides which frames are restored, interpolated, repeated or held, and what each of them may look at.
///
/// Asks for scene changes in the frames' order, once for each pair, and the pace once for each frame.
struct TransitionPolicy {
    /// Whether frames that repeat the one before become a part of its time: where pictures between frames are made.
    let joinsRepeats: Bool
    /// How much work goes into the frame that is restored.
    private(set) var effort = LivePace.Effort.everything
    private let hasNetworks: Bool
    private let seesNeighbors: Bool
    private let pace: LivePace?
    private var scenes = SceneHistory()

    /// - Parameters:
    ///   - models: nil: frames stay as they are.
    ///   - pace: of a sink that may not be late.
    init(_ models: ModelSet?, rate: OutputRate, pace: LivePace?) {
        hasNetworks = models != nil
        seesNeighbors = models?.seesNeighbors == true
        joinsRepeats =
            switch rate {
            case .source: false
            case .multiple(let count): models != nil && count > 1
            case .constant: models != nil
            }
        self.pace = pace
    }

    /// Whether a frame shows the same as the one that came last.
    func repeats(_ frame: Frame, _ window: FrameWindow) -> Bool {
        // A frame that was lost is restored when there is time again.
        guard joinsRepeats, let last = window.newest, !last.isStale else { return false }
        // Frames of flat art have no noise: each is shown exactly. Only restored frames tell whether they are flat art.
        let isShort = last.run.stillTime + frame.duration <= RepeatedFrames.noiseDuration
        let isFlat = window.previous?.isFlat ?? false
        return RepeatedFrames.areAlike(
            last.frame, frame, in: window.leftOut.union(frame.changed), isShort && !isFlat ? .alike : .equal)
    }

    /// Work on a frame begins.
    mutating func begin(_ slot: FrameSlot) {
        effort = hasNetworks ? pace?.effort(for: Rational(slot.run.start, 100)) ?? .everything : .everything
    }

    /// The transition to the frame on which work has begun.
    mutating func step(from a: FrameSlot, to b: FrameSlot) -> Transition {
        if (b.frame.changed.isEmpty || b.run.goesOn) && !a.isStale { return .repetition }
        guard effort == .repetition else { return transition(from: a, to: b) }
        pace?.lost(frames: 1)
        b.isStale = true
        return .repetition
    }

    /// Whether pictures between two frames are made.
    mutating func transition(from a: FrameSlot, to b: FrameSlot) -> Transition {
        guard joinsRepeats, !a.isStale, let motionStart = a.motionStart else { return .hold }
        let inBetweens = a.run.count(after: motionStart)
        guard inBetweens > 0 else { return .hold }
        // A frame that looks like another scene may be this one, moved far: the flow will tell (`Interpolation`).
        let isCut = beginsScene(b, after: a)
        guard effort == .everything else {
            if !isCut { pace?.lost(inBetweens: inBetweens) }
            return .hold
        }
        return .motion
    }

    /// Whether CCDNet takes its step, where it has one.
    func takesStep(of net: CCDNet) -> Bool {
        guard net.hasStep else { return false }
        if effort >= .firstStep { pace?.lost(steps: 1) }
        return effort < .firstStep
    }

    /// The frames that the restoration of a frame may look at.
    /// - Parameters:
    ///   - previous: the frame before it.
    ///   - next: the frame after it, where that is there.
    mutating func neighbors(of slot: FrameSlot, after previous: FrameSlot?, before next: FrameSlot?) -> Neighbors {
        var neighbors = Neighbors()
        if seesNeighbors, let next, !beginsScene(next, after: slot) { neighbors.after = next }
        if let previous, hasNetworks, !beginsScene(slot, after: previous) {
            neighbors.before = seesNeighbors ? previous : nil
            neighbors.past = previous
        }
        return neighbors
    }

    /// Whether `slot` shows another scene than `earlier`, the frame before it; looked at once, where it matters.
    private mutating func beginsScene(_ slot: FrameSlot, after earlier: FrameSlot) -> Bool {
        if let known = slot.beginsScene { return known }
        let isSmall =
            slot.number == earlier.number + 1 && SceneChange.isTooSmall(slot.frame.changed, of: slot.size)
        let made = !isSmall && scenes.isCut(earlier.input.signature, slot.input.signature)
        slot.beginsScene = made
        return made
    }
}
