import CGIF
import Media

/// giflib's sequential reader over a byte source: headers, extensions and rows of palette indices, in file order.
///
/// Takes from the source no byte after the trailer. Used by one thread at a time.
final class GIFStream {
    /// The kind of the next block in the file.
    enum Record {
        case image
        case extensionBlock
        /// The trailer, or the end of the input between two blocks.
        case end
    }

    /// One image's place, palette and row order.
    struct ImageHeader {
        let rect: PixelRect
        let isInterlaced: Bool
        /// R, G, B of the local color table; nil when the image uses the global one.
        let localColors: [UInt8]?
        /// Bits of the image's palette indices, 1 to 8.
        let codeSize: Int
    }

    private let reader: ByteReader
    private let limits: DecodingLimits
    let name: String
    private var file: UnsafeMutablePointer<GifFileType>?
    private var imageData = ImageDataBlocks()
    private var lastByte: UInt8 = 0
    /// The first bytes, as giflib read them: 6 where they are no GIF's.
    private var start: [UInt8] = []

    /// The frame that errors name, from 1; nil before the first image.
    var frame: Int?
    /// The logical screen as the file gives it; may be 0 x 0.
    private(set) var screen = PixelSize(width: 0, height: 0)
    /// R, G, B of the global color table.
    private(set) var globalColors: [UInt8]?

    /// Bytes read so far.
    var position: Int { reader.position }

    /// Reads the header, the logical screen descriptor and the global color table.
    init(source: any ByteSource, name: String, limits: DecodingLimits) throws(GIFDecodingError) {
        reader = ByteReader(source)
        self.limits = limits
        self.name = name
        var code: Int32 = 0
        file = DGifOpen(Unmanaged.passUnretained(self).toOpaque(), giflibRead, &code)
        guard let file else {
            if reader.position == 0 && reader.error == nil {
                throw GIFDecodingError(.emptyInput, name: name)
            }
            throw failure(code == D_GIF_ERR_NOT_GIF_FILE ? .notAGIF(foreignFormat()) : .truncatedHeader)
        }
        screen = PixelSize(width: Int(file.pointee.SWidth), height: Int(file.pointee.SHeight))
        globalColors = file.pointee.SColorMap.map { Self.colors(of: $0.pointee) }
        reader.allow(limits.maxPadding)
    }

    private func foreignFormat() -> ForeignFormat? { reader.foreignFormat(after: start) }

    deinit {
        if let file { DGifCloseFile(file, nil) }
    }

    /// `ByteReader.failure`.
    func failure(_ reason: GIFDecodingError.Reason) -> GIFDecodingError {
        reader.failure(reason, name: name, frame: frame, limits)
    }

    /// Reads what introduces the next block; skips NUL bytes between blocks.
    func nextRecord() throws(GIFDecodingError) -> Record {
        while true {
            var type = UNDEFINED_RECORD_TYPE
            if DGifGetRecordType(file, &type) == GIF_OK {
                switch type {
                case IMAGE_DESC_RECORD_TYPE: return .image
                case EXTENSION_RECORD_TYPE: return .extensionBlock
                default: return .end
                }
            }
            if reader.hasFailed { throw failure(.truncated(block: "the stream")) }
            if reader.reachedEnd { return .end }
            if lastByte != 0 { throw failure(.defect("unknown block type \(lastByte)")) }
        }
    }

    /// Reads one extension after `.extensionBlock`.
    ///
    /// - Parameter body: called with the extension's label and each of its sub-blocks (1 to 255 bytes), in order.
    /// - Returns: the label.
    @discardableResult
    func readExtension(_ body: (UInt8, UnsafeBufferPointer<UInt8>) -> Void) throws(GIFDecodingError) -> UInt8 {
        var label: Int32 = 0
        var block: UnsafeMutablePointer<GifByteType>?
        var status = DGifGetExtension(file, &label, &block)
        while status == GIF_OK, let bytes = block {
            body(UInt8(truncatingIfNeeded: label), UnsafeBufferPointer(start: bytes + 1, count: Int(bytes[0])))
            status = DGifGetExtensionNext(file, &block)
        }
        guard status == GIF_OK else { throw failure(.truncated(block: "an extension")) }
        return UInt8(truncatingIfNeeded: label)
    }

    /// Reads an image's descriptor, local color table and code size, after `.image`.
    func readImageHeader() throws(GIFDecodingError) -> ImageHeader {
        let status = DGifGetImageHeader(file)
        guard let file, !reader.reachedEnd else { throw failure(.truncated(block: "an image's header")) }
        guard status == GIF_OK, lastByte > 0 else {
            throw failure(.defect("LZW code size \(lastByte), which must be 1 to 8"))
        }
        imageData.begin()
        let image = file.pointee.Image
        let rect = PixelRect(
            x: Int(image.Left), y: Int(image.Top), width: Int(image.Width), height: Int(image.Height))
        reader.allow(limits.bytes(ofImage: rect))
        return ImageHeader(
            rect: rect, isInterlaced: image.Interlace, localColors: image.ColorMap.map { Self.colors(of: $0.pointee) },
            codeSize: Int(lastByte))
    }

    /// Reads the next row of the image, in file order. After the image's last row its data are read to their end.
    ///
    /// - Parameter row: the palette indices; on an error, those that arrived are in place and the others untouched.
    func readRow(into row: UnsafeMutableBufferPointer<UInt8>) throws(GIFDecodingError) {
        guard let file, DGifGetLine(file, row.baseAddress, Int32(row.count)) == GIF_ERROR else { return }
        if reader.reachedEnd { throw failure(.truncated(block: "image data")) }
        throw failure(
            .defect(
                !imageData.isInside || file.pointee.Error == D_GIF_ERR_EOF_TOO_SOON
                    ? "image data end before the image is complete" : "invalid LZW code in image data"))
    }

    /// Reads the rest of the image's data; nothing when they are read already. The next block may begin.
    func skipImageData() throws(GIFDecodingError) {
        var block: UnsafeMutablePointer<GifByteType>?
        while imageData.isInside {
            guard DGifGetCodeNext(file, &block) == GIF_OK else { throw failure(.truncated(block: "image data")) }
        }
        reader.allow(limits.maxPadding)
    }

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if imageData.isInside { return imageData.read(into: buffer, from: reader) }
        let count = reader.read(into: buffer)
        if count > 0 { lastByte = buffer[count - 1] }
        if start.isEmpty { start = Array(buffer.prefix(count)) }
        return count
    }

    private static func colors(of map: ColorMapObject) -> [UInt8] {
        UnsafeBufferPointer(start: map.Colors, count: Int(map.ColorCount)).flatMap { [$0.Red, $0.Green, $0.Blue] }
    }
}

/// giflib's read callback: UserData is the GIFStream, which outlives the file it owns.
private func giflibRead(
    file: UnsafeMutablePointer<GifFileType>?, buffer: UnsafeMutablePointer<GifByteType>?, count: Int32
) -> Int32 {
    guard let context = file?.pointee.UserData, let buffer else { return 0 }
    let stream = Unmanaged<GIFStream>.fromOpaque(context).takeUnretainedValue()
    return Int32(stream.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))))
}
