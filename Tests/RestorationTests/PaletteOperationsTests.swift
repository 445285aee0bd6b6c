import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

@Suite struct PaletteOperationsTests {
    private static let levels = Kernels.Level.allCases

    private func operations(_ level: Kernels.Level) -> PixelOperations {
        PixelOperations(on: WorkerPool(concurrency: 2), kernels: Kernels(atMost: level))
    }

    @Test(arguments: levels)
    func palettesMatchPyTorch(level: Kernels.Level) throws {
        let fixture = try Fixture("pixels", in: .module)
        let palettes = try fixture.values("fc.palettes")
        let counts = try fixture.values("fc.count").map { Int($0) }
        let stride = palettes.count / counts.count
        let table = PaletteTable(
            counts.enumerated().map { index, count in
                palettes[index * stride..<index * stride + 3 * count].map { UInt8($0) }
            })
        let ids = try fixture.values("fc.ids").map { UInt16($0) }
        let image = try fixture.tensor("fc.input")
        let target = Tensor(image.shape)
        ids.withUnsafeBufferPointer { ids in
            operations(level).nearestColors(image.view, table, ids: ids, into: target.view)
        }
        #expect(target.array == (try fixture.values("fc.nearest")))
    }

    /// fC against the plain loop over the palette, on images full of ties: coordinates and colors on one coarse grid.
    @Test(arguments: levels, [(1, 1), (7, 13), (1, 129), (40, 64)])
    func nearestColorIsTheFirstOfTheNearest(level: Kernels.Level, size: (Int, Int)) {
        let counts = [1, 2, 0, 5, 64, 256]
        let palettes = counts.map { count in
            Formula.values("palette \(count)", 3 * count, bound: 1).map { UInt8(($0 + 1) * 2) * 85 }
        }
        let (height, width) = size
        let ids = Formula.values("ids", height * width / 3 + 1, bound: 3).flatMap { id in
            [UInt16](repeating: UInt16(id + 3), count: 3)
        }.prefix(height * width)
        let image = Tensor(3, height, width)
        image.withUnsafeMutableBufferPointer { values in
            for (index, value) in Formula.values("image", values.count, bound: 2).enumerated() {
                values[index] = value.rounded() / 2
            }
        }
        let target = Tensor(image.shape)
        Array(ids).withUnsafeBufferPointer { ids in
            operations(level).nearestColors(image.view, PaletteTable(palettes), ids: ids, into: target.view)
        }
        let (found, source) = (target.array, image.array)
        for (pixel, id) in ids.enumerated() {
            let color = (0..<3).map { source[$0 * height * width + pixel] }
            var best = Float.infinity
            var expected = color
            for index in 0..<counts[Int(id)] {
                let candidate = (0..<3).map { Float(palettes[Int(id)][3 * index + $0]) / 127.5 - 1 }
                let square = zip(color, candidate).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                if square < best { (best, expected) = (square, candidate) }
            }
            #expect((0..<3).map { found[$0 * height * width + pixel] } == expected)
        }
    }

