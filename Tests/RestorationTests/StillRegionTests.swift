import Media
import TestSupport
import Testing
import Threads

@testable import Restoration

/// What is reused from the last frame must not show: every case compares with restorers that remember nothing.
@Suite struct StillRegionTests {
    private static let width = 150
    private static let height = 90
    private let pool = WorkerPool(concurrency: 2)

    /// Frames as a GIF makes them: rectangles drawn over what was there, with palettes of their own, holes, returns to
    /// what was before, repetitions, a cut.
    private func frames(_ count: Int, seed: UInt64, cuts: Bool = true) -> [Frame] {
        var generator = SplitMix64(seed: seed)
        let area = Self.width * Self.height
        var colors = [UInt8](repeating: 0, count: area * 4)
        var ids = [UInt16](repeating: 0, count: area)
        var palettes: [Palette?] = [nil]
        var kept: (colors: [UInt8], ids: [UInt16])?
        func palette() -> Palette {
            let base = UInt8.random(in: 0...120, using: &generator)
            var rgb: [UInt8] = []
            for step in UInt8(0)..<16 { rgb += [base + step * 8, 250 - step * 9, base / 2 + step * 5] }
            return Palette(rgb: rgb)
        }
        var frames: [Frame] = []
        for index in 0..<count {
            let before = (colors, ids)
            if let back = kept {
                (colors, ids) = back
                kept = nil
            }
            let isCut = cuts && index == count / 2
            let kind = index == 0 || isCut ? 0 : Int.random(in: 1...6, using: &generator)
            if kind != 1 {
                // Now and then what is drawn is disposed of afterwards.
                if kind == 2 { kept = (colors, ids) }
                if index == 0 || kind >= 4 || isCut { palettes.append(palette()) }
                let id = UInt16(palettes.count - 1)
                guard let table = palettes[Int(id)] else { continue }
                let whole = index == 0 || isCut
                let left = whole ? 0 : Int.random(in: 0..<Self.width, using: &generator)
                let top = whole ? 0 : Int.random(in: 0..<Self.height, using: &generator)
                let right = whole ? Self.width : min(Self.width, left + Int.random(in: 1...60, using: &generator))
                let bottom = whole ? Self.height : min(Self.height, top + Int.random(in: 1...40, using: &generator))
                let shift = Int.random(in: 0...9, using: &generator)
                for y in top..<bottom {
                    for x in left..<right {
                        let at = y * Self.width + x
                        if kind == 3 && (x + y) % 11 < 3 {
                            colors.replaceSubrange(4 * at..<4 * at + 4, with: [0, 0, 0, 0])
                            ids[at] = 0
                            continue
                        }
                        let color = isCut ? (15 - y / 6 + x) & 15 : (x / 9 + y / 7 + shift) % 16
                        colors.replaceSubrange(4 * at..<4 * at + 3, with: table.rgb[3 * color..<3 * color + 3])
                        colors[4 * at + 3] = 255
                        ids[at] = id
                    }
                }
            }
            var changed = PixelRect.empty
            for at in 0..<area {
                let isSame =
                    ids[at] == before.1[at] && colors[4 * at..<4 * at + 4].elementsEqual(before.0[4 * at..<4 * at + 4])
                if isSame && index > 0 { continue }
                changed = changed.union(PixelRect(x: at % Self.width, y: at / Self.width, width: 1, height: 1))
            }
            frames.append(
                Frame(
                    index: index, size: PixelSize(width: Self.width, height: Self.height), pixels: colors,
                    paletteMap: PaletteMap(ids: ids, palettes: palettes), start: index * 10, duration: 10,
                    changed: changed))
        }
        return frames
    }

    private func run(_ restorer: Restorer, _ frames: [Frame]) throws -> [Picture] {
        var pictures: [Picture] = []
        for frame in frames { try restorer.push(frame) { pictures.append($0) } }
        try restorer.finish { pictures.append($0) }
        return pictures
    }

    private func expectTheSame(
        _ frames: [Frame], colorNone: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout RestorationOptions) -> Void
    ) throws {
        var options = RestorationOptions(rate: .multiple(2), dither: .none)
        change(&options)
        let models = try TestModels(colorNone: colorNone).load()
        let reusing = try run(Restorer(models: models, options: options, pool: pool), frames)
        let forgetful = Restorer(models: models, options: options, pool: pool)
        forgetful.remembers = false
        let whole = try run(forgetful, frames)
        #expect(reusing.map(\.start) == whole.map(\.start), sourceLocation: sourceLocation)
        for (index, (a, b)) in zip(reusing, whole).enumerated() {
            // What was computed in another frame may have been rounded otherwise: here and there by one level.
            let differing = zip(a.pixels, b.pixels).filter { $0 != $1 }
            #expect(differing.count < a.pixels.count / 200, "picture \(index)", sourceLocation: sourceLocation)
            #expect(
                differing.allSatisfy { abs(Int($0.0) - Int($0.1)) == 1 }, "picture \(index)",
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: ["ccdnet-live", "ccdnet-neighbours"], [true, false])
    func whatIsStillIsTheSame(colorNone: String, looksAhead: Bool) throws {
        try expectTheSame(frames(16, seed: 1), colorNone: colorNone) { $0.looksAhead = looksAhead }
    }

    @Test func theSameWithTheVerdictOpen() throws {
        try expectTheSame(frames(12, seed: 2), colorNone: "ccdnet-neighbours") { $0.dither = .auto }
    }

    @Test func theSameDithered() throws {
        try expectTheSame(frames(10, seed: 3), colorNone: "ccdnet-live") { $0.dither = .dithered }
    }

    @Test func theSameInALoopWithAlpha() throws {
        try expectTheSame(frames(10, seed: 4, cuts: false), colorNone: "ccdnet-neighbours") {
            $0.loop = true
            $0.keepsAlpha = true
        }
    }

    @Test func theSameAtTimesThatDiffer() throws {
        try expectTheSame(frames(8, seed: 5), colorNone: "ccdnet-live") { $0.rate = .constant(Rational(24)) }
    }
}
