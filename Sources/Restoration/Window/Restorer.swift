import Inference
public import Media
import PixelKernels
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
/// One thread at a time. Pictures leave through `emit`, in order, on the caller's thread; or as pending pictures, and then another thread
/// waits for the in-betweens of one window while this one is at the next. All frames have one size.
public final class Restorer {
    /// Memory that restoring a canvas takes at the most, in bytes: as the peak memory of `filter --rate 2x` where much moves
    /// far, without dither, measured at 480x270, 960x540 and 1280x720, and at 2000x1100 and 2560x1440, whose networks go from
    /// tile to tile. That holds the decoder and all queues, but for more in-betweens of a window, which are counted here.
    /// Without networks as that of `filter --profile none --rate 2x --loop` for a slow reader, with transparent pixels and
    /// disposal 3, at 1000x1000, 1500x1500, 2000x2000 and 4000x4000.
    /// - Parameters:
    ///   - profile: nil: no networks.
    ///   - keepsAlpha: adds what frames and in-betweens with transparency hold beside that.
    public static func memory(for size: PixelSize, _ profile: ModelSet.Profile?, keepsAlpha: Bool = false) -> Int {
        let transparency = keepsAlpha && profile != nil ? Transparency.memory + slots * FrameSlot.transparencyMemory : 0
        return memoryWithoutAlpha(for: size, profile) + transparency * size.area
    }

    /// Frames that there are at a time: those of the window, two that pending pictures may be read from, and the first of a loop.
    private static let slots = 5

    private static func memoryWithoutAlpha(for size: PixelSize, _ profile: ModelSet.Profile?) -> Int {
        let isTiled = UNet.isTiled(height: size.height, width: size.width)
        let betweens = 2 * betweenCapacity(size) * size.area * Picture.bytesPerPixel
        return switch profile {
        case nil: 65_000_000 + 80 * size.area
        case .live: betweens + (isTiled ? 700_000_000 + 760 * size.area : 65_000_000 + 1450 * size.area)
        case .quality: betweens + (isTiled ? 950_000_000 + 880 * size.area : 120_000_000 + 1980 * size.area)
        }
    }

    /// Bytes that pictures may have, all together, that wait in one of a stream's queues, or to be made with others of their
    /// window. One may be larger.
    public static let queueBytes = 64 << 20

    /// In-betweens of one window that are made as one job of the pool, and lie there until the last of them has left.
    private static func betweenCapacity(_ size: PixelSize) -> Int {
        min(max(queueBytes / (size.area * Picture.bytesPerPixel), 1), 8)
    }

    private let models: ModelSet?
    private let options: RestorationOptions
    private let pool: WorkerPool
    private let pace: LivePace?
    private let operations: PixelOperations
    private let cache = PaletteCache()
    private var state: State?
    /// The earlier frame of the window, restored.
    private var previous: FrameSlot?
    /// The frame that is restored when the next one is there.
    private var waiting: FrameSlot?
    /// The slot that the next frame will use.
    private var spare: FrameSlot?
    /// That of the frame before `previous`, which pending pictures may still be read from.
    private var retired: FrameSlot?
    /// The in-betweens of the window before; nil where they are made.
    private var inBetweens: InBetweens?
    /// That of the frame that came last.
    private var newest: FrameSlot?
    /// Where the last frames differed from the ones before them, by their numbers.
    private var changes: [Int: PixelRect] = [:]
    private var scenes = SceneHistory()
    private var timing = MotionTiming()
    /// Whether frames that repeat the one before become a part of its time: where pictures between frames are made.
    private let joinsRepeats: Bool
    /// Where frames that were left out differed from the ones before them.
    private var leftOut = PixelRect.empty
    /// What the networks see behind the frames, where alpha is kept; nil while no frame had an outline.
    private var backdrop: RGB?
    /// More frames than there are slots.
    private static let rememberedChanges = 8
    /// The GIF's first frame, kept for a loop.
    private var first: FrameSlot?
    /// Whether the networks' maps of the last frame are used for the next; the pictures are the same without, but for
    /// rounding. For tests.
    var remembers = true
    /// How much work goes into the frame that is restored.
    private var effort = LivePace.Effort.everything
    /// The classifier's verdict; nil where none was asked for.
    public private(set) var verdict: DitherVerdict?

    /// The networks' activations for this canvas, made when they are first needed.
    final class State {
        let size: PixelSize
        let models: ModelSet
        private var none: CCDNet.State?
        private(set) var dithered: CCDNet.State?
        let flatArtGuard: FlatArtGuard
        let filter: TemporalFilter
        lazy var slomo = makeSlomo()
        /// Where alpha is kept.
        lazy var transparency = Transparency(size)

