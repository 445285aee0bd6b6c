import Media
import PixelKernels
import Threads

/// One place of the window: a GIF frame, what the networks made of it, and its time.
///
/// Allocated once per canvas and used for one frame after the other. While it is full, CCDNet writes `estimate` and the
/// flow network reads `input` at the same time.
final class FrameSlot {
    let input: FrameInput
    /// CCDNet's estimate, with the GIF's own colors where it is flat art, [3, H, W].
    let estimate: Tensor
    /// The estimate after the temporal filter (see `TemporalFilter`), [3, H, W].
    let restored: Tensor
    /// In place of these two on a large canvas, from the frame's restoration until nobody reads it.
    private(set) var results: BandedFilter.Results?
    /// The time of the frame and of those that repeat it.
    var run: FrameRun
    /// When the motion to the next picture begins, in seconds; nil until that is there.
    var motionStart: Rational?
    /// The restored picture, R, G, B, A; set once per frame.
    var picture: [UInt8] = []
    /// Whether the frame before shows another scene; nil until it was looked at.
    var beginsScene: Bool?
    /// Whether it is flat art that the GIF holds without loss (see `FlatArtGuard`).
    var isFlat = false
    /// Whether picture and estimate are those of an earlier frame, because there was no time for this one's.
    var isStale = false
    /// How estimates, with the frames that they are of, and restored frames differ up to this one.
    private var estimateLog: ChangeLog
    private var restoredLog: ChangeLog

    /// - Parameter size: of all frames.
    init(size: PixelSize, _ content: FrameInput.Content, cache: PaletteCache, on pool: WorkerPool) {
        input = FrameInput(size: size, content, cache: cache, on: pool)
        let (height, width) = content.isForNetworks && !input.isBanded ? (size.height, size.width) : (1, 1)
        estimate = Tensor(3, height, width)
        restored = Tensor(3, height, width)
        run = FrameRun(input.frame, rate: .source)
        (estimateLog, restoredLog) = (
            ChangeLog(memory: content.changeMemory), ChangeLog(memory: content.changeMemory)
        )
    }

    var size: PixelSize { input.size }
    var frame: Frame { input.frame }
    var number: Int { input.number }
    var hasTransparency: Bool { input.hasTransparency }
    /// The frame among the restored ones, over whatever background.
    var restoredFrame: SequenceFrame { SequenceFrame(restored.view, number: number, log: restoredLog) }
    /// The estimate among all estimates.
    var estimatedFrame: SequenceFrame { SequenceFrame(estimate.view, number: number, log: estimateLog) }

    /// Takes the next frame, of the same size; see `FrameInput.fill`.
    /// - Parameter run: its time.
    func fill(_ frame: Frame, run: FrameRun, after earlier: FrameSlot?, on background: RGB) {
        input.fill(frame, after: earlier?.input, on: background)
        self.run = run
        motionStart = nil
        beginsScene = nil
        isStale = false
    }

    /// Has transparent pixels show another background; what was known of earlier frames is forgotten.
    func mat(on background: RGB) {
        input.mat(on: background)
        restoredLog.append(number, height: size.height, width: size.width, change: nil)
    }

    /// Notes how the estimate, before flat art was looked for, differs from that of the frame before.
    /// - Parameter change: of estimate or frame; nil: anywhere.
    func noteEstimate(after earlier: FrameSlot?, change: Region?) {
        if let earlier { estimateLog = earlier.estimateLog }
        estimateLog.append(number, height: size.height, width: size.width, change: change)
    }

    /// Notes how the restored frame differs from the one before.
    /// - Parameter change: of `restored`; nil: anywhere.
    func noteRestored(after earlier: FrameSlot?, change: Region?) {
        if let earlier { restoredLog = earlier.restoredLog }
        var change = change
        // Pixels may have become transparent, or have ceased to be.
        let colors = input.colors.changes(since: earlier?.number)
        if let colors { change?.formUnion(colors) } else { change = nil }
        restoredLog.append(number, height: size.height, width: size.width, change: change?.hull)
    }

    /// Room for the results of a large canvas.
    func makeResults() -> BandedFilter.Results {
        let made = results ?? BandedFilter.Results(size)
        results = made
        return made
    }

    /// Nobody reads the results any more.
    func dropResults() { results = nil }

    /// Takes over the results of the frame before.
    func repeatPicture(of earlier: FrameSlot) {
        if input.isBanded {
            guard let known = earlier.results else { preconditionFailure("a frame that was not restored") }
            let own = makeResults()
            own.estimate.copyRows(0..<size.height, of: known.estimate)
            own.restored.copyRows(0..<size.height, of: known.restored)
        } else if input.content.isForNetworks {
            estimate.view.copy(from: earlier.estimate.view)
            restored.view.copy(from: earlier.restored.view)
        }
        picture = earlier.picture
        isFlat = earlier.isFlat
        let none = Region(height: size.height, width: size.width)
        noteEstimate(after: earlier, change: none)
        noteRestored(after: earlier, change: none)
    }
}
