import Inference
import Media
import PixelKernels

/// The memory that restoring a canvas takes at the most: what each part allocates for it, added up from the same sizes and
/// layouts.
struct CanvasMemory {
    /// Bytes.
    private(set) var total: Int
    private let size: PixelSize

    /// The program with its threads, libraries and small buffers, and the weights of a profile's networks as they are computed
    /// with: an estimate that was not measured.
    private static func program(_ profile: ModelSet.Profile?) -> Int {
        switch profile {
        case nil: 40 << 20
        case .live: 80 << 20
        case .quality, .vivid: 140 << 20
        }
    }

    /// Frames on their way that belong to no slot, beside those in the queue: the one that the decoder hands out.
    private static let framesInHand = 1
    /// Pictures on their way beside those in the queues: of the threads `restore`, `collect`, and the sink's.
    private static let picturesInHand = 3

    init(_ size: PixelSize, _ models: ModelSet?, _ options: RestorationOptions) {
        (self.size, total) = (size, Self.program(models?.profile))
        let slots = FrameWindow.capacity - (options.loop ? 0 : 1)
        // The decoder's canvas, and what disposal 3 brings back.
        add(2 * Frame.bytesPerPixel)
        add((Self.framesInHand + waiting(Frame.bytesPerPixel)) * Frame.bytesPerPixel)
        add((Self.picturesInHand + 2 * waiting(Picture.bytesPerPixel)) * Picture.bytesPerPixel)
        // Each slot has a frame, a picture of its own, and, where something is transparent, the frame over the background.
        add(slots * (Frame.bytesPerPixel + 2 * Picture.bytesPerPixel))
        guard let models else { return }
        let content = Restorer.content(models, options)
        if let band = content.band(of: size) {
            addBanded(models, options, band: band)
        } else {
            addWhole(models, options, slots: slots)
        }
        if options.rate != .source { addInBetweens(keepsAlpha: options.keepsAlpha) }
    }

    private mutating func add(_ bytesPerPixel: Int) { total += bytesPerPixel * size.area }

    /// Elements that may wait in a queue.
    private func waiting(_ bytesPerPixel: Int) -> Int {
        min(Restorer.queueCapacity, max(1, Restorer.queueBytes / (bytesPerPixel * size.area)))
    }

    private static let float = MemoryLayout<Float>.stride

    private mutating func addInBetweens(keepsAlpha: Bool) {
        // Those of a window, and of the window before, which are not written yet.
        add(2 * Restorer.betweenCapacity(size) * Picture.bytesPerPixel)
        add(HeldParts.memory + TranslationFinder.memory)
        total += TranslationSearch.bytes
        if keepsAlpha { return }
        add(StandingOverlay.memory)
    }

    /// Networks that see the canvas as a whole.
    private mutating func addWhole(_ models: ModelSet, _ options: RestorationOptions, slots: Int) {
        // Of each slot: the frame, its radius, the estimate, the restored frame.
        add(slots * (3 + 1 + 3 + 3) * Self.float)
        if options.keepsAlpha { add(slots * FrameInput.transparencyMemory) }
        // The filter's two maps; the palettes of the last frame.
        add(2 * Self.float + MemoryLayout<UInt16>.stride)
        let (height, width) = (size.height, size.width)
        let (none, dithered) = (models.colorNone, models.colorDithered)
        // While the classifier is asked both networks are there; the dithered one's maps serve the classifier.
        let sharesMaps = none.first.configuration == dithered.first.configuration
        total += none.stateBytes(height: height, width: width)
        total += dithered.stateBytes(height: height, width: width, sharesMaps: sharesMaps)
        guard options.rate != .source else { return }
        total += models.slomo.stateBytes(height: height, width: width)
        add(OverlayLayers.memory)
        if options.keepsAlpha { add(Transparency.memory) }
    }

    /// Networks that see it in bands.
    private mutating func addBanded(_ models: ModelSet, _ options: RestorationOptions, band: Int) {
        total += BandedNetworks.arenaBytes(models, size, band: band, inBetweens: options.rate != .source)
        // Of three frames: the last two, and the first of a loop.
        add((options.loop ? 3 : 2) * BandedFilter.Results.memory)
        add(BandedColor.memory(hasStep: models.colorNone.hasStep || models.colorDithered.hasStep))
        guard options.rate != .source else { return }
        add(BandedFlow.memory)
        total += CoarseFlow.bandedBytes(height: size.height, width: size.width, models.slomo)
        total += models.slomo.projectionBytes(height: size.height, width: size.width)
    }
}
