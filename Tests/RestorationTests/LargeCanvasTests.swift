import Inference
import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

/// Large canvases go through the networks in bands of rows: every case compares with a restorer whose networks see them as a
/// whole.
@Suite struct LargeCanvasTests {
    private static let size = PixelSize(width: 203, height: 131)
    private let pool = WorkerPool(concurrency: 2)
    private let palette = Palette(
        rgb: (UInt8(0)..<16).flatMap { (step: UInt8) -> [UInt8] in [step * 16, 250 - step * 9, 40 + step * 5] })

    /// Frames of which each changes every pixel of a rectangle.
    /// - Parameters:
    ///   - parts: of each frame but the first.
    ///   - standing: pixels that are the same in all frames: an overlay.
    ///   - hasHoles: whether the outer pixels are transparent.
    private func frames(_ parts: [PixelRect], standing: PixelRect = .empty, hasHoles: Bool = false) -> [Frame] {
        let (size, width) = (Self.size, Self.size.width)
        var shades = (0..<size.area).map { (at: Int) -> Int in (at % width / 9 + at / width / 7) % 16 }
        let all: [PixelRect] = [size.bounds] + parts
        return all.enumerated().map { (index: Int, part: PixelRect) -> Frame in
            var (pixels, ids) = ([UInt8](repeating: 0, count: 4 * size.area), [UInt16](repeating: 0, count: size.area))
            for at in 0..<size.area {
                let (y, x) = at.quotientAndRemainder(dividingBy: width)
                let pixel = PixelRect(x: x, y: y, width: 1, height: 1)
                if index > 0 && part.intersection(pixel).area == 1 { shades[at] = (shades[at] + 3) % 16 }
                if hasHoles && !(20..<180).contains(x + index * 3) { continue }
                let shade = standing.intersection(pixel).area == 1 ? (x / 3 + y / 4) % 2 * 15 : shades[at]
                pixels.replaceSubrange(4 * at..<4 * at + 3, with: palette.rgb[3 * shade..<3 * shade + 3])
                (pixels[4 * at + 3], ids[at]) = (255, 1)
            }
            return Frame(
                index: index, size: size, pixels: pixels, paletteMap: PaletteMap(ids: ids, palettes: [nil, palette]),
                start: 8 * index, duration: 8, changed: hasHoles ? size.bounds : part)
        }
    }

    /// A few pixels of each frame move, and one repeats another.
    private static let parts = [
        PixelRect(x: 10, y: 20, width: 30, height: 20), PixelRect(x: 150, y: 90, width: 53, height: 41), .empty,
        PixelRect(x: 60, y: 60, width: 80, height: 12), PixelRect(x: 0, y: 0, width: 9, height: 9),
    ]
    private static let everything = [PixelRect](repeating: size.bounds, count: 4)

