import Inference
import Media
import PixelKernels
import Threads

/// A GIF frame as the networks read it.
///
/// Allocated once per canvas and used for one frame after the other. One thread at a time fills it; while it is full,
/// any number of threads may read it.
final class FrameInput {
    /// The choice of data that are kept of frames.
    struct Content {
        /// Otherwise `gif`, `matted` and `radius` are one pixel that nobody reads.
        var isForNetworks = true
        /// Whether pictures keep the frame's transparency.
        var keepsAlpha = false
        /// Rows of the bands in which networks see large canvases, of whose frames nothing is kept but bytes; nil: they see any
        /// canvas as a whole.
        var band: Int?
        /// Canvases with more pixels are large.
        var largeArea = UNet.largeArea
        /// Frames whose changes are remembered.
        var changeMemory = ChangeLog.usualMemory

        /// Rows of the bands of a canvas; nil: it is seen as a whole.
        func band(of size: PixelSize) -> Int? { isForNetworks && size.area > largeArea ? band : nil }
    }

    let size: PixelSize
    let content: Content
    let cache: PaletteCache
    let pool: WorkerPool
    /// Whether the networks see the frame in bands: `gif`, `matted` and `radius` are one pixel then (see `FrameInput+Rows`).
    let isBanded: Bool
    /// The frame as CCDNet reads it, in [-1, 1], [3, H, W]. Transparent pixels show the background or, where alpha is kept,
    /// the colors beside them (see `ColorExtension`).
    let gif: Tensor
    /// The frame as the flow network reads it: transparent pixels show the background, from which an outline that moves
    /// stands out. `gif` itself, but where alpha is kept.
    let matted: Tensor
    /// The palette radius of each pixel (see `PaletteColors`), [1, H, W].
    let radius: Tensor
    /// The frame, by its number in the window: frames that repeat another have no number.
    private(set) var frame: Frame
    private(set) var palettes: PaletteCache.Prepared
    /// The palette of each pixel of `gif`, by number.
    var ids: [UInt16] = []
    /// Whether any pixel is transparent.
    private(set) var hasTransparency = false
    /// The frame's own pixels with the background wherever they are transparent, R, G, B, A; alpha is the frame's.
    var flattened: [UInt8] = []
    private var knownSignature: SceneChange.Signature?
    private var knownLuma: QuarterLuma?
    /// How frames, and what CCDNet reads of them, differ up to this one.
    private(set) var frameLog: ChangeLog
    private(set) var colorLog: ChangeLog

    /// Bytes a pixel of what it holds only where alpha is kept: `matted`, `ids`, and bytes while it is filled.
    static let transparencyMemory = 3 * MemoryLayout<Float>.size + MemoryLayout<UInt16>.size + 4

    /// - Parameter size: of all frames.
    init(size: PixelSize, _ content: Content = Content(), cache: PaletteCache, on pool: WorkerPool) {
        (self.size, self.content, self.cache, self.pool) = (size, content, cache, pool)
        isBanded = content.band(of: size) != nil
        let (height, width) = content.isForNetworks && !isBanded ? (size.height, size.width) : (1, 1)
        gif = Tensor(3, height, width)
        matted = content.keepsAlpha ? Tensor(3, height, width) : gif
        radius = Tensor(1, height, width)
        // None yet.
        frame = Frame(
            index: -1, size: PixelSize(width: 0, height: 0), pixels: [],
            paletteMap: PaletteMap(ids: [], palettes: [nil]), start: 0, duration: 2, changed: .empty)
        palettes = cache.prepare([nil])
        (frameLog, colorLog) = (ChangeLog(memory: content.changeMemory), ChangeLog(memory: content.changeMemory))
    }

    var number: Int { frame.index }
    /// The frame among those that CCDNet reads, and among those that the flow network reads.
    var colors: SequenceFrame { SequenceFrame(gif.view, number: number, log: colorLog) }
    var scene: SequenceFrame { SequenceFrame(matted.view, number: number, log: frameLog) }

    /// The measures by which scene changes are found; computed when they are first asked for.
    var signature: SceneChange.Signature {
        if let knownSignature { return knownSignature }
        let made = flattened.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        knownSignature = made
        return made
    }