        init(models: ModelSet, size: PixelSize) {
            self.models = models
            self.size = size
            flatArtGuard = FlatArtGuard(height: size.height, width: size.width)
            filter = TemporalFilter(height: size.height, width: size.width)
        }

        func color(isDithered: Bool) -> CCDNet.State {
            if let known = isDithered ? dithered : none { return known }
            let made = (isDithered ? models.colorDithered : models.colorNone)
                .makeState(height: size.height, width: size.width, sharingWith: isDithered ? none : dithered)
            if isDithered { dithered = made } else { none = made }
            return made
        }

        private func makeSlomo() -> SuperSlomo.State {
            models.slomo.makeState(height: size.height, width: size.width)
        }

        /// After a look at a frame with the network for dithered GIFs: the one that goes on is the only one that stays, as both
        /// have one memory, and begins with nothing.
        func goOn(isDithered: Bool) {
            dithered?.startOver()
            guard !isDithered else { return }
            _ = color(isDithered: false)
            dithered = nil
        }

        /// Leaves the last estimates and nothing of what they were made with.
        func forget() {
            none?.forget()
            dithered?.forget()
            slomo = makeSlomo()
        }

        /// The verdict stands: the other network is not needed any more.
        func decide(isDithered: Bool) {
            if isDithered { none = nil } else { dithered = nil }
        }
    }

    /// - Parameters:
    ///   - models: nil leaves the frames as they are, in-betweens repeat them.
    ///   - pool: may be shared with other streams.
    ///   - pace: of a sink that may not be late.
    public init(models: ModelSet?, options: RestorationOptions, pool: WorkerPool, pace: LivePace? = nil) {
        self.models = models
        self.options = options
        self.pool = pool
        self.pace = pace
        operations = PixelOperations(on: pool)
        joinsRepeats =
            switch options.rate {
            case .source: false
            case .multiple(let count): models != nil && count > 1
            case .constant: models != nil
            }
        if models != nil && options.dither == .auto { verdict = DitherVerdict() }
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
        if newest == nil {
            let needed = Self.memory(for: frame.size, models?.profile, keepsAlpha: options.keepsAlpha)
            guard needed <= options.maxMemory else {
                throw CanvasTooLarge(size: frame.size, needed: needed, limit: options.maxMemory)
            }
        }
        let repeated = newest.flatMap { joinsRepeats && repeats(frame, $0) ? $0 : nil }
        if let repeated, !repeated.run.isHold {
            repeated.run.extend(by: frame)
            leftOut = leftOut.union(frame.changed)
            if repeated === previous { try emitStills(of: repeated, through: timing.motionStart(repeated.run), emit) }
            return
        }
        let slot = slot(for: frame, after: repeated)
        guard options.looksAhead, models?.seesNeighbours == true else { return try advance(to: slot, emit) }
        if let waiting { try advance(to: waiting, before: slot, emit) }
        waiting = slot
    }

    /// As `finish`.
    public func finishPending(emit: (PendingPicture) throws -> Void) throws {
        if let newest { close(newest) }
        if let last = waiting {
            waiting = nil
            try advance(to: last, before: options.loop ? first : nil, emit)
        }
        guard let last = previous else { return }
        if options.loop, let first, first !== last {
            if !remembers { state?.forget() }
            let step = transition(from: last, to: first)
            if step == .motion { estimateFlow(from: last, to: first) }
            closeWindow()
            try emitBetweens(from: last, to: first, step, emit)
        } else {
            try emitBetweens(from: last, to: last, .repetition, emit)
        }
        previous = nil
    }

    /// Restores a frame and emits the pictures up to its own.
    private func advance(to current: FrameSlot, before next: FrameSlot? = nil, _ emit: (PendingPicture) throws -> Void)
        throws
    {
        if !remembers { state?.forget() }
        effort = models == nil ? .everything : pace?.effort(for: Rational(current.run.start, 100)) ?? .everything
        let after = next.flatMap { neighbour($0, isCut: beginsScene($0, after: current)) }
        if let previous {
            let step = self.step(from: previous, to: current)
            let before = neighbour(previous, isCut: beginsScene(current, after: previous))
            restore(current, from: previous, step, before, after)
            closeWindow()
            try emitBetweens(from: previous, to: current, step, emit)
        } else {
            restore(current, from: nil, nil, after)
            if options.loop { first = current }
        }
        if let own = current.run.takeOwnInstant() {
            try emit(PendingPicture(.pixels(current.picture), at: own, size: current.size))
        }
        // The first frame's slot stays out of the rotation while a loop needs it.
        retired = previous === first ? nil : previous
        previous = current
    }

