import TestSupport

/// Small GIFs of every kind that the decoder has a rule for.
enum GIFSeeds {
    private static let palette: [UInt8] = [0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 255, 255]

    static var all: [[UInt8]] {
        [styles, parts, disposals, bare, interlaced, extensions, ExampleGIF.drifting(frames: 2)]
    }

    private static func image(_ index: UInt8, _ change: (inout GIFImage) -> Void = { _ in }) -> GIFImage {
        GIFImage(width: 8, height: 8, indices: (0..<64).map { ($0 + index) % 4 }).with {
            $0.codeSize = 2
            $0.delay = 5
            change(&$0)
        }
    }

    private static func gif(_ images: [GIFImage]) -> [UInt8] {
        GIFWriter.gif(width: 8, height: 8, palette: palette, images: images)
    }

    /// Every way of LZW, and a palette of its own.
    private static var styles: [UInt8] {
        gif([
            image(0), image(1) { $0.style = .deferredClear }, image(2) { $0.style = .uncompressed },
            image(3) { $0.palette = palette.reversed() },
        ])
    }

    /// A picture in tiles without a delay, then a frame.
    private static var parts: [UInt8] {
        let halves = [0, 4].map { x in
            GIFImage(width: 4, height: 8, index: UInt8(x / 4)).with {
                $0.x = x
                $0.codeSize = 2
                $0.delay = 0
            }
        }
        return gif(halves + [image(1)])
    }

    private static var disposals: [UInt8] {
        gif(
            (0..<6).map { disposal in
                image(UInt8(disposal)) {
                    $0.disposal = disposal
                    $0.transparentIndex = 1
                    $0.x = disposal
                }
            })
    }

    /// No palette, no control, no trailer; the first image gives the canvas its size.
    private static var bare: [UInt8] {
        var writer = GIFWriter(width: 0, height: 0)
        writer.image(image(0) { $0.delay = nil })
        return writer.bytes
    }

    private static var interlaced: [UInt8] { gif([image(0) { $0.isInterlaced = true }, image(1)]) }

    /// A comment, a plain text with a control, NUL bytes between blocks, and two loop counts.
    private static var extensions: [UInt8] {
        var writer = GIFWriter(width: 8, height: 8, palette: palette)
        writer.extensionBlock(0xFE, [Array("comment".utf8)])
        writer.loop(3)
        writer.loop(0, application: "ANIMEXTS1.0")
        writer.graphicControl(delay: 9)
        writer.extensionBlock(0x01, [[UInt8](repeating: 0, count: 12), Array("text".utf8)])
        writer.image(image(0) { $0.delay = nil })
        writer.raw([0, 0])
        writer.image(image(1))
        writer.trailer()
        return writer.bytes
    }
}
