import Media
import TestSupport

@testable import Restoration

/// Two frames with much that may be taken for an overlay: letters of several sizes over a film that moves or stands still, parts
/// that are equal by chance, noise, and some rectangles that in-betweens move.
struct OverlayScene {
    let size: PixelSize
    let a: OverlayFinder.Sight
    let b: OverlayFinder.Sight
    let isDragged: [Bool]

    private struct Box {
        let (x, y, width, height): (Int, Int, Int, Int)

        init(in size: PixelSize, _ random: inout SplitMix64) {
            (x, y) = (Int.random(in: 0..<size.width, using: &random), Int.random(in: 0..<size.height, using: &random))
            (width, height) = (Int.random(in: 1...60, using: &random), Int.random(in: 1...40, using: &random))
        }

        func contains(_ x: Int, _ y: Int) -> Bool {
            (self.x..<self.x + width).contains(x) && (self.y..<self.y + height).contains(y)
        }
    }

    init(_ random: inout SplitMix64) {
        let size = PixelSize(
            width: Int.random(in: 8...121, using: &random), height: Int.random(in: 8...77, using: &random))
        func boxes(_ most: Int) -> [Box] {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in Box(in: size, &random) }
        }
        let (letters, frozen, dragged) = (boxes(4), boxes(3), boxes(3))
        let shift = Int.random(in: 0...4, using: &random)
        let stroke = Int.random(in: 2...9, using: &random)
        let noise = Int.random(in: 0...12, using: &random)
        let base = Int.random(in: 0...99, using: &random)
        func color(_ x: Int, _ y: Int, _ shift: Int) -> Int {
            if letters.contains(where: { $0.contains(x, y) }) && x / stroke % 2 == 0 && y / stroke % 3 != 1 {
                return 250
            }
            let place = frozen.contains { $0.contains(x, y) } ? x : x + shift
            return (place * 7 + y * 3) / 8 * 37 % 150 + base
        }
        func pixels(_ shift: Int) -> [UInt8] {
            (0..<size.area).flatMap { pixel -> [UInt8] in
                let level = color(pixel % size.width, pixel / size.width, shift)
                return (0..<3).map { UInt8(clamping: level - 10 * $0) } + [255]
            }
        }
        func restored(_ pixels: [UInt8]) -> [UInt8] {
            pixels.map { UInt8(clamping: Int($0) + Int.random(in: 0...noise, using: &random)) }
        }
        let (first, second) = (pixels(0), pixels(shift))
        self.size = size
        a = OverlayFinder.Sight(gif: first, restored: restored(first))
        b = OverlayFinder.Sight(gif: second, restored: restored(second))
        isDragged = (0..<size.area).map { pixel in
            dragged.contains { $0.contains(pixel % size.width, pixel / size.width) }
                && Int.random(in: 0..<3, using: &random) > 0
        }
    }
}
