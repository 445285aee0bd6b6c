import Media
import PixelKernels
import Threads

/// One place of the sliding window: a GIF frame as the networks read it, and what CCDNet made of it.
///
/// Allocated once per canvas and used for one frame after the other. One thread at a time fills it; while it is
/// full, CCDNet writes `estimate` and the flow network reads `gif` at the same time.
final class FrameSlot {
    let size: PixelSize
    private let isForNetworks: Bool
    private let keepsAlpha: Bool
    /// The frame as CCDNet reads it, in [-1, 1], [3, H, W]. Transparent pixels show the background or, where alpha is kept,
    /// the colors beside them (see `ColorExtension`).
    let gif: Tensor
    /// The frame as the flow network reads it: transparent pixels show the background, from which an outline that moves
    /// stands out. `gif` itself, but where alpha is kept.
    let matted: Tensor
    /// The palette radius of each pixel (see `PaletteColors`), [1, H, W].
    let radius: Tensor
    /// CCDNet's estimate, restrained, [3, H, W].
    let estimate: Tensor
    /// The estimate, still where the frames before were (see `TemporalFilter`), [3, H, W].
    let restored: Tensor
    /// The frame, numbered as a picture of the window: frames that repeat another have no number.
    private(set) var frame: Frame
    /// The time of the frame and of those that repeat it.
    var run: FrameRun
    /// When the motion to the next picture begins, in seconds; nil until that is there.
    var motionStart: Rational?
    private(set) var palettes: PaletteCache.Prepared
    /// The palette of each pixel of `gif`, by number.
    private(set) var ids: [UInt16] = []
    /// Where `gif` may differ from that of the frame before.
    private(set) var changedColors: Region
    /// Whether any pixel is transparent.
    private(set) var hasTransparency = false
    /// The frame's own pixels with the background wherever they are transparent, R, G, B, A; alpha is the frame's.
    private(set) var flattened: [UInt8] = []
    /// The restored picture, R, G, B, A; set once per frame.
    var picture: [UInt8] = []
    /// Where `restored` may differ from that of the frame before; nil: anywhere.
    var changedRestored: Region?
    /// Whether the frame before shows another scene; nil until it was looked at.
    var beginsScene: Bool?
    /// Whether the frames before were filled over another background.
    var beginsBackground = false
    /// Whether it is flat art that the GIF holds without loss (see `FlatArtGuard`).
    var isFlat = false
    /// Whether picture and estimate are those of an earlier frame, because there was no time for this one's.
    var isStale = false
    private var knownSignature: SceneChange.Signature?

    /// Bytes a pixel of what it holds only where alpha is kept: `matted`, `ids`, and bytes while it is filled.
    static let transparencyMemory = 3 * MemoryLayout<Float>.size + MemoryLayout<UInt16>.size + 4

    /// - Parameters:
    ///   - size: of all frames.
    ///   - isForNetworks: otherwise `gif`, `radius`, `estimate` and `restored` are one pixel that nobody reads.
    ///   - keepsAlpha: whether pictures keep the frame's transparency.
    init(size: PixelSize, cache: PaletteCache, isForNetworks: Bool = true, keepsAlpha: Bool = false) {
        self.size = size
        self.isForNetworks = isForNetworks
        self.keepsAlpha = keepsAlpha
        let (height, width) = isForNetworks ? (size.height, size.width) : (1, 1)
        gif = Tensor(3, height, width)
        matted = keepsAlpha ? Tensor(3, height, width) : gif
        changedColors = .all(height: size.height, width: size.width)
        radius = Tensor(1, height, width)
        estimate = Tensor(3, height, width)
        restored = Tensor(3, height, width)
        // None yet.
        frame = Frame(
            index: -1, size: PixelSize(width: 0, height: 0), pixels: [],
            paletteMap: PaletteMap(ids: [], palettes: [nil]), start: 0, duration: 2, changed: .empty)
        run = FrameRun(frame, rate: .source)
        palettes = cache.prepare([nil])
    }

