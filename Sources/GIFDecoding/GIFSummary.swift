public import Media

/// Facts about a GIF from its blocks, found without decoding any pixel: see `GIFScanner`.
///
/// Images are counted, not kept: a frame takes two bytes here, an image none.
public struct GIFSummary: Sendable {
    /// Size of all frames.
    public internal(set) var canvas: PixelSize
    /// Repetitions after the first play: 0 for ever, nil when the GIF says nothing and plays once.
    public internal(set) var loopCount: Int?
    /// Colors of the global palette; nil without one.
    public let globalPaletteSize: Int?
    /// Images in the file. There are more of them than frames where images without a delay are composed.
    public private(set) var imageCount = 0
    /// Images with a palette of their own.
    public private(set) var localPaletteCount = 0
    /// Interlaced images.
    public private(set) var interlacedCount = 0
    /// Whether any image has a transparent index.
    public private(set) var hasTransparency = false
    /// Number of images by the value of the graphic control's disposal field, 0 without one.
    public private(set) var disposalCounts: [Int: Int] = [:]
    private var paletteSizesSeen: Set<Int> = []
    /// How long each frame stays, in centiseconds: as `GIFDecoder` times it.
    public private(set) var delays: [UInt16] = []
    /// Sum of all `delays`.
    public private(set) var duration = 0
    /// Bytes from the header through the trailer, or what there is of them.
    public internal(set) var byteCount = 0
    /// The place where the blocks cannot be followed any further; nil for a file with sound blocks. Damaged LZW data go
    /// unnoticed.
    public internal(set) var defect: GIFDecodingError?

    /// Frames as a viewer shows them.
    public var frameCount: Int { delays.count }
    /// Sizes of the palettes in use, ascending, each once: of the local one, the global one, or 2 (black and white) without
    /// either.
    public var paletteSizes: [Int] { paletteSizesSeen.sorted() }

    init(canvas: PixelSize, globalPaletteSize: Int?) {
        self.canvas = canvas
        self.globalPaletteSize = globalPaletteSize
    }

    /// Counts one image.
    /// - Parameters:
    ///   - disposal: value of its graphic control's disposal field.
    ///   - localColors: 0 without a palette of its own.
    mutating func addImage(disposal: Int, isInterlaced: Bool, localColors: Int, isTransparent: Bool) {
        imageCount += 1
        if localColors > 0 { localPaletteCount += 1 }
        if isInterlaced { interlacedCount += 1 }
        if isTransparent { hasTransparency = true }
        disposalCounts[disposal, default: 0] += 1
        paletteSizesSeen.insert(localColors > 0 ? localColors : globalPaletteSize ?? 2)
    }

    /// - Parameter duration: in centiseconds; a GIF's field for it has 16 bits.
    mutating func addFrame(duration: Int) {
        delays.append(UInt16(duration))
        self.duration += duration
    }
}