    /// Values are kept in 16 bits, 256 steps to a level: one of a few hundred lies at the border between two levels. Of colors
    /// that lie halfway between two of a palette the step may see the other one nearest, and correct some pixels otherwise.
    /// - Parameters:
    ///   - differing: the share of values that may differ at all.
    ///   - far: the share that may differ by more than a level.
    private func expectTheSame(
        _ frames: [Frame], colorNone: String = "ccdnet-past", slomo: String = "superslomo-live",
        thresholds: [String: Float] = [:], differing: Double = 0.01, far: Double = 0.0002,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout RestorationOptions) -> Void
    ) throws {
        var options = RestorationOptions(rate: .source, dither: .none)
        change(&options)
        let models = try TestModels(colorNone: colorNone, slomo: slomo, thresholds: thresholds).load()
        let (banded, whole) = (
            Restorer(models: models, options: options, pool: pool, band: 16, largeArea: 0),
            Restorer(models: models, options: options, pool: pool)
        )
        #expect(banded.content.band(of: Self.size) == 16 && whole.content.band(of: Self.size) == nil)
        let (made, expected) = (try run(banded, frames), try run(whole, frames))
        try #require(made.map(\.start) == expected.map(\.start), sourceLocation: sourceLocation)
        for (index, (a, b)) in zip(made, expected).enumerated() {
            let distances = zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }
            let (values, others) = (Double(a.pixels.count), distances.count { $0 > 0 })
            let (farther, most) = (distances.count { $0 > 1 }, distances.max() ?? 0)
            let seen: Comment = "picture \(index): \(others) values differ, \(farther) by up to \(most)"
            #expect(Double(others) <= differing * values, seen, sourceLocation: sourceLocation)
            #expect(Double(farther) <= far * values, seen, sourceLocation: sourceLocation)
        }
        #expect(banded.verdict?.isDithered == whole.verdict?.isDithered, sourceLocation: sourceLocation)
    }

    @Test(arguments: ["ccdnet-first", "ccdnet-live", "ccdnet-neighbors", "ccdnet-past"], [true, false])
    func restoredFramesAreTheSame(colorNone: String, looksAhead: Bool) throws {
        for frames in [frames(Self.everything), frames(Self.parts)] {
            try expectTheSame(frames, colorNone: colorNone) { $0.looksAhead = looksAhead }
        }
    }

    @Test func restoredFramesAreTheSameWithAClassifier() throws {
        for frames in [frames(Self.everything), frames(Self.parts)] {
            try expectTheSame(frames) { $0.dither = .auto }
            try expectTheSame(frames, thresholds: ["dithered_logit": -900]) { $0.dither = .auto }
            try expectTheSame(frames) { $0.dither = .dithered }
        }
    }

    @Test func framesWithTransparentPixelsAreTheSame() throws {
        try expectTheSame(frames(Self.everything, hasHoles: true)) { _ in }
        try expectTheSame(frames(Self.everything, hasHoles: true), differing: 0.03, far: 0.0005) {
            $0.rate = .multiple(2)
        }
    }

    /// Flat art by the guard's standards, all of it or some blocks.
    @Test(arguments: [[50, 60, 50, 60], [0, 0.01, 1, 4]] as [[Float]]) func flatArtIsTheSame(limits: [Float]) throws {
        let names = ["flat_art_frame_from", "flat_art_frame_to", "flat_art_block_from", "flat_art_block_to"]
        for frames in [frames(Self.everything), frames(Self.parts)] {
            try expectTheSame(frames, thresholds: Dictionary(uniqueKeysWithValues: zip(names, limits))) { _ in }
        }
    }

    /// Of pixels far off the cell one that rounds otherwise may move onto another side of it. The network does not see the
    /// restored frame before, and does not hand that on.
    @Test(arguments: [Float(0.3), 1]) func framesKeptInTheirCellsAreTheSame(size: Float) throws {
        for frames in [frames(Self.everything), frames(Self.parts)] {
            try expectTheSame(frames, colorNone: "ccdnet-live", thresholds: ["cell_size": size], far: 0.001) { _ in }
        }
    }

    /// A pixel of a restored frame that rounds the other way may be an edge of a standing overlay in one and not in the other
    /// (`StillEdges`), on which an overlay of some pixels depends.
    @Test(arguments: [
        "superslomo-live", "superslomo-coarse", "superslomo-search", "superslomo-cubic", "superslomo-projected",
    ])
    func inBetweensAreTheSame(slomo: String) throws {
        for frames in [frames(Self.everything), frames(Self.parts)] {
            try expectTheSame(frames, slomo: slomo, differing: 0.03, far: 0.0005) { $0.rate = .multiple(3) }
        }
    }

    @Test func inBetweensWithAnOverlayAreTheSame() throws {
        let standing = PixelRect(x: 70, y: 40, width: 60, height: 50)
        try expectTheSame(frames(Self.everything, standing: standing), differing: 0.03, far: 0.0005) {
            $0.rate = .multiple(3)
        }
    }

    @Test func loopsAndSceneCutsAreTheSame() throws {
        // All pixels take other colors.
        let cut = frames(Self.parts + [Self.size.bounds])
        try expectTheSame(cut, differing: 0.03, far: 0.0005) {
            $0.loop = true
            $0.rate = .multiple(2)
        }
    }

    /// Networks of the paper, flows of several views, and outlines are seen on whole pictures.
    @Test func networksThatNeedTheWholePictureSeeIt() throws {
        func isBanded(_ rate: OutputRate, slomo: String = "superslomo-live", keepsAlpha: Bool = false) throws -> Bool {
            let models = try TestModels(slomo: slomo).load()
            var options = RestorationOptions(rate: rate)
            options.keepsAlpha = keepsAlpha
            return Restorer(models: models, options: options, pool: pool, largeArea: 0).content.band(of: Self.size)
                != nil
        }
        for slomo in ["superslomo-paper", "superslomo-views"] {
            #expect(try isBanded(.source, slomo: slomo))
            #expect(try !isBanded(.multiple(2), slomo: slomo))
        }
        #expect(try isBanded(.multiple(2)))
        #expect(try !isBanded(.source, keepsAlpha: true))
    }

    // MARK: Rows and their values

    @Test func packedPlanesKeepValuesToASmallPart() {
        let (shape, range) = (TensorShape(2, 9, 14), Float(6))
        let planes = PackedPlanes(shape, range: range)
        let source = Tensor.random(TensorShape(2, 4, 14), seed: "packed")
        var region = Region(height: 9, width: 14)
        region.insert(rows: 2..<7, columns: 4..<9)
        planes.store(source.view, at: 3, in: region, on: pool)
        let all = Tensor(2, 9, 14)
        planes.load(0..<9, into: all.view, on: pool)
        for channel in 0..<2 {
            for (y, x) in (0..<9).flatMap({ y in (0..<14).map { (y, $0) } }) {
                let isInside = (3..<7).contains(y) && (4..<9).contains(x)
                let expected = isInside ? source[channel].pointer[(y - 3) * 14 + x] : 0
                #expect(abs(all[channel].pointer[y * 14 + x] - expected) <= range / 65534 * 1.001)
            }
        }
        let other = PackedPlanes(shape, range: range)
        #expect(other.differences(from: planes, on: pool).hull.area == 4 * 5)
        other.copyRows(0..<9, of: planes)
        #expect(other.differences(from: planes, on: pool).isEmpty)
        other.clear(in: Region.all(height: 9, width: 14))
        #expect(other.differences(from: planes, on: pool).hull.area == 4 * 5)
    }

    /// Rows of a picture that are warped by themselves are those of the warped picture.
    @Test(arguments: [PixelOperations.Sampling.bilinear, .cubic])
    func rowsAreWarpedAsTheWhole(sampling: PixelOperations.Sampling) {
        let operations = PixelOperations(on: pool)
        let (source, flow) = (
            Tensor.random(TensorShape(3, 30, 41), seed: "s"), Tensor.random(TensorShape(2, 30, 41), seed: "f")
        )
        let whole = Tensor(3, 30, 41)
        operations.backwarp(source.view, by: flow.view, scale: 9, sampling: sampling, into: whole.view)
        func rows(_ tensor: Tensor) -> Tensor {
            let part = Tensor(tensor.shape.channels, 15, 41)
            for channel in 0..<tensor.shape.channels {
                part[channel].pointer.update(from: tensor[channel].pointer + 4 * 41, count: 15 * 41)
            }
            return part
        }
        let target = Tensor(3, 15, 41)
        operations.backwarp(source.view, by: rows(flow).view, scale: 9, sampling: sampling, into: target.view, from: 4)
        #expect(target.array == rows(whole).array)
    }
}