    /// Takes the next frame, of the same size.
    /// - Parameters:
    ///   - run: its time, where pictures are made of it; nil: one picture.
    ///   - earlier: the slot of another frame; where that is the frame before, only what has changed is looked at.
    ///   - changes: where the last frames differed from the ones before them, by their numbers.
    ///   - background: as the frames before were filled over, but for what `mat` did.
    func fill(
        _ frame: Frame, run: FrameRun? = nil, after earlier: FrameSlot? = nil, changes: [Int: PixelRect] = [:],
        background: RGB, cache: PaletteCache, on operations: PixelOperations, pool: WorkerPool
    ) {
        precondition(frame.size == size, "a frame of \(frame.size) in a window of \(size)")
        let outdated = changed(from: self.frame.index, until: frame.index, changes)
        self.frame = frame
        self.run = run ?? FrameRun(frame, rate: .source)
        motionStart = nil
        palettes = cache.prepare(frame.paletteMap.palettes)
        beginsScene = nil
        beginsBackground = false
        isStale = false
        changedRestored = nil
        knownSignature = nil
        let earlier = earlier.flatMap { $0 !== self && follows($0) ? $0 : nil }
        // Where the frame before has none, only what is new can be transparent.
        let searched = earlier?.hasTransparency == false ? frame.changed : size.bounds
        hasTransparency = frame.pixels.withUnsafeBufferPointer { pixels in
            (searched.y..<max(searched.y, searched.maxY)).contains { y in
                let first = 4 * (y * size.width + searched.x) + 3
                return stride(from: first, to: first + 4 * max(searched.width, 0), by: 4).contains { pixels[$0] == 0 }
            }
        }
        if let earlier {
            let isExtended = keepsAlpha && (hasTransparency || earlier.hasTransparency)
            changedColors = isExtended ? changed.grown(by: ColorExtension.reach) : changed
            if isForNetworks {
                let outdatedColors = keepsAlpha ? outdated.grown(by: ColorExtension.reach) : outdated
                operations.copy(earlier.gif.view, into: gif.view, in: outdatedColors)
                operations.copy(earlier.radius.view, into: radius.view, in: outdatedColors)
                if keepsAlpha { operations.copy(earlier.matted.view, into: matted.view, in: outdated) }
            }
            flatten(frame.changed, over: earlier.flattened, background, pool)
            update(changed, colors: changedColors, knownIDs: earlier.ids, operations, pool)
        } else {
            changedColors = .all(height: size.height, width: size.width)
            flatten(size.bounds, over: frame.pixels, background, pool)
            update(changedColors, colors: changedColors, knownIDs: frame.paletteMap.ids, operations, pool)
        }
    }

    /// Has `matted` show another background.
    func mat(on background: RGB, _ operations: PixelOperations, _ pool: WorkerPool) {
        knownSignature = nil
        flatten(size.bounds, over: frame.pixels, background, pool)
        guard isForNetworks && keepsAlpha else { return }
        flattened.withUnsafeBufferPointer { operations.load(rgba: $0, into: matted.view) }
    }

    /// Where a frame's predecessor may differ from another frame, as far as the changes are known.
    private func changed(from first: Int, until end: Int, _ changes: [Int: PixelRect]) -> Region {
        var region = Region(height: size.height, width: size.width)
        guard first >= 0 && first < end else { return .all(height: size.height, width: size.width) }
        for index in first + 1..<end {
            guard let change = changes[index] else { return .all(height: size.height, width: size.width) }
            region.insert(change)
        }
        return region.hull
    }

    /// Whether its frame comes right after another's.
    func follows(_ earlier: FrameSlot) -> Bool { frame.index == earlier.frame.index + 1 }

    /// Where the frame differs from the one before.
    var changed: Region {
        var region = Region(height: size.height, width: size.width)
        region.insert(frame.changed)
        return region
    }

    /// What scene changes are found by; computed when it is first asked for.
    var signature: SceneChange.Signature {
        if let knownSignature { return knownSignature }
        let made = flattened.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        knownSignature = made
        return made
    }

