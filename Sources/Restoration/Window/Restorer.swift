import Inference
public import Media
public import Threads

/// Turns the frames of one GIF into restored pictures, over a sliding window (figure 4): a restored frame, the one that
/// is to be restored next, and, where `looksAhead` is set and a network makes use of it, the one after that.
///
/// CCDNet restores a frame while the flow network looks at the GIF's frames, side by side on the pool; then the
/// in-betweens before it leave, then the frame's own picture. Without the look ahead a picture at a frame's own time does
/// not wait for the next frame, and an in-between waits for that and nothing more; with it both wait for one frame
/// more. Frames that repeat the one before lengthen its time and cost nothing (`RepeatedFrames`, `FrameRun`): the motion to
/// the next picture covers the whole time, or the end of a long one (`MotionTiming`). Pictures that no motion can change any
/// more leave at once; in-betweens wait for a frame that shows something new, so that they come later by the time of the
/// repetitions, at most by half a second. With the look ahead a picture comes later by as much, at most by a second.
/// Across scene changes, and through holds, the earlier picture stays.
///
/// One thread at a time. Pictures leave through `emit`, in order, on the caller's thread; or as pending pictures, and then
/// another thread waits for the in-betweens of one window while this one is at the next. All frames have one size.
public final class Restorer {
    private let options: RestorationOptions
    private let models: ModelSet?
    let pool: WorkerPool
    let window: FrameWindow
    /// The choice of what is kept of frames.
    let content: FrameInput.Content
    private var policy: TransitionPolicy
    private let composer: PictureComposer
    /// nil: frames stay as they are.
    let networks: NetworkDriver?
    /// Whether a frame waits for the next one, which its network may look at.
    private let looksAhead: Bool
    /// The in-betweens of the window before; nil where they are made.
    var inBetweens: InBetweens?

    /// The classifier's verdict; nil where none was asked for.
    public var verdict: DitherVerdict? { networks?.verdict }

    /// - Parameters:
    ///   - models: nil leaves the frames as they are, in-betweens repeat them.
    ///   - pool: may be shared with other streams.
    ///   - pace: of a sink that may not be late.
    public convenience init(
        models: ModelSet?, options: RestorationOptions, pool: WorkerPool, pace: LivePace? = nil
    ) {
        self.init(models: models, options: options, pool: pool, pace: pace, band: UNet.bandRows)
    }

    /// - Parameters:
    ///   - changeMemory: frames that change logs know; with 0 the pictures are the same, but for rounding.
    ///   - band: rows of the bands of large canvases.
    ///   - largeArea: canvases with more pixels are large.
    init(
        models: ModelSet?, options: RestorationOptions, pool: WorkerPool, pace: LivePace? = nil,
        changeMemory: Int = ChangeLog.usualMemory, band: Int = UNet.bandRows, largeArea: Int = UNet.largeArea
    ) {
        (self.options, self.pool, self.models) = (options, pool, models)
        var content = Self.content(models, options)
        if content.band != nil { content.band = band }
        (content.changeMemory, content.largeArea) = (changeMemory, largeArea)
        self.content = content
        window = FrameWindow(options, content, on: pool)
        policy = TransitionPolicy(models, rate: options.rate, pace: pace)
        let composer = PictureComposer(options, on: pool)
        self.composer = composer
        networks = models.map { NetworkDriver($0, options, content, composer, on: pool) }
        looksAhead = options.looksAhead && models?.seesNeighbors == true
    }

    /// Takes the next frame. The frame that can now be restored, this one or the one before it, emits the in-betweens
    /// before it and, where one lies at its very time, its own picture.
    /// - Throws: `CanvasTooLarge` before anything is allocated for the first frame; what `emit` throws.
    public func push(_ frame: Frame, emit: (Picture) throws -> Void) throws {
        try pushPending(frame) { try emit($0.finished()) }
    }

    /// Says that no frame follows: emits what is left.
    /// - Throws: what `emit` throws.
    public func finish(emit: (Picture) throws -> Void) throws {
        try finishPending { try emit($0.finished()) }
    }

    /// As `push`, with the pictures as pending pictures.
    public func pushPending(_ frame: Frame, emit: (PendingPicture) throws -> Void) throws {
        if window.newest == nil { try Self.check(frame.size, models, options) }
        let repeated = policy.repeats(frame, window) ? window.newest : nil
        if let repeated, !repeated.run.isHold {
            let still = window.extend(repeated, by: frame)
            if repeated === window.previous { try emitStills(of: repeated, through: still, emit) }
            return
        }
        let slot = window.add(frame, after: repeated)
        guard looksAhead else { return try advance(to: slot, emit) }
        if let waiting = window.waiting { try advance(to: waiting, before: slot, emit) }
        window.waiting = slot
    }

    /// As `finish`.
    public func finishPending(emit: (PendingPicture) throws -> Void) throws {
        window.closeRun()
        if let last = window.waiting {
            window.waiting = nil
            try advance(to: last, before: options.loop ? window.first : nil, emit)
        }
        guard let last = window.previous else { return }
        defer { window.end() }
        guard let first = window.first, first !== last else { return try emitStills(of: last, through: nil, emit) }
        let step = policy.transition(from: last, to: first)
        if step == .motion { networks?.estimateFlow(from: last, to: first) }
        closeWindow()
        try emitBetweens(from: last, to: first, step, emit)
    }

    /// Restores a frame and emits the pictures up to its own.
    private func advance(
        to current: FrameSlot, before next: FrameSlot? = nil, _ emit: (PendingPicture) throws -> Void
    ) throws {
        policy.begin(current)
        let neighbors = policy.neighbors(of: current, after: window.previous, before: next)
        if let previous = window.previous {
            let step = policy.step(from: previous, to: current)
            restore(current, after: previous, step, neighbors)
            closeWindow()
            try emitBetweens(from: previous, to: current, step, emit)
        } else {
            restore(current, after: nil, neighbors)
        }
        if let own = current.run.takeOwnInstant() {
            try emit(PendingPicture(.pixels(current.picture), at: own, size: current.size))
        }
        window.slide(to: current)
        // Else they are read until the window is closed.
        if inBetweens == nil { window.freeRetired() }
    }

    /// Network A on a frame and, where the step needs it, network B on it and the one before, side by side.
    private func restore(_ current: FrameSlot, after previous: FrameSlot, _ step: Transition, _ neighbors: Neighbors) {
        switch step {
        case .repetition: current.repeatPicture(of: previous)
        case .hold: restore(current, after: previous, neighbors)
        case .motion:
            pool.forEach(2) { network in
                if network == 0 {
                    restore(current, after: previous, neighbors)
                } else {
                    networks?.estimateFlow(from: previous, to: current)
                }
            }
        }
    }

    private func restore(_ slot: FrameSlot, after previous: FrameSlot?, _ neighbors: Neighbors) {
        guard let networks else { return slot.picture = composer.untouchedPicture(of: slot) }
        networks.restore(slot, after: previous, neighbors) { policy.takesStep(of: $0) }
    }
}