    // MARK: The window

    /// Waits until all in-betweens of the window before are made: their frames' places and the flow are free.
    private func closeWindow() {
        inBetweens?.finish()
        inBetweens = nil
        // Without networks, there is nothing in it to use again.
        spare = models == nil ? nil : retired
        retired = nil
    }

    /// What happens between two frames.
    private enum Transition {
        /// The frames are the same.
        case repetition
        /// In-betweens are asked for and can be made.
        case motion
        /// The earlier picture stays until the later one comes.
        case hold
    }

    /// Whether a frame shows the same as the one that came last.
    private func repeats(_ frame: Frame, _ last: FrameSlot) -> Bool {
        // One that was lost is restored when there is time again.
        guard !last.isStale else { return false }
        // What flat art holds exactly is shown exactly; whether it is some is known of frames that are restored.
        let isShort = last.run.stillTime + frame.duration <= RepeatedFrames.noiseDuration
        let isFlat = previous?.isFlat ?? false
        return RepeatedFrames.areAlike(
            last.frame, frame, in: leftOut.union(frame.changed), isShort && !isFlat ? .alike : .equal)
    }

    /// - Parameter held: the slot of the frame before where that is a hold, which the frame goes on with.
    private func slot(for frame: Frame, after held: FrameSlot?) -> FrameSlot {
        let slot =
            spare
            ?? FrameSlot(
                size: frame.size, cache: cache, isForNetworks: models != nil, keepsAlpha: options.keepsAlpha)
        spare = nil
        let numbered = Frame(
            index: newest.map { $0.frame.index + 1 } ?? 0, size: frame.size, pixels: frame.pixels,
            paletteMap: frame.paletteMap, start: frame.start, duration: frame.duration,
            changed: leftOut.union(frame.changed))
        leftOut = .empty
        if let newest, held == nil { close(newest) }
        let beginsBackground = choosesBackdrop(for: frame)
        slot.fill(
            numbered, run: FrameRun(frame, after: held?.run, rate: options.rate),
            after: remembers && !beginsBackground ? newest : nil, changes: changes, background: background,
            cache: cache, on: operations, pool: pool)
        slot.beginsBackground = beginsBackground
        newest = slot
        changes[numbered.index] = numbered.changed
        changes[numbered.index - Self.rememberedChanges] = nil
        return slot
    }

    /// Says that something new follows a frame and those that repeat it.
    private func close(_ slot: FrameSlot) {
        slot.motionStart = timing.motionStart(slot.run)
        timing.note(slot.run)
    }

    /// What the networks see where frames are transparent.
    private var background: RGB { options.keepsAlpha ? backdrop ?? Backdrop.candidates[0] : options.background }

    /// Chooses the backdrop with the first frame that has an outline.
    /// - Returns: whether the frames before, all opaque or all transparent, had another one; now they have this.
    private func choosesBackdrop(for frame: Frame) -> Bool {
        guard options.keepsAlpha, models != nil, backdrop == nil else { return false }
        let last = background
        backdrop = Backdrop.choose(for: frame)
        guard background != last, let newest else { return false }
        for slot in [newest, first] { slot?.mat(on: background, operations, pool) }
        changes = [:]
        return true
    }

    private func step(from a: FrameSlot, to b: FrameSlot) -> Transition {
        if (b.frame.changed.isEmpty || b.run.goesOn) && !a.isStale { return .repetition }
        guard effort == .repetition else { return transition(from: a, to: b) }
        pace?.lost(frames: 1)
        b.isStale = true
        return .repetition
    }

    private func transition(from a: FrameSlot, to b: FrameSlot) -> Transition {
        guard models != nil, joinsRepeats, !a.isStale, let motionStart = a.motionStart else { return .hold }
        let inBetweens = a.run.count(after: motionStart)
        guard inBetweens > 0 else { return .hold }
        // What looks like another scene may be this one, moved far: the flow will tell (`Refinement.between`).
        let isCut = beginsScene(b, after: a)
        guard effort == .everything else {
            if !isCut { pace?.lost(inBetweens: inBetweens) }
            return .hold
        }
        return .motion
    }

