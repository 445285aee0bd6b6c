public import Media

/// What a GIF says about itself, found without decoding any pixel: see `GIFScanner`.
public struct GIFSummary: Sendable {
    /// One image as it stands in the file.
    public struct Image: Hashable, Sendable {
        /// Where it is drawn; may lie partly or wholly outside the canvas.
        public let rect: PixelRect
        /// Centiseconds as the file says, 0 where it says nothing.
        public let delay: Int
        /// Value of the graphic control's disposal field, 0 without one.
        public let disposal: Int
        public let isInterlaced: Bool
        /// Colors of the palette that paints it: the local one, the global one, or 2 (black and white) without either.
        public let paletteSize: Int
        public let hasLocalPalette: Bool
        /// The index that paints nothing, where it declares one.
        public let transparentIndex: Int?
        /// Bytes of LZW data.
        public let dataSize: Int
    }

    /// When a frame appears and how long it stays, in centiseconds: as `GIFDecoder` times it.
    public struct FrameTime: Hashable, Sendable {
        public let start: Int
        public let duration: Int
    }

    /// Size of all frames.
    public internal(set) var canvas: PixelSize
    /// Repetitions after the first play: 0 for ever, nil when the GIF says nothing and plays once.
    public internal(set) var loopCount: Int?
    /// Colors of the global palette; nil without one.
    public let globalPaletteSize: Int?
    /// All images in file order. There are more images than frames where images without a delay are composed.
    public internal(set) var images: [Image] = []
    public internal(set) var frames: [FrameTime] = []
    /// Bytes from the header through the trailer, or what there is of them.
    public internal(set) var byteCount = 0
    /// Where the blocks cannot be followed any further; nil for a file with sound blocks. Damaged LZW data go unnoticed.
    public internal(set) var defect: GIFDecodingError?

    /// Sum of all durations, in centiseconds.
    public var duration: Int { frames.last.map { $0.start + $0.duration } ?? 0 }
    /// Whether any image has a transparent index.
    public var hasTransparency: Bool { images.contains { $0.transparentIndex != nil } }
    /// Number of interlaced images.
    public var interlacedCount: Int { images.count(where: \.isInterlaced) }
    /// Number of images by disposal value.
    public var disposalCounts: [Int: Int] { images.reduce(into: [:]) { $0[$1.disposal, default: 0] += 1 } }
    /// Sizes of the palettes in use, ascending, each once.
    public var paletteSizes: [Int] { Set(images.map(\.paletteSize)).sorted() }
}
