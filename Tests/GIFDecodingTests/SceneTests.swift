import GIFDecoding
import Media
import TestSupport
import Testing

/// Compares every property of every decoded frame with what the rules say.
func expectEqual(_ frames: [Frame], _ scene: GIFScene, _ comment: Comment) {
    let expected = scene.frames
    #expect(frames.count == expected.count, comment)
    for (index, (frame, wanted)) in zip(frames, expected).enumerated() {
        #expect(frame.index == index, comment)
        #expect(frame.size == scene.size, comment)
        #expect(frame.start == wanted.start, comment)
        #expect(frame.duration == wanted.duration, comment)
        #expect(frame.pixels == wanted.pixels, "\(comment), frame \(index)")
        let palettes = frame.paletteMap.ids.map { frame.paletteMap.palettes[Int($0)] }
        #expect(palettes == wanted.palettes, "\(comment), frame \(index)")
        let used = Set(frame.paletteMap.ids.map(Int.init))
        let listed = Set(frame.paletteMap.palettes.indices.filter { frame.paletteMap.palettes[$0] != nil })
        #expect(used.subtracting([0]) == listed, "\(comment), frame \(index)")
        let changed =
            index == 0 ? scene.size.bounds : difference(expected[index - 1], wanted, size: scene.size)
        #expect(frame.changed == changed, "\(comment), frame \(index)")
    }
}

@Suite struct SceneTests {
    @Test(arguments: ReferenceCase.all)
    func everyKindDecodesByTheRules(_ reference: ReferenceCase) {
        let (frames, error) = decode(reference.scene.bytes)
        #expect(error == nil)
        expectEqual(frames, reference.scene, "\(reference.name)")
    }

    @Test func randomScenesDecodeByTheRules() {
        var random = SplitMix64(seed: 7)
        for number in 0..<150 {
            let scene = GIFScene.random(&random)
            let (frames, error) = decode(scene.bytes)
            #expect(error == nil, "scene \(number)")
            expectEqual(frames, scene, "scene \(number)")
        }
    }

    @Test func scannerAgreesWithDecoder() throws {
        var random = SplitMix64(seed: 8)
        let scenes = ReferenceCase.all.map(\.scene) + (0..<100).map { _ in GIFScene.random(&random) }
        for scene in scenes {
            let summary = try GIFScanner.scan(ByteArraySource(scene.bytes), name: "test.gif")
            let frames = decode(scene.bytes).frames
            #expect(summary.delays.map(Int.init) == frames.map(\.duration))
            #expect(summary.frameCount == frames.count && summary.duration == frames.reduce(0) { $0 + $1.duration })
            #expect(summary.canvas == frames[0].size)
            #expect(summary.loopCount == 0)
            #expect(summary.defect == nil)
            #expect(summary.byteCount == scene.bytes.count)
            #expect(summary.imageCount == scene.images.count)
            #expect(summary.localPaletteCount == scene.images.count { $0.palette != nil })
            #expect(summary.interlacedCount == scene.images.count(where: \.isInterlaced))
            let sizes = scene.images.map { ($0.palette ?? scene.palette ?? [0, 0, 0, 0, 0, 0]).count / 3 }
            #expect(summary.paletteSizes == Set(sizes).sorted())
            // Without a delay there is no graphic control.
            let controlled = scene.images.filter { $0.delay != nil }
            #expect(summary.hasTransparency == controlled.contains { $0.transparentIndex != nil })
            let disposals = scene.images.map { $0.delay == nil ? 0 : $0.disposal }
            #expect(summary.disposalCounts == Dictionary(disposals.map { ($0, 1) }, uniquingKeysWith: +))
        }
    }
}

extension GIFImage {
    var rect: PixelRect { PixelRect(x: x, y: y, width: width, height: height) }
}

extension GIFScene {
    /// A small GIF with a bit of everything.
    static func random(_ random: inout SplitMix64) -> GIFScene {
        let size = PixelSize(width: .random(in: 1...24, using: &random), height: .random(in: 1...24, using: &random))
        let palettes: [[UInt8]?] = (0..<4).map { number in
            number == 3 ? nil : randomPalette(colors: 1 << Int.random(in: 1...8, using: &random), &random)
        }
        let delays: [Int?] = Bool.random(using: &random) ? [nil, 0, 1, 2, 7] : [3, 10]
        let images = (0..<Int.random(in: 1...9, using: &random)).map { _ in
            let width = Int.random(in: 1...26, using: &random)
            let height = Int.random(in: 1...26, using: &random)
            let codeSize = Int.random(in: 1...8, using: &random)
            let indices = (0..<width * height).map { _ in
                UInt8.random(in: 0...UInt8((1 << codeSize) - 1), using: &random)
            }
            return GIFImage(width: width, height: height, indices: indices).with {
                $0.x = .random(in: 0...size.width + 2, using: &random)
                $0.y = .random(in: 0...size.height + 2, using: &random)
                $0.codeSize = codeSize
                $0.palette = palettes.randomElement(using: &random) ?? nil
                $0.isInterlaced = .random(using: &random)
                $0.delay = delays.randomElement(using: &random) ?? nil
                $0.disposal = .random(in: 0...5, using: &random)
                $0.transparentIndex = Bool.random(using: &random) ? .random(in: 0...3, using: &random) : nil
                $0.style =
                    [.clearWhenFull, .deferredClear, .uncompressed].randomElement(using: &random) ?? .clearWhenFull
            }
        }
        return GIFScene(size: size, palette: palettes.randomElement(using: &random) ?? nil, images: images)
    }
}

func randomPalette(colors: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<colors * 3).map { _ in .random(in: 0...255, using: &random) }
}