    /// The border between black and white are the colors whose channels' mean is gray.
    @Test(arguments: levels) func aPixelThatLeftTheCellOfItsColorMovesAtRightAnglesOntoTheBorder(level: Kernels.Level) {
        let table = PaletteTable([[0, 0, 0, 255, 255, 255], nil])
        let (gif, radius, image) = (Tensor(3, 1, 5), Tensor(1, 1, 5), Tensor(3, 1, 5))
        gif.withUnsafeMutableBufferPointer { $0.update(repeating: -1) }
        radius.withUnsafeMutableBufferPointer { $0.update(repeating: 1) }
        (radius.values[3], radius.values[4]) = (0, 0)
        let pixels: [[Float]] = [
            [0.5, 0.5, 0.5], [0.9, 0.3, 0], [-0.2, -0.1, 0.2], [0.9, 0.9, 0.9], [0.9, 0.9, 0.9],
        ]
        for (at, pixel) in pixels.enumerated() { for c in 0..<3 { image.values[5 * c + at] = pixel[c] } }
        func kept(_ size: Float) -> [[Float]] {
            let kept = Tensor(3, 1, 5)
            kept.view.copy(from: image.view)
            [UInt16](arrayLiteral: 0, 0, 0, 1, 0).withUnsafeBufferPointer {
                operations(level).keepInCells(
                    kept.view, table, ids: $0, of: .init(gif: gif.view, radius: radius.view), size: size)
            }
            return (0..<5).map { at in (0..<3).map { kept.values[5 * $0 + at] } }
        }
        func isNear(_ a: [Float], _ b: [Float]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 } }
        let whole = kept(1)
        #expect(isNear(whole[0], [0, 0, 0]) && isNear(whole[1], [0.5, -0.1, -0.4]))
        // Inside, and pixels without a palette or a radius.
        #expect(whole[2] == pixels[2] && whole[3] == pixels[3] && whole[4] == pixels[4])
        let half = kept(0.5)
        #expect(isNear(half[0], [-0.5, -0.5, -0.5]) && isNear(half[2], [-0.6666667, -0.5666667, -0.2666667]))
    }

    /// Else the still parts of a film would change from frame to frame.
    @Test(arguments: levels, [2, 16, 100]) func whatIsInItsCellStaysThere(level: Kernels.Level, count: Int) {
        let width = 3000
        let bytes = Formula.values("cells \(count)", 3 * count, bound: 1).map { UInt8(($0 + 1) * 127) }
        let colors = (0..<count).map { color in (0..<3).map { Float(bytes[3 * color + $0]) / 127.5 - 1 } }
        let (gif, radius, image) = (Tensor(3, 1, width), Tensor(1, 1, width), Tensor(3, 1, width))
        let far = Formula.values("far", 3 * width, bound: 1.2)
        for pixel in 0..<width {
            let own = pixel * 7 % count
            let squares = colors.enumerated().filter { $0.offset != own }.map {
                zip(colors[own], $0.element).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            radius.values[pixel] = (squares.min() ?? 0).squareRoot() / 2
            for channel in 0..<3 {
                gif.values[channel * width + pixel] = colors[own][channel]
                image.values[channel * width + pixel] = far[3 * pixel + channel]
            }
        }
        func keep(_ size: Float) {
            [UInt16](repeating: 0, count: width).withUnsafeBufferPointer {
                operations(level).keepInCells(
                    image.view, PaletteTable([bytes]), ids: $0, of: .init(gif: gif.view, radius: radius.view),
                    size: size)
            }
        }
        for size in [Float(1), 0.5] {
            keep(size)
            let kept = image.array
            keep(size)
            #expect(maximumError(image.array, kept) < 1e-4)
            keep(1)
            #expect(maximumError(image.array, kept) < 1e-4)
        }
    }

    /// A neighborhood spares the search and does not change its result: for estimates near their colors, far from them and on
    /// the borders, a palette that holds a color twice, pixels whose color no palette holds.
    @Test(arguments: levels, [1, 63, 700, 1500])
    func aNeighborhoodChangesNothing(level: Kernels.Level, width: Int) {
        let palettes = [2, 7, 256].map { count in
            var colors = Formula.values("palette \(count)", 3 * count, bound: 1).map { UInt8(($0 + 1) * 127) }
            if count == 7 { colors.replaceSubrange(18..<21, with: colors[0..<3]) }
            return colors
        }
        let table = PaletteTable(palettes)
        let (gif, radius, image) = (Tensor(3, 3, width), Tensor(1, 3, width), Tensor(3, 3, width))
        var ids: [UInt16] = []
        let noise = Formula.values("noise", 9 * width, bound: 1)
        for pixel in 0..<3 * width {
            let id = pixel / 200 % 3
            ids.append(UInt16(id))
            let colors = stride(from: 0, to: palettes[id].count, by: 3).map { start in
                (0..<3).map { Float(palettes[id][start + $0]) / 127.5 - 1 }
            }
            let held = pixel % 11 != 0
            let color = held ? colors[pixel * 7 % colors.count] : [0.01, 0.02, 0.03]
            let nearest = colors.filter { $0 != color }
                .map { zip(color, $0).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }.min()
            radius.values[pixel] = held ? min(1, (nearest ?? 2) / 2) : 0
            for channel in 0..<3 {
                let moved = noise[3 * pixel + channel] * [0.01, 0.1, 0.6][pixel % 3]
                gif.values[channel * 3 * width + pixel] = color[channel]
                image.values[channel * 3 * width + pixel] = color[channel] + moved
            }
        }
        let (near, everywhere) = (Tensor(image.shape), Tensor(image.shape))
        let operations = operations(level)
        ids.withUnsafeBufferPointer { ids in
            operations.nearestColors(
                image.view, table, ids: ids, near: .init(gif: gif.view, radius: radius.view), into: near.view)
            operations.nearestColors(image.view, table, ids: ids, into: everywhere.view)
            #expect(near.array == everywhere.array)
            #expect(near.array != gif.array)
            near.view.copy(from: image.view)
            operations.nearestColors(
                near.view, table, ids: ids, near: .init(gif: gif.view, radius: radius.view), into: near.view)
            #expect(near.array == everywhere.array, "in place")
        }
    }
}
