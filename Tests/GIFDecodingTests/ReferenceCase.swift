import Media
import TestSupport
import Testing

/// A GIF of one kind, and which of the reference decoders show it as browsers do.
struct ReferenceCase: Sendable, CustomTestStringConvertible {
    var name: String
    var scene: GIFScene
    /// The reason for which Pillow 9.4 shows something else; nil when it agrees.
    var pillowDiffers: String?
    /// The reason for which ffmpeg 5.1 shows something else; nil when it agrees.
    var ffmpegDiffers: String?

    var testDescription: String { name }

    private init(
        _ name: String, size: PixelSize = canvas, palette: [UInt8]? = colors, background: UInt8 = 0,
        images: [GIFImage], pillow: String? = nil, ffmpeg: String? = nil
    ) {
        self.name = name
        scene = GIFScene(size: size, palette: palette, backgroundIndex: background, images: images)
        pillowDiffers = pillow
        ffmpegDiffers = ffmpeg
    }

    private static let canvas = PixelSize(width: 16, height: 12)
    /// 16 colors, all different, none black or white.
    private static let colors = palette(16) { (10 + $0 * 15, 240 - $0 * 13, 30 + $0 * 9) }
    private static let otherColors = palette(8) { (5 + $0, 200 - $0 * 20, 250 - $0) }

    private static func palette(_ count: Int, _ color: (Int) -> (Int, Int, Int)) -> [UInt8] {
        (0..<count).flatMap { index in
            let (red, green, blue) = color(index)
            return [UInt8(red), UInt8(green), UInt8(blue)]
        }
    }

    /// A canvas-sized image of diagonal stripes of the first `count` colors.
    private static func stripes(
        _ count: Int = 16, shift: Int = 0, size: PixelSize = canvas, _ change: (inout GIFImage) -> Void = { _ in }
    ) -> GIFImage {
        let indices = (0..<size.area).map { UInt8(($0 % size.width + $0 / size.width + shift) % count) }
        return GIFImage(width: size.width, height: size.height, indices: indices).with {
            $0.delay = 5
            $0.codeSize = 4
            change(&$0)
        }
    }

    /// A small image of stripes inside the canvas.
    private static func patch(
        x: Int, y: Int, width: Int = 5, height: Int = 4, shift: Int = 3, _ change: (inout GIFImage) -> Void = { _ in }
    ) -> GIFImage {
        stripes(shift: shift, size: PixelSize(width: width, height: height)) {
            $0.x = x
            $0.y = y
            change(&$0)
        }
    }

    /// A small image with a disposal and a transparent index.
    private static func patch(x: Int, y: Int, disposal: Int, transparent: UInt8) -> GIFImage {
        patch(x: x, y: y) {
            $0.disposal = disposal
            $0.transparentIndex = transparent
        }
    }

    static let all: [ReferenceCase] = plain + disposal + transparency + placement + timing

    private static let plain: [ReferenceCase] = [
        ReferenceCase("one image", images: [stripes { $0.delay = nil }]),
        ReferenceCase(
            "interlaced", images: [stripes { $0.isInterlaced = true }, patch(x: 2, y: 3) { $0.isInterlaced = true }]),
        ReferenceCase(
            "one row, interlaced", size: PixelSize(width: 9, height: 1),
            images: [stripes(size: PixelSize(width: 9, height: 1)) { $0.isInterlaced = true }]),
        ReferenceCase(
            "local palettes",
            images: [
                stripes(), patch(x: 1, y: 1) { $0.palette = colors.reversed() },
                patch(x: 4, y: 2) { $0.palette = colors.reversed() }, patch(x: 3, y: 3, shift: 1),
            ]),
        ReferenceCase(
            "only local palettes", palette: nil,
            images: [stripes { $0.palette = colors }, stripes(8, shift: 1) { $0.palette = otherColors }]),
        ReferenceCase(
            "no palette at all", palette: nil, images: [stripes(2) { $0.codeSize = 2 }],
            pillow: "a gray ramp", ffmpeg: "refuses to decode"),
        ReferenceCase(
            "two colors, code size 1", palette: [9, 8, 7, 200, 100, 50],
            images: [stripes(2) { $0.codeSize = 1 }, stripes(2, shift: 1) { $0.codeSize = 2 }],
            pillow: "cannot read code size 1"),
        ReferenceCase(
            "index outside the palette", palette: otherColors, images: [stripes(16)],
            pillow: "a gray ramp beyond the palette", ffmpeg: "transparent beyond the palette"),
        ReferenceCase(
            "deferred clear", size: PixelSize(width: 160, height: 120),
            images: [noise(.deferredClear), noise(.clearWhenFull)]),
        ReferenceCase("uncompressed", images: [stripes { $0.style = .uncompressed }]),
        ReferenceCase("repeated frame", images: [stripes(), stripes(), stripes(shift: 1)]),
    ]

