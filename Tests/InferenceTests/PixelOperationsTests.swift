import CKernels
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct PixelOperationsTests {
    private static let levels = Kernels.Level.allCases

    private func operations(_ level: Kernels.Level) -> PixelOperations {
        PixelOperations(on: WorkerPool(concurrency: 2), kernels: Kernels(atMost: level))
    }

    @Test(arguments: levels, ["warp", "warp-row", "warp-pixel"])
    func backwarpMatchesPyTorch(level: Kernels.Level, name: String) throws {
        let fixture = try Fixture("pixels", in: .module)
        let source = try fixture.tensor("\(name).input")
        let target = Tensor(source.shape)
        operations(level).backwarp(
            source.view, by: try fixture.tensor("\(name).flow").view, scale: 7.5, into: target.view)
        #expect(maximumError(target.array, try fixture.values("\(name).output")) <= 2e-5)
    }

    @Test(arguments: levels, ["warp", "warp-row", "warp-pixel"])
    func cubicSamplingMatchesPyTorch(level: Kernels.Level, name: String) throws {
        let fixture = try Fixture("pixels", in: .module)
        let source = try fixture.tensor("\(name).input")
        let target = Tensor(source.shape)
        operations(level).backwarp(
            source.view, by: try fixture.tensor("\(name).flow").view, scale: 7.5, sampling: .cubic, into: target.view)
        #expect(maximumError(target.array, try fixture.values("\(name).cubic")) <= 5e-5)
    }

    @Test(arguments: levels)
    func cubicSamplingWithoutMotionIsExact(level: Kernels.Level) {
        let source = Tensor.random(TensorShape(3, 7, 21))
        let (flow, target) = (Tensor(2, 7, 21), Tensor(3, 7, 21))
        operations(level).backwarp(source.view, by: flow.view, scale: 80, sampling: .cubic, into: target.view)
        #expect(target.array == source.array.map { min(max($0, -1), 1) })
    }

    /// No flow, not even one that is not a number, reads outside the picture.
    @Test(arguments: levels, [PixelOperations.Sampling.bilinear, .cubic])
    func backwarpStaysInside(level: Kernels.Level, sampling: PixelOperations.Sampling) {
        let source = Tensor.random(TensorShape(1, 4, 5))
        let flow = Tensor(2, 4, 5)
        let target = Tensor(1, 4, 5)
        let corners = source.array
        for (value, expected) in [
            (Float.infinity, corners[19]), (-.infinity, corners[0]), (1e30, corners[19]), (.nan, corners[0]),
        ] {
            flow.view.fill(value)
            operations(level).backwarp(source.view, by: flow.view, scale: 2, sampling: sampling, into: target.view)
            #expect(target.array == [Float](repeating: expected, count: 20))
        }
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
        let gif = try fixture.tensor("fc.gif")
        ids.withUnsafeBufferPointer { ids in
            operations(level).projectToCells(image.view, gif: gif.view, table, ids: ids)
        }
        #expect(maximumError(image.array, try fixture.values("fc.projected")) <= 1e-5)
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

    /// What is known beforehand spares the search and changes nothing: estimates near their colors, far from them and on
    /// the borders, a palette with a color that stands there twice, pixels whose color no palette holds.
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
            near.view.copy(from: image.view)
            everywhere.view.copy(from: image.view)
            operations.projectToCells(near.view, gif: gif.view, radius: radius.view, table, ids: ids)
            operations.projectToCells(everywhere.view, gif: gif.view, table, ids: ids)
            #expect(near.array == everywhere.array)
            #expect(near.array != image.array || width == 1)
        }
    }

    /// What leaves its cell is pulled to the border of it; what is inside stays.
    @Test(arguments: levels)
    func projectionStopsAtTheBisector(level: Kernels.Level) {
        let table = PaletteTable([[0, 0, 0, 255, 0, 0], nil])
        let gif = Tensor(3, 1, 3)
        gif.view.fill(-1)
        let image = Tensor(3, 1, 3)
        image.view.fill(-0.5)
        image[0].withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: [0.6, -0.2, 0.6]) }
        let ids: [UInt16] = [0, 0, 1]
        ids.withUnsafeBufferPointer { operations(level).projectToCells(image.view, gif: gif.view, table, ids: $0) }
        let expected: [Float] = [0, -0.2, 0.6, -0.6875, -0.5, -0.5, -0.6875, -0.5, -0.5]
        #expect(maximumError(image.array, expected) <= 1e-6)
    }

    @Test(arguments: levels)
    func bytesSurviveTheRoundTrip(level: Kernels.Level) {
        let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0 / 4 + 64 * ($0 % 4)) }
        let planes = Tensor(3, 16, 16)
        bytes.withUnsafeBufferPointer { operations(level).load(rgba: $0, into: planes.view) }
        #expect(planes.array[0] == -1 && planes.array[255] == 1)
        var back = [UInt8](repeating: 7, count: 1024)
        back.withUnsafeMutableBufferPointer { operations(level).store(planes.view, intoRGBA: $0) }
        #expect(back == bytes.enumerated().map { $0 % 4 == 3 ? 7 : $1 })
    }

    @Test(arguments: levels)
    func storingRoundsAndClamps(level: Kernels.Level) {
        let values: [Float] = [
            -1.1, 1.1, -.infinity, .infinity, .nan, 0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1, 254.6 / 127.5 - 1,
        ]
        let planes = Tensor(3, 1, values.count)
        for channel in 0..<3 {
            planes[channel].withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: values) }
        }
        var pixels = [UInt8](repeating: 0, count: 4 * values.count)
        pixels.withUnsafeMutableBufferPointer { operations(level).store(planes.view, intoRGBA: $0) }
        let expected: [UInt8] = [0, 255, 0, 255, 0, 128, 0, 1, 255]
        #expect(pixels == expected.flatMap { [$0, $0, $0, 0] })
    }

    @Test(arguments: levels)
    func valueByValue(level: Kernels.Level) {
        let (x, y) = (
            Tensor.random(TensorShape(3, 61, 47), seed: "x"), Tensor.random(TensorShape(3, 61, 47), seed: "y")
        )
        let (xs, ys) = (x.array, y.array)
        let sum = Tensor(x.shape)
        operations(level).scaledSum(2, x.view, -3, y.view, into: sum.view)
        #expect(maximumError(sum.array, zip(xs, ys).map { 2 * $0 - 3 * $1 }) <= 1e-6)
        operations(level).clamp(sum.view, to: -0.5...0.25)
        #expect(maximumError(sum.array, zip(xs, ys).map { min(max(2 * $0 - 3 * $1, -0.5), 0.25) }) <= 1e-6)

        let visibility = Tensor.random(TensorShape(1, 61, 47), seed: "v")
        operations(level).synthesize(x.view, y.view, visibility: visibility.view, t: 0.25, into: sum.view)
        let vs = visibility.array
        let expected = zip(xs, ys).enumerated().map { index, pair in
            let v = (vs[index % vs.count] + 1) / 2
            let (w0, w1) = (0.75 * v, 0.25 * (1 - v))
            return (w0 * pair.0 + w1 * pair.1) / (w0 + w1 + 1e-8)
        }
        #expect(maximumError(sum.array, expected) <= 1e-5)
    }

    /// Rows of any length, with none, one and several bits that differ, anywhere.
    @Test(arguments: levels)
    func whatDiffersIsFound(level: Kernels.Level) {
        let table = Kernels(atMost: level).table
        var generator = SplitMix64(seed: 3)
        for count in Array(0...70) + [127, 128, 200, 481] {
            for places in 0..<4 {
                let row = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
                var other = row
                for _ in 0..<places where count > 0 {
                    let at = Int.random(in: 0..<count, using: &generator)
                    other[at] = Float(
                        bitPattern: other[at].bitPattern ^ 1 << UInt32.random(in: 0..<32, using: &generator))
                }
                let expected = (0..<count).filter { row[$0].bitPattern != other[$0].bitPattern }
                var first = -1
                let length = table.difference(row, other, count, &first)
                #expect(length == expected.last.map { $0 - expected[0] + 1 } ?? 0)
                #expect(expected.isEmpty || first == expected[0])
            }
        }
    }

    /// Updates, comparisons and the largest magnitude of a part of a picture see nothing else, and all of that.
    @Test(arguments: levels)
    func nothingOutsideOfARegionIsLookedAt(level: Kernels.Level) {
        let operations = operations(level)
        let shape = TensorShape(3, 23, 41)
        var generator = SplitMix64(seed: 8)
        for _ in 0..<20 {
            var region = Region(height: shape.height, width: shape.width)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let (y, x) = (Int.random(in: 0..<23, using: &generator), Int.random(in: 0..<41, using: &generator))
                region.insert(rows: y..<y + 6, columns: x..<x + 9)
            }
            let (old, new) = (Tensor.random(shape, seed: "old"), Tensor.random(shape, seed: "new"))
            let (copied, summed) = (Tensor(shape), Tensor(shape))
            for target in [copied, summed] { target.view.copy(from: old.view) }
            #expect(operations.differences(of: old.view, from: new.view, in: region) == region)
            #expect(operations.update(copied.view, with: new.view, in: region) == region)
            #expect(operations.update(copied.view, with: new.view, in: region).isEmpty)
            #expect(operations.update(summed.view, with: 1, new.view, -1, old.view, in: region) == region)
            let (before, after) = (old.array, new.array)
            let (made, sums) = (copied.array, summed.array)
            var largest: Float = 0
            for at in 0..<shape.count {
                let isInside = region[at % shape.plane / 41].contains(at % 41)
                let (a, b) = (before[at], after[at])
                if made[at] != (isInside ? b : a) || sums[at] != (isInside ? b - a : a) {
                    Issue.record("value \(at)")
                }
                if isInside { largest = max(largest, abs(a)) }
            }
            var other = Region(height: shape.height, width: shape.width)
            other.insert(rows: 5..<15, columns: 10..<30)
            operations.fill(copied.view, with: 7, in: region, butNotIn: other)
            for (at, value) in copied.array.enumerated() {
                let (row, column) = (at % shape.plane / 41, at % 41)
                if (value == 7) != (region[row].contains(column) && !other[row].contains(column)) {
                    Issue.record("filled \(at)")
                }
            }
            #expect(operations.largestMagnitude(of: old.view, in: region) == largest)
            #expect(operations.largestMagnitude(of: old.view, in: region.hull) >= largest)
        }
    }
}
