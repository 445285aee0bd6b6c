import Media
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

/// Restoring where transparency is kept.
@Suite struct TransparencyTests {
    private let pool = WorkerPool(concurrency: 2)
    private static let size = PixelSize(width: 96, height: 72)

    private let palette = Palette(
        rgb: (UInt8(0)..<16).flatMap { (step: UInt8) -> [UInt8] in
            [20 + step * 2, 40 + step, 30 + step * 3]
        })

    private func rect(_ indices: [Int]) -> PixelRect {
        indices.reduce(PixelRect.empty) {
            $0.union(PixelRect(x: $1 % Self.size.width, y: $1 / Self.size.width, width: 1, height: 1))
        }
    }

    /// Discs on nothing: one stands at the left while another moves at the right; some frames show neither, and one is opaque.
    private func frames(emptyFirst: Int = 0) -> [Frame] {
        var frames: [Frame] = []
        for index in 0..<12 {
            let made = Frame.painted(
                index, width: Self.size.width, height: Self.size.height, palette: palette, start: index * 10,
                duration: 10
            ) { x, y in
                if index < emptyFirst || index == 6 { return nil }
                if index == 8 { return (x / 5 + y / 7) % 16 }
                let (right, down) = (x - 60 - index, y - 30 - index)
                let (left, low) = (x - 14, y - 50)
                if right * right + down * down < 150 { return (x - index + 3 * y) / 9 % 16 }
                return left * left + low * low < 80 ? 3 : nil
            }
            let differing = frames.last.map { last in
                (0..<Self.size.area).filter { (pixel: Int) -> Bool in
                    let bytes = 4 * pixel..<4 * pixel + 4
                    if made.pixels[bytes] != last.pixels[bytes] { return true }
                    return made.paletteMap.ids[pixel] != last.paletteMap.ids[pixel]
                }
            }
            frames.append(
                Frame(
                    index: index, size: made.size, pixels: made.pixels, paletteMap: made.paletteMap, start: made.start,
                    duration: made.duration, changed: differing.map(rect) ?? Self.size.bounds))
        }
        return frames
    }

    private func restorer(
        loop: Bool = false, colorNone: String = "ccdnet-live", changeMemory: Int = ChangeLog.usualMemory
    ) throws -> Restorer {
        let options = RestorationOptions(
            rate: .multiple(4), dither: .none, loop: loop, background: .white, keepsAlpha: true)
        return Restorer(
            models: try TestModels(colorNone: colorNone).load(), options: options, pool: pool, pace: nil,
            changeMemory: changeMemory)
    }

    private func slot() -> FrameInput {
        FrameInput(size: Self.size, FrameInput.Content(keepsAlpha: true), cache: PaletteCache(), on: pool)
    }

    /// A slot that is brought up to date reads as one that is filled anew, also one that was used two frames ago.
    @Test func aSlotThatIsUpdatedIsAsOneThatIsFilled() {
        let background = RGB(red: 128, green: 128, blue: 128)
        let slots = (0..<3).map { _ in slot() }
        var known = 0
        for frame in frames(emptyFirst: 1) {
            let slot = slots[frame.index % 3]
            let earlier = frame.index > 0 ? slots[(frame.index + 2) % 3] : nil
            let before = earlier?.gif.array
            slot.fill(frame, after: earlier, on: background)
            let fresh = self.slot()
            fresh.fill(frame, on: background)
            #expect(slot.gif.array == fresh.gif.array, "frame \(frame.index)")
            #expect(slot.matted.array == fresh.matted.array, "frame \(frame.index)")
            #expect(slot.radius.array == fresh.radius.array, "frame \(frame.index)")
            #expect(slot.ids == fresh.ids, "frame \(frame.index)")
            // Pixels that differ from the frame before are in the region.
            let (now, plane) = (slot.gif.array, Self.size.area)
            guard let before, let changed = slot.colors.changes(since: frame.index - 1) else { continue }
            known += 1
            for pixel in 0..<plane
            where (0..<3).contains(where: { now[$0 * plane + pixel] != before[$0 * plane + pixel] }) {
                let row = changed[pixel / Self.size.width]
                #expect(row.contains(pixel % Self.size.width), "frame \(frame.index)")
            }
        }
        #expect(known == 11)
    }

    /// Transparent pixels beside others are given their palette's radius, too: nothing tells the network of an edge.
    @Test func theNetworkSeesNoEdge() throws {
        let disc = Frame.painted(
            0, width: 96, height: 72, palette: palette, start: 0, duration: 10
        ) { x, y in (x - 48) * (x - 48) + (y - 36) * (y - 36) < 100 ? 5 : nil }
        let slot = slot()
        slot.fill(disc, on: .white)
        let (gif, radius, plane) = (slot.gif.array, slot.radius.array, Self.size.area)
        let middle = 36 * 96 + 48
        for pixel in 0..<plane {
            let (x, y) = (pixel % 96 - 48, pixel / 96 - 36)
            guard x * x + y * y < 25 * 25 else { continue }
            #expect((0..<3).allSatisfy { gif[$0 * plane + pixel] == gif[$0 * plane + middle] })
            #expect(radius[pixel] == radius[middle] && radius[pixel] > 0)
        }
        #expect(slot.matted.array[0] == 1 && slot.matted.array[middle] == gif[middle])
    }