    /// The frame's luma at a quarter of its size; computed when it is first asked for, by one thread at a time.
    var quarterLuma: QuarterLuma {
        if let knownLuma { return knownLuma }
        let made = QuarterLuma(flattened, size: size)
        knownLuma = made
        return made
    }

    /// Takes the next frame, of the same size.
    /// - Parameters:
    ///   - earlier: the frame before, over the same background; only what has changed since is looked at.
    ///   - background: what transparent pixels show.
    func fill(_ frame: Frame, after earlier: FrameInput? = nil, on background: RGB) {
        precondition(frame.size == size, "a frame of \(frame.size) in a window of \(size)")
        let last = number
        self.frame = frame
        palettes = cache.prepare(frame.paletteMap.palettes)
        (knownSignature, knownLuma) = (nil, nil)
        let earlier = earlier.flatMap { $0 !== self && $0.number + 1 == number ? $0 : nil }
        hasTransparency = hasTransparency(after: earlier)
        note(after: earlier)
        guard let earlier, let changed = frameLog.region(from: earlier.number, to: number),
            let changedColors = colorLog.region(from: earlier.number, to: number)
        else {
            let all = Region.all(height: size.height, width: size.width)
            flatten(size.bounds, over: frame.pixels, on: background)
            return load(all, colors: all, knownIDs: frame.paletteMap.ids)
        }
        copy(from: earlier, changedSince: last)
        flatten(frame.changed, over: earlier.flattened, on: background)
        load(changed, colors: changedColors, knownIDs: earlier.ids)
        // Nobody compares values of large canvases later on.
        if isBanded { noteDifferences(from: earlier) }
    }

    /// Has `matted` show another background; what was known of earlier frames is forgotten.
    func mat(on background: RGB) {
        (knownSignature, knownLuma) = (nil, nil)
        frameLog.append(number, height: size.height, width: size.width, change: nil)
        flatten(size.bounds, over: frame.pixels, on: background)
        guard content.isForNetworks && content.keepsAlpha && !isBanded else { return }
        flattened.withUnsafeBufferPointer { PixelOperations(on: pool).load(rgba: $0, into: matted.view) }
    }

    /// Looks for a transparent pixel: where the frame before has none, only what is new can be transparent.
    private func hasTransparency(after earlier: FrameInput?) -> Bool {
        let part = earlier?.hasTransparency == false ? frame.changed : size.bounds
        return frame.pixels.withUnsafeBufferPointer { pixels in
            (part.y..<max(part.y, part.maxY)).contains { y in
                let first = 4 * (y * size.width + part.x) + 3
                return stride(from: first, to: first + 4 * max(part.width, 0), by: 4).contains { pixels[$0] == 0 }
            }
        }
    }

    /// Notes how the frame differs from the one before.
    private func note(after earlier: FrameInput?) {
        var changed: Region?
        if let earlier {
            changed = Region(frame.changed, of: size)
            (frameLog, colorLog) = (earlier.frameLog, earlier.colorLog)
        }
        frameLog.append(number, height: size.height, width: size.width, change: changed)
        // Colors are extended over transparent pixels beside them.
        let isExtended = content.keepsAlpha && (hasTransparency || earlier?.hasTransparency == true)
        let colors = isExtended ? changed?.grown(by: ColorExtension.reach) : changed
        colorLog.append(number, height: size.height, width: size.width, change: colors)
    }

    /// Notes in which rows and columns what the networks read really differs from the frame before.
    private func noteDifferences(from earlier: FrameInput) {
        colorLog = earlier.colorLog
        colorLog.append(number, height: size.height, width: size.width, change: differences(from: earlier))
    }

    /// Takes over all data of the frame before.
    /// - Parameter last: the frame that is here now.
    private func copy(from earlier: FrameInput, changedSince last: Int) {
        guard content.isForNetworks && !isBanded else { return }
        let operations = PixelOperations(on: pool)
        let all = Region.all(height: size.height, width: size.width)
        let outdated = earlier.frameLog.region(from: last, to: earlier.number)?.hull ?? all
        let outdatedColors = earlier.colorLog.region(from: last, to: earlier.number)?.hull ?? all
        operations.copy(earlier.gif.view, into: gif.view, in: outdatedColors)
        operations.copy(earlier.radius.view, into: radius.view, in: outdatedColors)
        if content.keepsAlpha { operations.copy(earlier.matted.view, into: matted.view, in: outdated) }
    }
}