    /// Random indices, enough to fill the code table several times.
    private static func noise(_ style: LZWEncoder.Style) -> GIFImage {
        var random = SplitMix64(seed: 3)
        let indices = (0..<160 * 120).map { _ in UInt8.random(in: 0..<16, using: &random) }
        return GIFImage(width: 160, height: 120, indices: indices).with {
            $0.codeSize = 4
            $0.style = style
            $0.delay = 5
        }
    }

    private static let pillowRestores = "restores what was there before for all values above 2"
    private static let ffmpegKeeps = "takes value 4 for 0, where browsers take it for 3"

    private static let background = "clears to the background color without a transparent index"

    private static let disposal: [ReferenceCase] = (0...5).flatMap(disposal) + [disposalZeroAfterTwo]

    private static func disposal(_ value: Int) -> [ReferenceCase] {
        let pillow = value == 5 ? "restores what was there before for all values above 2" : nil
        let ffmpeg = value == 4 ? "takes value 4 for 0, where browsers take it for 3" : nil
        let plain = ReferenceCase(
            "disposal \(value)",
            images: [
                stripes(), patch(x: 2, y: 2) { $0.disposal = value }, patch(x: 5, y: 4) { $0.disposal = value },
                patch(x: 9, y: 7) { $0.disposal = 1 }, patch(x: 0, y: 0) { $0.disposal = 1 },
            ], pillow: value == 2 ? background : pillow, ffmpeg: value == 2 ? background : ffmpeg)
        let transparent = ReferenceCase(
            "disposal \(value) with transparency",
            images: [
                stripes { $0.transparentIndex = 4 }, patch(x: 2, y: 2, disposal: value, transparent: 5),
                patch(x: 5, y: 4, disposal: value, transparent: 5), patch(x: 9, y: 7, disposal: 1, transparent: 5),
            ], pillow: pillow, ffmpeg: ffmpeg)
        let first = ReferenceCase(
            "disposal \(value) on the first image",
            images: [
                patch(x: 2, y: 2, disposal: value, transparent: 15), patch(x: 5, y: 4, disposal: 1, transparent: 15),
                patch(x: 0, y: 0, disposal: 1, transparent: 15),
            ], pillow: pillow, ffmpeg: ffmpeg)
        return [plain, transparent, first]
    }

    private static let disposalZeroAfterTwo = ReferenceCase(
        "disposal 0 after 2",
        images: [
            stripes { $0.transparentIndex = 4 }, patch(x: 2, y: 2, disposal: 2, transparent: 5),
            patch(x: 5, y: 4, disposal: 0, transparent: 5), patch(x: 0, y: 0, disposal: 1, transparent: 5),
        ], pillow: "takes 0 for the value of the image before")

    private static let transparency: [ReferenceCase] = [
        ReferenceCase(
            "transparent first image",
            images: [stripes { $0.transparentIndex = 3 }, patch(x: 1, y: 1) { $0.transparentIndex = 5 }]),
        ReferenceCase(
            "transparent index that is the background", background: 3,
            images: [
                stripes { $0.transparentIndex = 3 }, patch(x: 1, y: 1, disposal: 2, transparent: 3),
                patch(x: 7, y: 5, disposal: 1, transparent: 3),
            ]),
        ReferenceCase(
            "transparency only later",
            images: [
                stripes(), patch(x: 1, y: 1) { $0.transparentIndex = 4 }, patch(x: 2, y: 5) { $0.transparentIndex = 6 },
            ]),
        ReferenceCase(
            "first image smaller than the canvas", background: 5,
            images: [
                patch(x: 3, y: 3) { $0.transparentIndex = 15 }, patch(x: 8, y: 6) { $0.transparentIndex = 15 },
            ]),
        ReferenceCase(
            "opaque first image smaller than the canvas", background: 5,
            images: [patch(x: 3, y: 3), patch(x: 8, y: 6)],
            pillow: "fills the canvas with color 0", ffmpeg: "fills the canvas with the background color"),
    ]

    private static let placement: [ReferenceCase] = [
        ReferenceCase(
            "partly off the canvas",
            images: [stripes(), patch(x: 13, y: 10), patch(x: 0, y: 9) { $0.isInterlaced = true }]),
        ReferenceCase(
            "wholly off the canvas", images: [stripes(), patch(x: 30, y: 2), patch(x: 2, y: 30), patch(x: 1, y: 1)],
            ffmpeg: "drops images off the canvas"),
        ReferenceCase(
            "larger than the canvas", size: PixelSize(width: 6, height: 5),
            images: [stripes(), stripes(shift: 2) { $0.isInterlaced = true }, patch(x: 0, y: 0)],
            ffmpeg: "loses step in images wider than the canvas"),
    ]

    private static let timing: [ReferenceCase] = [
        ReferenceCase(
            "delays", images: [1, 2, 3, 10, 65535].map { delay in stripes(shift: delay) { $0.delay = delay } }),
        ReferenceCase("no delays", images: (0..<3).map { shift in stripes(shift: shift) { $0.delay = nil } }),
        ReferenceCase("zero delays", images: (0..<3).map { shift in stripes(shift: shift) { $0.delay = 0 } }),
    ]
}
