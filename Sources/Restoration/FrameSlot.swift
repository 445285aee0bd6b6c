import Inference
import Media
import Threads

/// One place of the sliding window: a GIF frame as the networks read it, and what CCDNet made of it.
///
/// Allocated once per canvas and used for one frame after the other. One thread at a time fills it; while it is
/// full, CCDNet writes `estimate` and the flow network reads `gif` at the same time.
final class FrameSlot {
    let size: PixelSize
    private let isForNetworks: Bool
    /// The frame in [-1, 1], [3, H, W], transparent pixels showing the background.
    let gif: Tensor
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
    /// Whether it is flat art that the GIF holds without loss (see `Restraint`).
    var isFlat = false
    /// Whether picture and estimate are those of an earlier frame, because there was no time for this one's.
    var isStale = false
    private var knownSignature: SceneChange.Signature?

    /// - Parameters:
    ///   - size: of all frames.
    ///   - isForNetworks: otherwise `gif`, `radius`, `estimate` and `restored` are one pixel that nobody reads.
    init(size: PixelSize, cache: PaletteCache, isForNetworks: Bool = true) {
        self.size = size
        self.isForNetworks = isForNetworks
        let (height, width) = isForNetworks ? (size.height, size.width) : (1, 1)
        gif = Tensor(3, height, width)
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
            if isForNetworks {
                operations.copy(earlier.gif.view, into: gif.view, in: outdated)
                operations.copy(earlier.radius.view, into: radius.view, in: outdated)
            }
            flatten(frame.changed, over: earlier.flattened, background, pool)
            update(frame.changed, operations, pool)
        } else {
            flatten(size.bounds, over: frame.pixels, background, pool)
            update(size.bounds, operations, pool)
        }
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
    private func update(_ part: PixelRect, _ operations: PixelOperations, _ pool: WorkerPool) {
        guard isForNetworks else { return }
        let (width, colors) = (size.width, palettes.colors)
        var region = Region(height: size.height, width: width)
        region.insert(part)
        flattened.withUnsafeBufferPointer { pixels in
            frame.paletteMap.ids.withUnsafeBufferPointer { ids in
                radius.withUnsafeMutableBufferPointer { radius in
                    nonisolated(unsafe) let (pixels, ids, radius) = (pixels, ids, radius)
                    pool.forEach(max(part.height, 0)) { row in
                        let first = (part.y + row) * width + part.x
                        Self.fillRadius(pixels, ids, first..<first + part.width, colors, into: radius)
                    }
                }
            }
            operations.load(rgba: pixels, into: gif.view, in: region)
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
    /// Adds a rectangle of a picture of the same size.
    fileprivate mutating func insert(_ rect: PixelRect) {
        insert(rows: rect.y..<max(rect.y, rect.maxY), columns: rect.x..<max(rect.x, rect.maxX))
    }
}