    /// Makes `flattened` of a part of the frame and of what the rest of it is known to be.
    private func flatten(_ part: PixelRect, over known: [UInt8], _ background: RGB, _ pool: WorkerPool) {
        // Nothing shines through: the frame's own pixels, without a copy.
        guard hasTransparency else { return flattened = frame.pixels }
        flattened = known
        let (width, frame) = (size.width, frame)
        flattened.withUnsafeMutableBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            frame.pixels.withUnsafeBufferPointer { source in
                nonisolated(unsafe) let source = source
                pool.forEach(max(part.height, 0)) { row in
                    let first = (part.y + row) * width + part.x
                    Self.flatten(source, first..<first + part.width, on: background, into: pixels)
                }
            }
        }
    }

    /// Brings a part of what the networks read up to date.
    /// - Parameters:
    ///   - part: of the frame.
    ///   - colors: of `gif`, a rectangle.
    ///   - knownIDs: the palettes of `gif` elsewhere.
    private func update(
        _ part: Region, colors: Region, knownIDs: [UInt16], _ operations: PixelOperations, _ pool: WorkerPool
    ) {
        guard isForNetworks else { return }
        ids = frame.paletteMap.ids
        guard keepsAlpha else { return load(flattened, colors, operations, pool) }
        flattened.withUnsafeBufferPointer { operations.load(rgba: $0, into: matted.view, in: part) }
        guard hasTransparency else { return load(flattened, colors, operations, pool) }
        var extended = flattened
        let (own, rect) = (ids, colors.rect)
        ids = knownIDs
        ids.withUnsafeMutableBufferPointer { ids in
            for y in rect.y..<rect.maxY {
                let range = y * size.width + rect.x..<y * size.width + rect.maxX
                for at in range { ids[at] = own[at] }
            }
            extended.withUnsafeMutableBufferPointer { pixels in
                nonisolated(unsafe) let (pixels, ids) = (pixels, ids)
                // Visible pixels are read and others are written: the rows do not meet.
                let colors = ColorExtension(of: UnsafeBufferPointer(pixels), size: size, in: rect)
                pool.forEach(rect.height) { colors.extend(row: $0, of: pixels, ids: ids) }
            }
        }
        load(extended, colors, operations, pool)
    }

    /// Makes a part of `gif` and `radius`, a rectangle.
    private func load(_ pixels: [UInt8], _ part: Region, _ operations: PixelOperations, _ pool: WorkerPool) {
        let (width, colors, rect) = (size.width, palettes.colors, part.rect)
        pixels.withUnsafeBufferPointer { pixels in
            ids.withUnsafeBufferPointer { ids in
                radius.withUnsafeMutableBufferPointer { radius in
                    nonisolated(unsafe) let (pixels, ids, radius) = (pixels, ids, radius)
                    pool.forEach(rect.height) { row in
                        let first = (rect.y + row) * width + rect.x
                        Self.fillRadius(pixels, ids, first..<first + rect.width, colors, into: radius)
                    }
                }
            }
            operations.load(rgba: pixels, into: gif.view, in: part)
        }
    }

    /// Writes a range of R, G, B, A pixels with the background wherever they are transparent; alpha stays.
    static func flatten(
        _ source: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, on background: RGB,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) {
        for at in stride(from: 4 * range.lowerBound, to: 4 * range.upperBound, by: 4) {
            let isOpaque = source[at + 3] != 0
            target[at] = isOpaque ? source[at] : background.red
            target[at + 1] = isOpaque ? source[at + 1] : background.green
            target[at + 2] = isOpaque ? source[at + 2] : background.blue
            target[at + 3] = source[at + 3]
        }
    }

    private static func fillRadius(
        _ pixels: UnsafeBufferPointer<UInt8>, _ ids: UnsafeBufferPointer<UInt16>, _ range: Range<Int>,
        _ colors: [PaletteColors?], into radius: UnsafeMutableBufferPointer<Float>
    ) {
        // Neighbours mostly share their color: look up only where it changes.
        var lastID = UInt16.max
        var lastKey = UInt32.max
        var value: Float = 0
        for pixel in range {
            let key = PaletteColors.key(pixels[pixel * 4], pixels[pixel * 4 + 1], pixels[pixel * 4 + 2])
            if key != lastKey || ids[pixel] != lastID {
                lastKey = key
                lastID = ids[pixel]
                value = colors[Int(lastID)]?.radius(of: key) ?? 0
            }
            radius[pixel] = value
        }
    }
}

extension Region {
    /// The rectangle that it is.
    fileprivate var rect: PixelRect {
        guard let top = (0..<height).first(where: { !self[$0].isEmpty }) else {
            return PixelRect(x: 0, y: 0, width: 0, height: 0)
        }
        let rows = (top..<height).prefix { self[$0] == self[top] }
        precondition((rows.upperBound..<height).allSatisfy { self[$0].isEmpty }, "a region of several rectangles")
        return PixelRect(x: self[top].lowerBound, y: top, width: self[top].count, height: rows.count)
    }

    /// Adds a rectangle of a picture of the same size.
    fileprivate mutating func insert(_ rect: PixelRect) {
        insert(rows: rect.y..<max(rect.y, rect.maxY), columns: rect.x..<max(rect.x, rect.maxX))
    }
}
