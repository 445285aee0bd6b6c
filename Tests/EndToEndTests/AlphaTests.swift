import Foundation
import TestSupport
import Testing

/// Transparent GIFs with `--background transparent`, with the committed networks: what lies over black, white and green shows
/// no fringe.
@Suite struct AlphaTests {
    private static let (width, height, frames) = (72, 64, 6)
    private static let backgrounds: [[Double]] = [[0, 0, 0], [255, 255, 255], [0, 255, 0]]

    /// The disc's radius and center; it moves by 4 pixels a frame.
    private static let radius = 14.0
    private static func center(_ time: Double) -> (x: Double, y: Double) { (22.5 + 4 * time, 30.5 + time) }

    enum Kind: CaseIterable {
        case dark, white, gray

        var color: [UInt8] {
            switch self {
            case .dark: [20, 24, 28]
            case .white: [255, 255, 255]
            case .gray: [128, 120, 125]
            }
        }
    }

    /// How a GIF takes the disc away again.
    enum Way: CaseIterable {
        /// Disposal 2: its rectangle becomes transparent. Disposal 3: what it was before.
        case cleared, restored
        /// The disc is missing in some frames, the first and the last among them.
        case coming
    }

    private static func isThere(_ frame: Int, _ way: Way) -> Bool { way != .coming || (1...3).contains(frame) }

    private static func sticker(_ color: [UInt8], _ way: Way = .cleared) -> [UInt8] {
        let images = (0..<frames).map { frame -> GIFImage in
            let (x0, y0) = center(Double(frame))
            let indices = (0..<width * height).map { pixel -> UInt8 in
                let (x, y) = (Double(pixel % width) + 0.5 - x0, Double(pixel / width) + 0.5 - y0)
                return isThere(frame, way) && x * x + y * y < radius * radius ? 1 : 0
            }
            return GIFImage(width: width, height: height, indices: indices).with {
                $0.delay = 10
                $0.transparentIndex = 0
                $0.disposal = way == .restored ? 3 : 2
            }
        }
        return GIFWriter.gif(width: width, height: height, palette: [90, 200, 40] + color, images: images)
    }

    /// How much of a pixel the disc covers.
    private static func coverage(_ pixel: Int, _ time: Double) -> Double {
        let (x0, y0) = center(time)
        var inside = 0
        for part in 0..<64 {
            let x = Double(pixel % width) + (Double(part % 8) + 0.5) / 8 - x0
            let y = Double(pixel / width) + (Double(part / 8) + 0.5) / 8 - y0
            if x * x + y * y < radius * radius { inside += 1 }
        }
        return Double(inside) / 64
    }

    private func filter(_ gif: [UInt8], _ arguments: String...) throws -> [[UInt8]] {
        let result = try Tool.run(
            Tool.gif2video,
            ["filter", "--background", "transparent", "--format", "rgba", "--rate", "4x"] + arguments, input: gif)
        try #require(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return split(result.output)
    }

