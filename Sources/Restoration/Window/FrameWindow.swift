import Media
import Threads

/// The window that slides over a GIF's frames: which of them are there, in which slots, and how long each stays.
///
/// There are at most `capacity` slots: the frame restored last, the one that waits for its next one, that next one, the
/// one before, which pending pictures may be read from, and the first of a loop.
final class FrameWindow {
    static let capacity = 5

    /// The frame that was restored last.
    private(set) var previous: FrameSlot?
    /// The frame that is restored when the next one is there.
    var waiting: FrameSlot?
    /// The frame that came last.
    private(set) var newest: FrameSlot?
    /// The GIF's first frame, kept for a loop.
    private(set) var first: FrameSlot?
    /// The area in which frames that were left out differed from the ones before them.
    private(set) var leftOut = PixelRect.empty
    /// The slot that the next frame will use.
    private var spare: FrameSlot?
    /// That of the frame before `previous`, which pending pictures may still be read from.
    private var retired: FrameSlot?
    /// The color that the networks see behind the frames, where alpha is kept; nil while no frame had an outline.
    private var backdrop: RGB?
    private var timing = MotionTiming()
    private let options: RestorationOptions
    private let content: FrameInput.Content
    private let cache = PaletteCache()
    private let pool: WorkerPool

    init(_ options: RestorationOptions, _ content: FrameInput.Content, on pool: WorkerPool) {
        (self.options, self.content, self.pool) = (options, content, pool)
    }

    /// The color that the networks see in place of transparent pixels.
    var background: RGB { options.keepsAlpha ? backdrop ?? Backdrop.candidates[0] : options.background }

    /// Lengthens the time of the frame that came last by that of one that shows the same.
    /// - Returns: until when the picture stands still in any case, in seconds.
    func extend(_ slot: FrameSlot, by frame: Frame) -> Rational {
        slot.run.extend(by: frame)
        leftOut = leftOut.union(frame.changed)
        return timing.motionStart(slot.run)
    }

    /// Takes the next frame.
    /// - Parameter held: the frame before where that is a hold, which the frame goes on with.
    func add(_ frame: Frame, after held: FrameSlot?) -> FrameSlot {
        let slot = spare ?? FrameSlot(size: frame.size, content, cache: cache, on: pool)
        spare = nil
        let numbered = Frame(
            index: newest.map { $0.number + 1 } ?? 0, size: frame.size, pixels: frame.pixels,
            paletteMap: frame.paletteMap, start: frame.start, duration: frame.duration,
            changed: leftOut.union(frame.changed))
        leftOut = .empty
        if held == nil { closeRun() }
        let beginsBackground = choosesBackdrop(for: frame)
        slot.fill(
            numbered, run: FrameRun(frame, after: held?.run, rate: options.rate),
            after: beginsBackground ? nil : newest, on: background)
        newest = slot
        return slot
    }

    /// Says that no frame follows which shows the same as the last one.
    func closeRun() {
        guard let newest else { return }
        newest.motionStart = timing.motionStart(newest.run)
        timing.note(newest.run)
    }

    /// Moves on by one frame, which was restored.
    func slide(to current: FrameSlot) {
        if previous == nil && options.loop { first = current }
        // The first frame's slot stays out of the rotation while a loop needs it.
        retired = previous === first ? nil : previous
        previous = current
    }

    /// Says that no pending picture is read from the frame before `previous` any more.
    func freeRetired() {
        guard let retired else { return }
        // Without networks, there is nothing in it to use again.
        spare = content.isForNetworks ? retired : nil
        spare?.dropResults()
        self.retired = nil
    }

    /// Takes out the frame that was restored last.
    func end() { previous = nil }

    /// Chooses the backdrop with the first frame that has an outline.
    /// - Returns: whether the frames before, all opaque or all transparent, had another one; now they have this.
    private func choosesBackdrop(for frame: Frame) -> Bool {
        guard options.keepsAlpha, content.isForNetworks, backdrop == nil else { return false }
        let last = background
        backdrop = Backdrop.choose(for: frame)
        guard background != last, let newest else { return false }
        for slot in [newest, first] { slot?.mat(on: background) }
        return true
    }
}