    /// Whether `slot` shows another scene than `earlier`, the frame before it; looked at once, where it matters.
    private func beginsScene(_ slot: FrameSlot, after earlier: FrameSlot) -> Bool {
        guard models != nil else { return false }
        if let known = slot.beginsScene { return known }
        let isFollowing = slot.follows(earlier)
        let isSmall = isFollowing && SceneChange.isTooSmall(slot.frame.changed, of: slot.size)
        let made = !isSmall && scenes.isCut(earlier.signature, slot.signature)
        slot.beginsScene = made
        return made
    }

    /// What CCDNet may look at beside a frame: not another scene.
    private func neighbour(_ slot: FrameSlot, isCut: @autoclosure () -> Bool) -> FrameSlot? {
        models?.seesNeighbours == true && !isCut() ? slot : nil
    }

    // MARK: The networks

    private func state(for models: ModelSet, _ size: PixelSize) -> State {
        if let state { return state }
        let made = State(models: models, size: size)
        state = made
        return made
    }

    /// Network A on the current frame and, where the step needs it, network B on both, side by side.
    private func restore(
        _ current: FrameSlot, from previous: FrameSlot, _ step: Transition, _ before: FrameSlot?, _ after: FrameSlot?
    ) {
        switch step {
        case .repetition:
            if models != nil {
                current.estimate.view.copy(from: previous.estimate.view)
                current.restored.view.copy(from: previous.restored.view)
            }
            current.picture = previous.picture
            current.isFlat = previous.isFlat
            current.changedRestored = Region(height: current.size.height, width: current.size.width)
        case .hold: restore(current, from: previous, before, after)
        case .motion:
            pool.forEach(2) { network in
                if network == 0 {
                    restore(current, from: previous, before, after)
                } else {
                    estimateFlow(from: previous, to: current)
                }
            }
        }
    }

    /// Network A on one frame.
    /// - Parameter earlier: the frame before it, which it stays like where nothing moves.
    private func restore(
        _ slot: FrameSlot, from earlier: FrameSlot?, _ before: FrameSlot?, _ after: FrameSlot?
    ) {
        guard let models else {
            slot.picture = settled(slot.flattened, slot)
            return
        }
        let state = state(for: models, slot.size)
        let isUndecided = verdict?.isOpen == true
        let isDithered = isDithered(slot, models)
        let net = isDithered ? models.colorDithered : models.colorNone
        let steps = effort < .firstStep ? net.steps : 1
        if steps < net.steps { pace?.lost(steps: 1) }
        let past = earlier.flatMap { beginsScene(slot, after: $0) ? nil : $0 }
        let color = state.color(isDithered: isDithered)
        let given = CCDNet.Given(
            frame: slot.frame.index, hasBefore: before != nil, hasAfter: after != nil, hasPast: past != nil)
        let isNext = remembers && color.given.map { given.follows($0) } == true
        let novelty = isNext ? novelty(slot, before, after, past) : CCDNet.Novelty()
        var changed = slot.ids.withUnsafeBufferPointer { ids in
            net.restore(
                gif: slot.gif.view, radius: slot.radius.view, before: before?.gif.view, after: after?.gif.view,
                past: past?.restored.view, palettes: slot.palettes, ids: ids, steps: steps, novelty: novelty,
                into: slot.estimate.view, state: color, on: pool)
        }
        color.given = given
        // The classifier may have chosen the other network.
        if isUndecided || !remembers { changed = .all(height: changed.height, width: changed.width) }
        let wasRestrained = state.flatArtGuard.isAtWork
        slot.isFlat = state.flatArtGuard.apply(
            to: slot.estimate.view, gif: slot.gif.view, radius: slot.radius.view, changed: changed, on: pool)
        if let past {
            let moved = state.filter.apply(
                to: slot.estimate.view, gif: slot.gif.view,
                past: TemporalFilter.Past(estimate: past.estimate.view, restored: past.restored.view),
                changed: slot.follows(past) && !wasRestrained && !state.flatArtGuard.isAtWork ? changed : nil,
                how: isDithered ? .dithered : .none, into: slot.restored.view, on: pool)
            if slot.follows(past) && remembers {
                var changed = slot.changedColors
                changed.formUnion(moved)
                slot.changedRestored = changed.hull
            }
        } else {
            slot.restored.view.copy(from: slot.estimate.view)
        }
        slot.picture = bytes(of: slot.restored, slot)
    }

    /// Where what CCDNet is given differs from what it was given for the frame before.
    private func novelty(
        _ slot: FrameSlot, _ before: FrameSlot?, _ after: FrameSlot?, _ past: FrameSlot?
    ) -> CCDNet.Novelty {
        guard before.map({ slot.follows($0) }) != false, past.map({ slot.follows($0) }) != false,
            after.map({ $0.follows(slot) }) != false
        else { return CCDNet.Novelty() }
        var frames = slot.changedColors
        for neighbour in [before, after] { if let neighbour { frames.formUnion(neighbour.changedColors) } }
        var last = past?.changedRestored
        last?.formUnion(slot.changedColors)
        return CCDNet.Novelty(frames: frames.hull, past: past == nil ? slot.changedColors : last?.hull)
    }

