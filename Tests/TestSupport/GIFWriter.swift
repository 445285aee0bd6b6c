/// Writes GIFs of every kind, sound and unsound, block by block.
public struct GIFWriter: Sendable {
    /// Everything written so far.
    public private(set) var bytes: [UInt8]

    /// Writes the header, the logical screen descriptor and the global color table.
    ///
    /// - Parameter palette: R, G, B of 2, 4, 8 ... 256 colors; nil for none.
    public init(
        width: Int, height: Int, palette: [UInt8]? = nil, backgroundIndex: UInt8 = 0, version: String = "89a"
    ) {
        bytes = Array("GIF\(version)".utf8) + Self.word(width) + Self.word(height)
        bytes += [Self.packedSize(palette), backgroundIndex, 0] + (palette ?? [])
    }

    /// A whole GIF that plays for ever.
    public static func gif(
        width: Int, height: Int, palette: [UInt8]?, backgroundIndex: UInt8 = 0, images: [GIFImage]
    ) -> [UInt8] {
        var writer = GIFWriter(width: width, height: height, palette: palette, backgroundIndex: backgroundIndex)
        writer.loop(0)
        for image in images { writer.image(image) }
        writer.trailer()
        return writer.bytes
    }

    /// How often the animation repeats after its first play; 0 for ever.
    public mutating func loop(_ count: Int, application: String = "NETSCAPE2.0") {
        extensionBlock(0xFF, [Array(application.utf8), [1] + Self.word(count)])
    }

    /// An extension with its sub-blocks (at most 255 bytes each) and their terminator.
    public mutating func extensionBlock(_ label: UInt8, _ blocks: [[UInt8]]) {
        bytes += [0x21, label]
        for block in blocks { bytes += [UInt8(block.count)] + block }
        bytes.append(0)
    }

    public mutating func graphicControl(delay: Int, disposal: Int = 0, transparentIndex: UInt8? = nil) {
        let packed = UInt8(disposal << 2) | (transparentIndex == nil ? 0 : 1)
        extensionBlock(0xF9, [[packed] + Self.word(delay) + [transparentIndex ?? 0]])
    }

    /// An image with its graphic control, if it has one.
    public mutating func image(_ image: GIFImage) {
        if let delay = image.delay {
            graphicControl(delay: delay, disposal: image.disposal, transparentIndex: image.transparentIndex)
        }
        imageHeader(image)
        imageData(LZWEncoder.encode(image.fileOrder, codeSize: image.codeSize, style: image.style))
    }

    /// An image's descriptor, local color table and code size.
    public mutating func imageHeader(_ image: GIFImage) {
        bytes.append(0x2C)
        for value in [image.x, image.y, image.width, image.height] { bytes += Self.word(value) }
        bytes.append(Self.packedSize(image.palette) & 0x87 | (image.isInterlaced ? 0x40 : 0))
        bytes += (image.palette ?? []) + [UInt8(image.codeSize)]
    }

    /// An image's LZW data in sub-blocks, and their terminator.
    public mutating func imageData(_ data: [UInt8], blockSize: Int = 255) {
        for start in stride(from: 0, to: data.count, by: blockSize) {
            let block = data[start..<min(start + blockSize, data.count)]
            bytes += [UInt8(block.count)] + block
        }
        bytes.append(0)
    }

    public mutating func trailer() {
        bytes.append(0x3B)
    }

    /// Bytes as they are.
    public mutating func raw(_ data: [UInt8]) {
        bytes += data
    }

    /// The packed byte of a descriptor: whether there is a color table, and the logarithm of its size less 1.
    private static func packedSize(_ palette: [UInt8]?) -> UInt8 {
        guard let palette else { return 0x70 }
        let count = palette.count / 3
        precondition((1...8).contains(where: { count == 1 << $0 }), "2, 4, 8 ... 256 colors")
        return 0x80 | 0x70 | UInt8(count.trailingZeroBitCount - 1)
    }

    private static func word(_ value: Int) -> [UInt8] {
        [UInt8(value & 255), UInt8(value >> 8 & 255)]
    }
}
