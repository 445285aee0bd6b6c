import Foundation
import Media
import TestSupport
import Testing

@testable import Restoration

@Suite struct SceneChangeTests {
    private let size = PixelSize(width: 96, height: 64)

    /// A scene of soft waves; `phase` moves it, `light` adds to it.
    private func scene(_ kind: Int, phase: Double = 0, light: Double = 0) -> SceneChange.Signature {
        let pixels = (0..<size.area).flatMap { index -> [UInt8] in
            let x = Double(index % size.width) + phase
            let y = Double(index / size.width)
            let wave = kind == 0 ? sin(x / 14) * 50 + y : cos(y / 9 + x / 40) * 60 - x / 2
            let base = kind == 0 ? [90.0, 120, 60] : [190.0, 70, 160]
            return base.map { UInt8(min(max($0 + wave + light, 0), 255)) } + [255]
        }
        return pixels.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
    }

    @Test func motionIsNoCut() {
        for phase in [0.0, 1, 4, 8] { #expect(!SceneChange.isCut(scene(0), scene(0, phase: phase))) }
    }

    /// A window onto a wide wall of stones of all shades, redder to the right: nothing stands where it stood, and the colors
    /// are others.
    @Test func aPictureMovedFarIsNoCut() {
        func wall(from left: Int) -> SceneChange.Signature {
            let pixels = (0..<size.area).flatMap { index -> [UInt8] in
                let (x, y) = (index % size.width + left, index / size.width)
                let shade = (x / 6 * 37 + y / 4 * 91 + x / 6 * (y / 4) * 53) % 128
                return [UInt8(min(shade + x, 255)), UInt8(shade), UInt8(max(shade - x, 0)), 255]
            }
            return pixels.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        }
        #expect(!SceneChange.isCut(wall(from: 0), wall(from: 30)))
        #expect(!SceneChange.isCut(wall(from: 30), wall(from: 0)))
        #expect(SceneChange.isCut(wall(from: 0), wall(from: 200)))
    }

    @Test func aFlashIsNoCut() {
        #expect(!SceneChange.isCut(scene(0), scene(0, light: 70)))
    }

    @Test func anotherSceneIsACut() {
        #expect(SceneChange.isCut(scene(0), scene(1)))
        #expect(SceneChange.isCut(scene(1), scene(0)))
    }

    /// 256 tiles of random shades.
    private func tiles(_ seed: UInt64) -> [UInt8] {
        var generator = SplitMix64(seed: seed)
        return (0..<256).map { _ in UInt8.random(in: 0..<128, using: &generator) }
    }

    /// A picture of tiles, of which the first ones, so many per cent, are blue.
    private func picture(_ tiles: [UInt8], blue: Int) -> SceneChange.Signature {
        let pixels = (0..<size.area).flatMap { index -> [UInt8] in
            let tile = index / size.width / 4 * 16 + index % size.width / 6
            return tile < 256 * blue / 100 ? [0, 0, 200, 255] : [tiles[tile], tiles[tile], 0, 255]
        }
        return pixels.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
    }

    private func cuts(_ frames: [SceneChange.Signature]) -> [Int] {
        var history = SceneHistory()
        return frames.indices.dropFirst().filter { history.isCut(frames[$0 - 1], frames[$0]) }
    }

    /// Another picture after frames that differ much from each other is motion, after quiet ones a cut.
    @Test func aCutStandsOut() {
        let (a, b) = (picture(tiles(1), blue: 0), picture(tiles(1), blue: 18))
        let other = picture(tiles(2), blue: 40)
        #expect(!SceneChange.isCut(a, b) && SceneChange.isCut(b, other))
        #expect(cuts([a, b, other]) == [])
        #expect(cuts([b, b, other]) == [2])
        // A picture that differs still more is a cut, whatever came before.
        #expect(cuts([a, b, picture(tiles(2), blue: 80)]) == [2])
    }

    @Test func everySlideIsAScene() {
        let slides = (0..<6).map { picture(tiles($0), blue: $0 % 2 == 0 ? 0 : 25) }
        #expect(cuts(slides) == [1, 2, 3, 4, 5])
    }

    @Test func canvasesSmallerThanTheBlocksAreFine() {
        let size = PixelSize(width: 3, height: 1)
        let black: [UInt8] = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]
        let white = [UInt8](repeating: 255, count: 12)
        let a = black.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        let b = white.withUnsafeBufferPointer { SceneChange.Signature($0, size: size) }
        #expect(!SceneChange.isCut(a, a))
        #expect(SceneChange.isCut(a, b))
    }
}

@Suite struct DitherVerdictTests {
    /// A frame that paints so many of 100 pixels.
    private func frame(painting count: Int) -> Frame {
        .painted(
            0, width: 100, height: 1, palette: .grays(2), start: 0, duration: 10,
            changed: PixelRect(x: 0, y: 0, width: count, height: count == 0 ? 0 : 1)
        ) { x, _ in x % 2 }
    }

    @Test func aClearFirstFrameDecides() {
        var verdict = DitherVerdict()
        let isFirstWanted = verdict.wants(frame(painting: 0))
        #expect(verdict.isOpen && isFirstWanted)
        verdict.add(logit: 5)
        #expect(!verdict.isOpen && verdict.isDithered && verdict.confidence > 0.99)
        let isSecondWanted = verdict.wants(frame(painting: 100))
        #expect(!isSecondWanted)
    }

    @Test func doubtfulFramesAreHeardOutUpToALimit() {
        var verdict = DitherVerdict()
        for (index, logit) in [0.5, -2, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1].enumerated() {
            let isWanted = verdict.wants(frame(painting: 100))
            #expect(isWanted)
            verdict.add(logit: Float(logit))
            #expect(verdict.isDithered == (index == 0))
        }
        #expect(!verdict.isOpen && verdict.frames == DitherVerdict.frameLimit)
    }

    @Test func framesThatShowLittleThatIsNewAreNotAsked() {
        var verdict = DitherVerdict()
        var asked: [Int] = []
        for index in 0..<DitherVerdict.frameLimit {
            if verdict.wants(frame(painting: 30)) {
                asked.append(index)
                verdict.add(logit: 1)
            }
            #expect(verdict.isOpen == (index < DitherVerdict.frameLimit - 1))
        }
        #expect(asked == [0, 4] && verdict.frames == 2)
    }
}