    private func isDithered(_ slot: FrameSlot, _ models: ModelSet) -> Bool {
        switch options.dither {
        case .none: return false
        case .dithered: return true
        case .auto:
            if verdict?.isOpen == true {
                if verdict?.wants(slot.frame) == true {
                    let state = state(for: models, slot.size)
                    let isAnotherNetwork = state.dithered == nil
                    verdict?.add(
                        logit: models.ditherLogit(of: slot, state: state.color(isDithered: true), on: pool))
                    if isAnotherNetwork { state.goOn(isDithered: verdict?.isDithered == true) }
                }
                if let verdict, !verdict.isOpen { state?.decide(isDithered: verdict.isDithered) }
            }
            return verdict?.isDithered ?? false
        }
    }

    private func estimateFlow(from a: FrameSlot, to b: FrameSlot) {
        guard let models else { return }
        let state = state(for: models, a.size).slomo
        var novelty = SuperSlomo.Novelty()
        if remembers && b.follows(a) {
            novelty.between = b.changed
            if state.flowWindow == a.frame.index && !b.beginsBackground {
                (novelty.first, novelty.second) = (a.changed, b.changed)
            }
        }
        models.slomo.estimateFlow(a.matted.view, b.matted.view, novelty: novelty, state: state, on: pool)
        state.flowWindow = b.follows(a) ? b.frame.index : nil
    }

    // MARK: Pictures

    private func emitBetweens(
        from a: FrameSlot, to b: FrameSlot, _ step: Transition, _ emit: (PendingPicture) throws -> Void
    ) throws {
        guard step == .motion, let models, let state, let motionStart = a.motionStart else {
            return try emitStills(of: a, through: nil, emit)
        }
        try emitStills(of: a, through: motionStart, emit)
        models.slomo.publishFlow(state.slomo, on: pool)
        let refinement = Refinement(
            models: models, state: state, keepsAlpha: options.keepsAlpha, background: background, pool: pool)
        let motion = Rational(a.run.end, 100) - motionStart
        // A window may be asked for a thousand.
        while true {
            var places: [OutputInstant] = []
            while places.count < Self.betweenCapacity(a.size), let next = a.run.takeInstant() { places.append(next) }
            if places.isEmpty { return }
            inBetweens?.finish()
            let times = places.map { ($0.start - motionStart) / motion }
            let made = InBetweens(places.count, on: pool) { index in
                // The last of many may be nearer to 1 than a Float can be.
                refinement.between(a, b, at: min(Float(times[index].value), Float(1).nextDown))
            }
            inBetweens = made
            for (index, place) in places.enumerated() {
                try emit(PendingPicture(.inBetween(made, index: index), at: place, size: a.size))
            }
        }
    }

    /// Emits the pictures of a frame's time that show the frame itself.
    /// - Parameter end: the last moment at which they do, in seconds; nil: that of the frame's time.
    private func emitStills(of slot: FrameSlot, through end: Rational?, _ emit: (PendingPicture) throws -> Void) throws
    {
        while let instant = slot.run.takeInstant(through: end) {
            try emit(PendingPicture(.pixels(slot.picture), at: instant, size: slot.size))
        }
    }

    private func bytes(of tensor: Tensor, _ slot: FrameSlot) -> [UInt8] {
        var pixels = slot.frame.pixels
        pixels.withUnsafeMutableBufferPointer { operations.store(tensor.view, intoRGBA: $0) }
        return settled(pixels, slot)
    }

    /// Settles the transparent pixels: black and transparent where alpha is kept, else exactly the background.
    private func settled(_ pixels: [UInt8], _ slot: FrameSlot) -> [UInt8] {
        guard slot.hasTransparency else { return pixels }
        var pixels = pixels
        let background = options.keepsAlpha ? .black : options.background
        let alpha: UInt8 = options.keepsAlpha ? 0 : 255
        pixels.withUnsafeMutableBufferPointer { pixels in
            for at in stride(from: 0, to: pixels.count, by: 4) where pixels[at + 3] == 0 {
                pixels[at] = background.red
                pixels[at + 1] = background.green
                pixels[at + 2] = background.blue
                pixels[at + 3] = alpha
            }
        }
        return pixels
    }
}