    private func split(_ bytes: [UInt8]) -> [[UInt8]] {
        let size = Self.width * Self.height * 4
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    /// How far a picture over a background is from the disc over it: the root of the mean square of the pixels at the
    /// outline.
    private func error(_ picture: [UInt8], _ color: [UInt8], time: Double, over background: [Double]) -> Double {
        let (x0, y0) = Self.center(time)
        var (sum, count) = (0.0, 0)
        for pixel in 0..<Self.width * Self.height {
            let (x, y) = (Double(pixel % Self.width) + 0.5 - x0, Double(pixel / Self.width) + 0.5 - y0)
            guard abs((x * x + y * y).squareRoot() - Self.radius) < 2.5 else { continue }
            let alpha = Double(picture[4 * pixel + 3]) / 255
            let coverage = Self.coverage(pixel, time)
            for channel in 0..<3 {
                let shown = Double(picture[4 * pixel + channel]) * alpha + background[channel] * (1 - alpha)
                let truth = Double(color[channel]) * coverage + background[channel] * (1 - coverage)
                sum += (shown - truth) * (shown - truth)
                count += 1
            }
        }
        return (sum / Double(count)).squareRoot()
    }

    /// The largest difference between a color of a picture and the disc's, where anything is visible.
    private func fringe(_ picture: [UInt8], _ color: [UInt8], from alpha: UInt8 = 1) -> Int {
        stride(from: 0, to: picture.count, by: 4).filter { picture[$0 + 3] >= alpha }.map { at in
            (0..<3).map { abs(Int(picture[at + $0]) - Int(color[$0])) }.max() ?? 0
        }.max() ?? 0
    }

    /// The disc keeps its color and moves, also if its color is that of the background that the networks see.
    @Test(arguments: Kind.allCases)
    func aDiscKeepsItsColorAndMoves(kind: Kind) throws {
        let gif = Self.sticker(kind.color)
        let raw = try filter(gif, "--profile", "none")
        let pictures = try filter(gif)
        try #require(pictures.count == 4 * Self.frames && raw.count == pictures.count)
        for (index, picture) in pictures.enumerated() {
            #expect(fringe(picture, kind.color) <= 4, "picture \(index)")
            let clear = stride(from: 0, to: picture.count, by: 4).filter { picture[$0 + 3] == 0 }
            #expect(clear.allSatisfy { picture[$0..<$0 + 3].allSatisfy { $0 == 0 } })
            if index % 4 == 0 {
                // The GIF's own outline, to the bit.
                #expect(stride(from: 3, to: picture.count, by: 4).allSatisfy { picture[$0] == raw[index][$0] })
            } else if index < 4 * Self.frames - 4 {
                for background in Self.backgrounds {
                    let error = error(picture, kind.color, time: Double(index) / 4, over: background)
                    // Frames, whose outlines have steps, are off by up to 34.
                    #expect(error < 34, "picture \(index) over \(background)")
                }
            }
        }
        // The frames repeat, as without networks nothing moves in between.
        #expect(raw.indices.allSatisfy { raw[$0] == raw[$0 / 4 * 4] })
    }

    /// However the disc goes and comes, and through a loop.
    @Test(arguments: Way.allCases, [[], ["--loop"]])
    func noFringeHoweverTheDiscGoes(way: Way, arguments: [String]) throws {
        let color = Kind.dark.color
        let gif = Self.sticker(color, way)
        let result = try Tool.run(
            Tool.gif2video,
            ["filter", "--background", "transparent", "--format", "rgba", "--rate", "4x"] + arguments, input: gif)
        let pictures = split(result.output)
        try #require(result.status == 0 && pictures.count == 4 * Self.frames, "\(result.errors)")
        for (index, picture) in pictures.enumerated() {
            #expect(fringe(picture, color) <= 4, "picture \(index)")
            let isEmpty = stride(from: 3, to: picture.count, by: 4).allSatisfy { picture[$0] == 0 }
            if index % 4 == 0 { #expect(isEmpty != Self.isThere(index / 4, way), "picture \(index)") }
        }
    }

    /// Files, as a player shows them. WebM holds half as many colors as pixels a side, and loses more.
    @Test(
        arguments: [
            ("out.webm", [], ["-c:v", "libvpx-vp9"], 12), ("out.mov", [], [], 2),
            ("out.mkv", ["--to", "ffv1"], [], 0),
        ] as [(String, [String], [String], Double)])
    func filesKeepTransparencyWithoutAFringe(
        name: String, arguments: [String], decoder: [String], limit: Double
    ) throws {
        for kind in [Kind.dark, .white] {
            let folder = try TemporaryFolder()
            let gif = Self.sticker(kind.color)
            let input = try folder.write(gif, to: "in.gif")
            let expected = try filter(gif, "--profile", "live")
            let made = try Tool.run(
                Tool.gif2video,
                [
                    "convert", "-q", "--profile", "live", "--background", "transparent", "--rate", "4x", input, "-o",
                    folder.path(name),
                ] + arguments)
            try #require(made.status == 0, "\(made.errors)")
            let read = try Tool.run(
                "ffmpeg",
                ["-v", "error"] + decoder + [
                    "-i", folder.path(name), "-sws_flags", "accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt",
                    "rgba", "-",
                ])
            let pictures = split(read.output)
            try #require(pictures.count == expected.count, "\(read.errors)")
            for (picture, original) in zip(pictures, expected) {
                for background in Self.backgrounds {
                    var (sum, count) = (0.0, 0)
                    for at in stride(from: 0, to: picture.count, by: 4) where original[at + 3] > 0 {
                        let (a, b) = (Double(picture[at + 3]) / 255, Double(original[at + 3]) / 255)
                        for channel in 0..<3 {
                            let shown = Double(picture[at + channel]) * a + background[channel] * (1 - a)
                            let right = Double(original[at + channel]) * b + background[channel] * (1 - b)
                            sum += (shown - right) * (shown - right)
                            count += 1
                        }
                    }
                    #expect((sum / Double(max(count, 1))).squareRoot() <= limit, "\(kind) over \(background)")
                }
                // Half covered pixels have the disc's color, not what it lies on.
                #expect(fringe(picture, kind.color, from: 64) <= 2 + Int(limit), "\(kind)")
            }
        }
    }
}
