import Foundation
import TestSupport
import Testing

/// Conditions of GIFs from the wild, through the release program with the committed networks.
@Suite struct RealGIFTests {
    private let size = (width: 48, height: 32)

    /// The pictures of `filter`, R, G, B.
    private func pictures(_ gif: [UInt8], _ arguments: String...) throws -> [[UInt8]] {
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--format", "rgb24"] + arguments, input: gif)
        #expect(result.status == 0, "\(result.errors)")
        let bytes = size.width * size.height * 3
        return stride(from: 0, to: result.output.count, by: bytes).map { Array(result.output[$0..<$0 + bytes]) }
    }

    // MARK: Repeated frames

    private let palette = (UInt8(0)..<64).flatMap { (step: UInt8) -> [UInt8] in
        [step * 4, step * 3 + 20, 255 - step * 3]
    }

    /// A picture of the film: waves that drift by two pixels, in 60 colors.
    private func image(_ step: Int) -> GIFImage {
        let indices = (0..<size.width * size.height).map { pixel -> UInt8 in
            let (x, y) = (Double(pixel % size.width + 2 * step), Double(pixel / size.width))
            return UInt8(30 + 14 * sin(x / 5) + 14 * sin(y / 4 + x / 11))
        }
        return GIFImage(width: size.width, height: size.height, indices: indices)
    }

    private func film(_ images: (Int) -> [GIFImage]) -> [UInt8] {
        GIFWriter.gif(width: size.width, height: size.height, palette: palette, images: (0..<8).flatMap(images))
    }

    /// Eight pictures of 9 cs, each written once.
    private var once: [UInt8] { film { step in [image(step).with { $0.delay = 9 }] } }

    @Test(arguments: ["live", "quality"])
    func howAnEncoderWritesAHoldDoesNotMatter(profile: String) throws {
        let expected = try pictures(once, "--rate", "60", "--profile", profile)
        // Whole copies; a rectangle that paints what is there; an empty image of one transparent pixel.
        let copies = film { step in (0..<3).map { _ in image(step).with { $0.delay = 3 } } }
        let patches = film { step in
            let whole = image(step)
            let patch = GIFImage(
                width: 7, height: 5, indices: (0..<35).map { whole.indices[(4 + $0 / 7) * size.width + 9 + $0 % 7] }
            ).with { ($0.x, $0.y, $0.delay, $0.palette) = (9, 4, 4, palette) }
            let nothing = GIFImage(width: 1, height: 1, index: 63).with { ($0.delay, $0.transparentIndex) = (3, 63) }
            return [whole.with { $0.delay = 2 }, patch, nothing]
        }
        for written in [copies, patches] {
            let isSame = try pictures(written, "--rate", "60", "--profile", profile) == expected
            #expect(isSame)
        }
        let differing = zip(expected, expected.dropFirst()).filter { $0 != $1 }.count
        // All but those after the last picture's beginning.
        #expect(differing >= 7 * 9 * 60 / 100 - 2)
    }

    @Test func copiesWithNoiseDoNotStopTheMotion() throws {
        let noisy = film { step in
            (0..<3).map { copy in
                var image = image(step).with { $0.delay = 3 }
                for place in 0..<copy * 20 { image.indices[place * 71 % image.indices.count] += 1 }
                return image
            }
        }
        let found = try pictures(noisy, "--rate", "60")
        let moving = found.prefix(7 * 9 * 60 / 100)
        let still = zip(moving, moving.dropFirst()).filter { $0 == $1 }.count
        #expect(still == 0)
    }

    // MARK: Captions

    /// Letters, white with a black outline, of a caption in a picture of 128x96.
    private func letter(_ x: Int, _ y: Int) -> UInt8? {
        guard (70..<86).contains(y), (20..<104).contains(x) else { return nil }
        let (column, row) = ((x - 20) % 12, y - 70)
        func isStroke(_ column: Int, _ row: Int) -> Bool {
            (4..<7).contains(column) && (2..<14).contains(row) || (2..<5).contains(row) && (2..<10).contains(column)
        }
        if isStroke(column, row) { return 61 }
        let isOutline = (-1...1).contains { down in (-1...1).contains { isStroke(column + $0, row + down) } }
        return isOutline ? 62 : nil
    }

