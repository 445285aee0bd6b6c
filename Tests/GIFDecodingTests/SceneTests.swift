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
        for number in 0..<250 {
            let scene = number < 150 ? GIFScene.random(&random) : GIFScene.randomTiles(&random)
            let (frames, error) = decode(scene.bytes)
            #expect(error == nil, "scene \(number)")
            expectEqual(frames, scene, "scene \(number)")
        }
    }

    @Test func scannerAgreesWithDecoder() throws {
        var random = SplitMix64(seed: 8)
        let scenes =
            ReferenceCase.all.map(\.scene) + (0..<100).map { _ in GIFScene.random(&random) }
            + (0..<200).map { _ in GIFScene.randomTiles(&random) }
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

extension GIFScene {
    /// Pictures that are built from tiles without a delay, in and out of order, with and without what does not fit: a tile too
    /// many, one that is cleared, a delay in the midst, no delay at all.
    static func randomTiles(_ random: inout SplitMix64) -> GIFScene {
        let tile = PixelSize(width: .random(in: 1...4, using: &random), height: .random(in: 1...4, using: &random))
        let (columns, rows) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...3, using: &random))
        let size = PixelSize(
            width: columns * tile.width - .random(in: 0..<tile.width, using: &random),
            height: rows * tile.height - .random(in: 0..<tile.height, using: &random))
        let isTimed = Bool.random(using: &random)
        var images: [GIFImage] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var cells = Array(0..<columns * rows)
            if Bool.random(using: &random) { cells.shuffle(using: &random) }
            if Int.random(in: 0..<3, using: &random) == 0 {
                cells.removeLast(.random(in: 0..<cells.count, using: &random))
            }
            if Int.random(in: 0..<3, using: &random) == 0 { cells.append(0) }
            images += cells.enumerated().map { place, cell in
                GIFImage(width: tile.width, height: tile.height, index: UInt8.random(in: 0...15, using: &random)).with {
                    $0.x = cell % columns * tile.width
                    $0.y = cell / columns * tile.height
                    $0.codeSize = 4
                    $0.delay = isTimed && place == cells.count - 1 ? 6 : 0
                    $0.disposal = Int.random(in: 0..<12, using: &random) == 0 ? 2 : 1
                    if Int.random(in: 0..<20, using: &random) == 0 { $0.x += 30 }
                    if Int.random(in: 0..<20, using: &random) == 0 { $0.delay = 3 }
                }
            }
        }
        return GIFScene(size: size, palette: randomPalette(colors: 16, &random), images: images)
    }
}

func randomPalette(colors: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<colors * 3).map { _ in .random(in: 0...255, using: &random) }
}
