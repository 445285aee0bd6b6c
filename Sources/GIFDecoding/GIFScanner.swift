import Media

/// Follows a GIF's blocks without decoding pixels: counts, times, palettes, at the speed of reading.
///
/// Frames and times are the decoder's for every sound file, as both use `FrameTiming`. An image whose data are cut off is
/// counted when some of them came; the decoder draws it when these hold a pixel.
public struct GIFScanner {
    private let reader: ByteReader
    private let name: String
    private let limits: DecodingLimits
    private var summary: GIFSummary
    private var timing = FrameTiming()
    private var control = GraphicControl()
    private var disposal = 0

    /// Reads one GIF, to its trailer or as far as its blocks can be followed (`GIFSummary.defect`).
    ///
    /// - Parameters:
    ///   - source: read on the calling thread; bytes after the trailer stay in it.
    ///   - name: what errors call the GIF.
    ///   - limits: of which only the padding matters here; more of it ends the scan.
    /// - Throws: when this is no GIF or holds no image.
    public static func scan(
        _ source: some ByteSource, name: String, limits: DecodingLimits = .standard
    ) throws(GIFDecodingError) -> GIFSummary {
        var scanner = try GIFScanner(ByteReader(source), name: name, limits)
        do throws(GIFDecodingError) {
            try scanner.readBlocks()
        } catch {
            guard scanner.summary.imageCount > 0 else { throw error }
            scanner.summary.defect = error
        }
        scanner.addFrame(duration: scanner.timing.end())
        scanner.summary.byteCount = scanner.reader.position
        return scanner.summary
    }

    private init(_ reader: ByteReader, name: String, _ limits: DecodingLimits) throws(GIFDecodingError) {
        self.reader = reader
        self.name = name
        self.limits = limits
        let header = reader.bytes(6)
        guard reader.position > 0 || reader.error != nil else { throw GIFDecodingError(.emptyInput, name: name) }
        let isGIF = header?.starts(with: Array("GIF".utf8)) ?? false
        let screen = isGIF ? reader.bytes(7) : nil
        let colors = screen.map { Self.colorCount(packed: $0[4]) } ?? 0
        summary = GIFSummary(
            canvas: screen.map { PixelSize(width: Self.word($0, 0), height: Self.word($0, 2)) }
                ?? PixelSize(width: 0, height: 0),
            globalPaletteSize: colors > 0 ? colors : nil)
        if let header, !isGIF { throw failure(.notAGIF(reader.foreignFormat(after: header))) }
        guard screen != nil, reader.bytes(3 * colors) != nil else { throw failure(.truncatedHeader) }
        reader.allow(limits.maxPadding)
    }

    private mutating func readBlocks() throws(GIFDecodingError) {
        while let type = reader.byte() {
            switch type {
            case UInt8(ascii: ","): try readImage()
            case UInt8(ascii: "!"): try readExtension()
            case UInt8(ascii: ";"): return try checkHasImage()
            case 0: continue
            default: throw failure(.defect("unknown block type \(type)"))
            }
        }
        if reader.hasFailed { throw failure(.truncated(block: "the stream")) }
        try checkHasImage()
    }

    private func checkHasImage() throws(GIFDecodingError) {
        if summary.imageCount == 0 { throw failure(.noImages) }
    }

    private mutating func readImage() throws(GIFDecodingError) {
        guard let descriptor = reader.bytes(9) else { throw failure(.truncated(block: "an image's header")) }
        let localColors = Self.colorCount(packed: descriptor[8])
        guard reader.bytes(3 * localColors) != nil, let codeSize = reader.byte() else {
            throw failure(.truncated(block: "an image's header"))
        }
        guard (1...8).contains(codeSize) else {
            throw failure(.defect("LZW code size \(codeSize), which must be 1 to 8"))
        }
        let rect = PixelRect(
            x: Self.word(descriptor, 0), y: Self.word(descriptor, 2), width: Self.word(descriptor, 4),
            height: Self.word(descriptor, 6))
        addFrame(duration: timing.imageFollows(rect: rect))
        if summary.imageCount == 0 {
            if summary.canvas.width == 0 { summary.canvas.width = rect.maxX }
            if summary.canvas.height == 0 { summary.canvas.height = rect.maxY }
            guard summary.canvas.area > 0 else {
                throw failure(.defect("neither canvas nor first image have pixels"))
            }
        }
        reader.allow(limits.bytes(ofImage: rect))
        var hasData = false
        do throws(GIFDecodingError) {
            try readSubBlocks(of: "image data", partial: { hasData = true }) { _ in hasData = true }
        } catch {
            if hasData { addImage(rect, descriptor[8], localColors) }
            throw error
        }
        reader.allow(limits.maxPadding)
        addImage(rect, descriptor[8], localColors)
    }

    /// Counts an image whose data are read, as far as there are any.
    private mutating func addImage(_ rect: PixelRect, _ packed: UInt8, _ localColors: Int) {
        summary.addImage(
            disposal: disposal, isInterlaced: packed & 0x40 != 0, localColors: localColors,
            isTransparent: control.transparentIndex != nil)
        addFrame(duration: timing.imageDrawn(control, rect: rect, canvas: summary.canvas))
        control = GraphicControl()
        disposal = 0
    }

    private mutating func readExtension() throws(GIFDecodingError) {
        guard let label = reader.byte() else { throw failure(.truncated(block: "an extension")) }
        var loop = LoopExtension()
        var first: [UInt8]?
        try readSubBlocks(of: "an extension") { block in
            if label == ExtensionLabel.application { loop.add(block) }
            first = first ?? block
        }
        switch label {
        case ExtensionLabel.application:
            if let count = loop.count { summary.loopCount = count }
        case ExtensionLabel.graphicControl:
            if let first, let control = GraphicControl(data: first) {
                self.control = control
                disposal = Int(first[0] >> 2 & 7)
            }
        case ExtensionLabel.plainText:
            control = GraphicControl()
            disposal = 0
        default:
            break
        }
    }

    /// - Parameters:
    ///   - partial: called when the input ends inside a sub-block of which some bytes came.
    ///   - body: called with each whole sub-block.
    private func readSubBlocks(
        of block: String, partial: () -> Void = {}, _ body: ([UInt8]) -> Void
    ) throws(GIFDecodingError) {
        while let count = reader.byte() {
            if count == 0 { return }
            let bytes = reader.bytes(upTo: Int(count))
            guard bytes.count == count else {
                if !bytes.isEmpty { partial() }
                break
            }
            body(bytes)
        }
        throw failure(.truncated(block: block))
    }

    private mutating func addFrame(duration: Int?) {
        if let duration { summary.addFrame(duration: duration) }
    }

    private func failure(_ reason: GIFDecodingError.Reason) -> GIFDecodingError {
        let frame = summary.imageCount == 0 ? nil : summary.frameCount + 1
        return reader.failure(reason, name: name, frame: frame, limits)
    }

    /// The number of colors that the packed byte of a screen or image descriptor announces.
    private static func colorCount(packed: UInt8) -> Int {
        packed & 0x80 == 0 ? 0 : 2 << Int(packed & 7)
    }

    private static func word(_ bytes: [UInt8], _ index: Int) -> Int {
        Int(bytes[index]) | Int(bytes[index + 1]) << 8
    }
}