    @Test(arguments: [2, 8, 16], ["live", "quality", "vivid"])
    func aCaptionStaysInFrontOfAMovingFilm(speed: Int, profile: String) throws {
        let colors = palette.prefix(61 * 3) + [255, 255, 255, 0, 0, 0, 128, 128, 128]
        let images = (0..<5).map { step in
            GIFImage(
                width: 128, height: 96,
                indices: (0..<128 * 96).map { pixel -> UInt8 in
                    let (x, y) = (pixel % 128, pixel / 128)
                    if let letter = letter(x, y) { return letter }
                    let (u, v) = (Double(x + speed * step), Double(y))
                    let waves = sin(u / 9) + sin(v / 7 + u / 23) + sin((u + v) / 13)
                    return UInt8(30 + 9.9 * waves)
                }
            ).with { $0.delay = 10 }
        }
        let gif = GIFWriter.gif(width: 128, height: 96, palette: Array(colors), images: images)
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--format", "rgb24", "--rate", "2x", "--profile", profile], input: gif)
        let picture = 128 * 96 * 3
        #expect(result.status == 0 && result.output.count == 10 * picture)
        let caption = (0..<128 * 96).filter { letter($0 % 128, $0 / 128) != nil }
        for step in 0..<4 {
            var difference = 0
            for pixel in caption {
                for byte in 3 * pixel..<3 * pixel + 3 {
                    let (before, between, after) = (
                        result.output[2 * step * picture + byte], result.output[(2 * step + 1) * picture + byte],
                        result.output[(2 * step + 2) * picture + byte]
                    )
                    difference += abs(2 * Int(between) - Int(before) - Int(after))
                }
            }
            let mean = Double(difference) / Double(6 * caption.count)
            #expect(mean <= 2, "\(mean) levels at \(speed) pixels a frame, step \(step)")
        }
    }

    // MARK: Slides

    /// Text on a light ground, in a picture of 160x96 with a bar above it that moves: 12 letters of two kinds.
    private func slide(text: Int, bar: Int) -> GIFImage {
        func isInk(_ x: Int, _ y: Int) -> Bool {
            let (top, left, letters) = text == 0 ? (44, 12, 12) : (78, 70, 7)
            guard (top..<top + 14).contains(y), (left..<left + 11 * letters).contains(x) else { return false }
            let (letter, column, row) = ((x - left) / 11, (x - left) % 11, y - top)
            let shapes = [[0, 3, 1, 2, 0, 2, 3, 1, 0, 2, 1, 3], [2, 1, 2, 0, 3, 0, 1, 2, 0, 3, 3, 1]]
            let shape = shapes[text][letter]
            let isStem = column < 2 && shape != 2 || (5..<7).contains(column) && shape > 1
            let isTop = row < 2 && shape != 1 || row > 11 && shape > 0
            return isStem || column < 7 && (isTop || (6..<8).contains(row) && shape < 2)
        }
        let indices = (0..<160 * 96).map { pixel -> UInt8 in
            let (x, y) = (pixel % 160, pixel / 160)
            if (8..<20).contains(y) && (bar..<bar + 36).contains(x) { return UInt8(10 + (x - bar)) }
            return isInk(x, y) ? 62 : 61
        }
        return GIFImage(width: 160, height: 96, indices: indices).with { $0.delay = 10 }
    }

    @Test(arguments: ["live", "quality"])
    func aTextStaysUntilAnotherOneReplacesItWhileABarMovesOn(profile: String) throws {
        let colors = palette.prefix(61 * 3) + [240, 240, 235, 20, 20, 30, 128, 128, 128]
        let images = [(0, 40), (0, 46), (1, 52), (1, 58)].map { slide(text: $0, bar: $1) }
        let gif = GIFWriter.gif(width: 160, height: 96, palette: Array(colors), images: images)
        let result = try Tool.run(
            Tool.gif2video, ["filter", "--format", "rgb24", "--rate", "4x", "--profile", profile], input: gif)
        let picture = 160 * 96 * 3
        #expect(result.status == 0 && result.output.count == 16 * picture)
        func rows(_ rows: Range<Int>, of index: Int) -> [UInt8] {
            let start = index * picture
            return Array(result.output[start + rows.lowerBound * 480..<start + rows.upperBound * 480])
        }
        for between in 5..<8 {
            let isHeld = rows(36..<96, of: between) == rows(36..<96, of: 4)
            let isMoving = rows(6..<22, of: between) != rows(6..<22, of: between - 1)
            #expect(isHeld && isMoving, "picture \(between)")
        }
        let isReplaced = rows(36..<96, of: 8) != rows(36..<96, of: 4)
        #expect(isReplaced)
    }

    // MARK: Art

    @Test func pixelArtThatIsShadedByHandIsKept() throws {
        let colors = [0, 40, 80, 120, 160, 200, 240, 255].flatMap { (level: UInt8) -> [UInt8] in
            [level, level / 2, 255 - level]
        }
        let images = (0..<4).map { step in
            GIFImage(
                width: size.width, height: size.height,
                indices: (0..<size.width * size.height).map { pixel -> UInt8 in
                    let (x, y) = (pixel % size.width, pixel / size.width)
                    if abs(x - 8 - 3 * step) + abs(y - 8) < 6 { return 7 }
                    return UInt8(y % 8 < 4 || (x + y) % 2 == 0 ? y / 8 : y / 8 + 1)
                }
            ).with { ($0.delay, $0.codeSize) = (12, 3) }
        }
        let gif = GIFWriter.gif(width: size.width, height: size.height, palette: colors, images: images)
        for profile in ["live", "quality", "vivid"] {
            let restored = try pictures(gif, "--rate", "source", "--profile", profile)
            let isKept = try restored == pictures(gif, "--rate", "source", "--profile", "none")
            #expect(isKept && restored.count == 4)
        }
        let probe = try Tool.run(Tool.gif2video, ["probe", "-"], input: gif)
        #expect(String(decoding: probe.output, as: UTF8.self).contains("not dithered"))
    }
}
