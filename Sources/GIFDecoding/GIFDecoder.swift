public import Media

/// Decodes one GIF from a byte source, frame by frame, as its bytes arrive.
///
/// Each frame is the whole canvas as a browser shows it; `docs/gif-decoding.md` has the rules. A frame is handed out as
/// soon as the last byte of its image data is read; only a tile without a delay may have to wait for the next image's
/// header (see `FrameTiming`). Memory depends on the canvas, not on the number of frames.
///
/// Defects never cost frames: what is damaged inside one image is drawn as far as it goes and decoding continues; the
/// first such defect is in `defect` and is thrown after the last frame, in place of the clean end. If the blocks
/// cannot be followed any further, the error is thrown after all frames before it.
///
/// Not thread-safe: one thread at a time, the thread that waits for the source. Bytes after the trailer stay in the
/// source, for a decoder of the next GIF.
public final class GIFDecoder {
    private let stream: GIFStream
    private let limits: DecodingLimits
    private var compositor: Compositor?
    private var timing = FrameTiming()
    private var control = GraphicControl()
    /// An image whose header is read and whose data are not.
    private var opened: (header: GIFStream.ImageHeader, control: GraphicControl)?
    private var isFinished = false
    /// Start of the next frame, in centiseconds.
    private var clock = 0

    /// Size of all frames. A logical screen of no width or no height gets the first image's; before that image's header
    /// is read, such a canvas is empty.
    public private(set) var canvas: PixelSize
    /// How often the animation repeats after its first play: 0 for ever, nil when the GIF says nothing and plays once.
    /// As far as read: most files say it before their first image.
    public private(set) var loopCount: Int?
    /// The GIF's global color table, without a transparent index.
    public let globalPalette: Palette?
    /// Frames returned so far.
    public private(set) var frameCount = 0
    /// The error that `next` will throw after the last frame, or has thrown: the first damaged image, or the defect that
    /// ended decoding before the GIF's end. Callers may read it while frames still come.
    public private(set) var defect: GIFDecodingError?

    /// The GIF's name in errors.
    public var name: String { stream.name }

    /// Reads the header and the global color table.
    ///
    /// - Parameters:
    ///   - source: kept and read until the GIF's trailer.
    ///   - name: what errors call the GIF: a file name, or "standard input".
    /// - Throws: when this is no GIF, or its canvas exceeds the limits.
    public init(
        source: some ByteSource, name: String, limits: DecodingLimits = .standard
    ) throws(GIFDecodingError) {
        stream = try GIFStream(source: source, name: name, limits: limits)
        self.limits = limits
        canvas = stream.screen
        globalPalette = stream.globalColors.map { Palette(rgb: $0) }
        if let excess = limits.excess(ofCanvas: canvas) {
            throw stream.failure(.limitExceeded(excess))
        }
    }

    /// The next frame; waits until its bytes are there.
    ///
    /// - Returns: nil at the end of a sound GIF: the trailer, or the end of the input between two blocks after at least
    ///   one image.
    /// - Throws: what is wrong with the GIF, after the frames that could be decoded; every later call throws it again.
    public func next() throws(GIFDecodingError) -> Frame? {
        if !isFinished {
            do throws(GIFDecodingError) {
                if let frame = try advance() { return frame }
                isFinished = true
            } catch {
                isFinished = true
                // The error that ended decoding replaces that of an earlier damaged image.
                defect = error
            }
            do throws(GIFDecodingError) {
                if let duration = timing.end() { return try frame(duration: duration) }
            } catch {
                defect = error
            }
        }
        if let defect { throw defect }
        return nil
    }

    /// Reads on to the next frame; nil at the end, where one may still be held by `timing`.
    private func advance() throws(GIFDecodingError) -> Frame? {
        while true {
            if let (header, control) = opened {
                opened = nil
                if let duration = try draw(header, control) { return try frame(duration: duration) }
            }
            switch try stream.nextRecord() {
            case .extensionBlock:
                try readExtension()
            case .image:
                // A held image is either a part of the same frame as this one or a frame before it.
                stream.frame = frameCount + (timing.isHolding ? 2 : 1)
                let header = try stream.readImageHeader()
                let control = control
                self.control = GraphicControl()
                opened = (header, control)
                if let duration = timing.imageFollows(rect: header.rect) { return try frame(duration: duration) }
            case .end:
                if compositor == nil { throw stream.failure(.noImages) }
                return nil
            }
        }
    }

    private func readExtension() throws(GIFDecodingError) {
        var loop = LoopExtension()
        var blocks = 0
        let label = try stream.readExtension { label, block in
            switch label {
            case ExtensionLabel.graphicControl:
                if blocks == 0, let control = GraphicControl(data: block) { self.control = control }
            case ExtensionLabel.application:
                loop.add(block)
            default:
                break
            }
            blocks += 1
        }
        if let count = loop.count { loopCount = count }
        // A graphic control belongs to the plain text after it, which no viewer shows.
        if label == ExtensionLabel.plainText { control = GraphicControl() }
    }

    /// Draws an image.
    ///
    /// - Returns: its duration when it is a frame of its own by now.
    private func draw(
        _ header: GIFStream.ImageHeader, _ control: GraphicControl
    ) throws(GIFDecodingError) -> Int? {
        stream.frame = frameCount + 1
        if let excess = limits.excess(ofFrames: frameCount + 1) { throw stream.failure(.limitExceeded(excess)) }
        let compositor = try compositor(for: header)
        do throws(GIFDecodingError) {
            try compositor.draw(header, control, from: stream)
        } catch {
            guard case .defect = error.reason else {
                guard compositor.hasDrawnPixels else { throw error }
                isFinished = true
                defect = error
                return timing.imageDrawn(control, rect: header.rect, canvas: canvas) ?? timing.end()
            }
            // The image is over, and so far the blocks after it are sound.
            if defect == nil { defect = error }
        }
        return timing.imageDrawn(control, rect: header.rect, canvas: canvas)
    }

    /// The compositor, made when the first image's header is read.
    private func compositor(for header: GIFStream.ImageHeader) throws(GIFDecodingError) -> Compositor {
        if let excess = limits.excess(ofImage: header.rect) { throw stream.failure(.limitExceeded(excess)) }
        if let compositor { return compositor }
        if canvas.width == 0 { canvas.width = header.rect.maxX }
        if canvas.height == 0 { canvas.height = header.rect.maxY }
        if let excess = limits.excess(ofCanvas: canvas) {
            throw stream.failure(.limitExceeded(excess))
        }
        guard canvas.area > 0 else { throw stream.failure(.defect("neither canvas nor first image have pixels")) }
        guard let made = Compositor(size: canvas) else {
            throw stream.failure(.limitExceeded("not enough memory for a canvas of \(canvas) pixels"))
        }
        compositor = made
        return made
    }

    private func frame(duration: Int) throws(GIFDecodingError) -> Frame {
        if let excess = limits.excess(ofDuration: clock + duration) { throw stream.failure(.limitExceeded(excess)) }
        // Only called after an image was drawn.
        guard let snapshot = compositor?.canvas.snapshot() else { preconditionFailure("a frame without an image") }
        defer {
            frameCount += 1
            clock += duration
        }
        return Frame(
            index: frameCount, size: canvas, pixels: snapshot.pixels, paletteMap: snapshot.map, start: clock,
            duration: duration, changed: snapshot.changed)
    }
}