    /// An in-between's colors are mixtures of the visible colors of its two frames, whatever the motion, and nothing has a
    /// color where nothing is.
    @Test(arguments: [false, true])
    func noOtherColorIsInAnInBetween(loop: Bool) throws {
        let frames = frames()
        let pictures = try run(restorer(loop: loop), frames)
        #expect(pictures.count == 4 * frames.count)
        var mixed = 0
        for index in frames.indices {
            let next = loop ? (index + 1) % frames.count : min(index + 1, frames.count - 1)
            var (least, most) = (SIMD3<UInt8>(repeating: 255), SIMD3<UInt8>(repeating: 0))
            for picture in [pictures[4 * index], pictures[4 * next]] {
                for at in stride(from: 0, to: picture.pixels.count, by: 4) where picture.pixels[at + 3] != 0 {
                    let color = SIMD3(picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2])
                    least = pointwiseMin(least, color)
                    most = pointwiseMax(most, color)
                }
            }
            let own = pictures[4 * index].pixels
            #expect(own.indices.allSatisfy { $0 % 4 != 3 || own[$0] == frames[index].pixels[$0] })
            for picture in pictures[4 * index + 1..<4 * index + 4] {
                for at in stride(from: 0, to: picture.pixels.count, by: 4) {
                    let color = SIMD3(picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2])
                    let alpha = picture.pixels[at + 3]
                    if alpha == 0 {
                        #expect(color == SIMD3(0, 0, 0))
                    } else {
                        if alpha < 255 { mixed += 1 }
                        // Both were rounded.
                        for channel in 0..<3 {
                            let range = Int(least[channel]) - 1...Int(most[channel]) + 1
                            #expect(range.contains(Int(color[channel])))
                        }
                    }
                }
            }
        }
        #expect(mixed > 100)
    }

    /// Pixels that are not computed again are as if they were, also if the backdrop is found late.
    @Test(arguments: [0, 1, 3], ["ccdnet-live", "ccdnet-neighbors"])
    func whatIsStillIsTheSame(emptyFirst: Int, colorNone: String) throws {
        let frames = frames(emptyFirst: emptyFirst)
        let reusing = try run(restorer(loop: true, colorNone: colorNone), frames)
        let whole = try run(restorer(loop: true, colorNone: colorNone, changeMemory: 0), frames)
        #expect(reusing.count == whole.count)
        for (index, (a, b)) in zip(reusing, whole).enumerated() {
            // As visible: the colors of what hardly is are quotients of small numbers.
            let differing = stride(from: 0, to: a.pixels.count, by: 4).count { at in
                (0..<4).contains { channel in
                    func seen(_ pixels: [UInt8]) -> Int {
                        channel == 3 ? Int(pixels[at + 3]) : Int(pixels[at + channel]) * Int(pixels[at + 3]) / 255
                    }
                    return abs(seen(a.pixels) - seen(b.pixels)) > 2
                }
            }
            #expect(differing == 0, "picture \(index)")
        }
    }

    /// The networks see an outline over a color that it does not have.
    @Test func theBackdropIsNoneOfTheOutlinesColors() {
        func disc(_ colors: [UInt8]) -> Frame {
            Frame.painted(
                0, width: 40, height: 40, palette: Palette(rgb: colors), start: 0, duration: 10
            ) { x, y in
                let (x, y) = (x - 20, y - 20)
                return x * x + y * y < 200 ? (x < 0 ? 0 : 1) : nil
            }
        }
        #expect(Backdrop.choose(for: disc([255, 255, 255, 255, 255, 255])) == Backdrop.candidates[0])
        #expect(Backdrop.choose(for: disc([255, 255, 255, 0, 0, 0])) == Backdrop.candidates[0])
        #expect(Backdrop.choose(for: disc([120, 130, 140, 110, 110, 110])) == .white)
        #expect(Backdrop.choose(for: disc([120, 130, 140, 250, 250, 250])) == .black)
        let nothing = Frame.painted(
            0, width: 8, height: 8, palette: palette, start: 0, duration: 10
        ) { _, _ in nil }
        #expect(Backdrop.choose(for: nothing) == nil)
        let everything = Frame.painted(
            0, width: 8, height: 8, palette: palette, start: 0, duration: 10
        ) { _, _ in 1 }
        #expect(Backdrop.choose(for: everything) == nil)
    }
}
