import CKernels
import TestSupport
import Testing

/// Arithmetic on values, warps, palettes and what a frame takes from another, beside the scalar kernels.
@Suite struct ValueKernelTests {
    @Test(arguments: KernelComparison.all)
    func sumsAndLimitsAreThoseOfTheScalarKernels(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let count = random.size(0...300)
            let (x, y) = (random.values(count), random.values(count))
            var sums = random.values(count + 3)
            kernels.scaled_sum(random.value(), x, random.value(), y, &sums, count)
            if count > 2 { (sums[0], sums[1], sums[2]) = (.nan, .infinity, -.infinity) }
            kernels.clamp(&sums, -0.3, 0.4, count)
            return sums
        }
    }

    /// Values within the limits, beyond them, and halves.
    @Test(arguments: KernelComparison.all)
    func whole16BitNumbersAreThoseOfTheScalarKernels(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let values =
                random.values(random.size(0...300), -1.1...1.1) + [.nan, .infinity, -.infinity, 1.5, -2.5, 0, -0.0]
            var shorts = [Int16](repeating: 1, count: values.count)
            kernels.to_shorts(values, random.size(0...1) == 0 ? 32767 : 1, values.count, &shorts)
            var back = values
            kernels.from_shorts(shorts, random.value(), values.count, &back)
            return shorts.map(Float.init) + back
        }
    }

    @Test(arguments: KernelComparison.all)
    func tanhIsThatOfTheMathematicalLibrary(comparison: KernelComparison) {
        comparison.compare(tolerance: 4e-7) { kernels, random in
            var values = random.values(random.size(0...300), -12...12) + [-100, 100, -.infinity, .infinity, 1e-20, 0]
            kernels.tanh(&values, values.count)
            return values
        }
    }

    /// Rows of any length, with none, one and several bits that differ, anywhere.
    @Test(arguments: KernelComparison.all)
    func differencesAreFoundAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes(times: 1) { kernels, random in
            var found: [String] = []
            for count in Array(0...70) + [127, 128, 200, 481] {
                for places in 0..<4 {
                    let row = random.values(count)
                    var other = row
                    for _ in 0..<places where count > 0 {
                        let bit = UInt32.random(in: 0..<32, using: &random)
                        let place = random.size(0...count - 1)
                        other[place] = Float(bitPattern: other[place].bitPattern ^ 1 << bit)
                    }
                    var first = -1
                    let length = kernels.difference(row, other, count, &first)
                    found.append("\(length) from \(length == 0 ? 0 : first)")
                }
            }
            return Array(found.joined(separator: ", ").utf8)
        }
    }

    @Test(arguments: KernelComparison.all)
    func warpsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in Self.warp(kernels.backwarp, &random) }
    }

    @Test(arguments: KernelComparison.all)
    func cubicWarpsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 2e-6) { kernels, random in Self.warp(kernels.backwarp_cubic, &random) }
    }

    /// Random rows of a picture, as a picture of their own, warped by a flow of which some values are no numbers.
    private static func warp(
        _ kernel: @convention(c) (UnsafePointer<ck_warp>?, Int32, Int32, Int32, Int32) -> Void,
        _ random: inout SplitMix64
    ) -> [Float] {
        let (channels, height, width) = (random.size(1...4), random.size(1...7), random.size(1...1100))
        let ownRows = random.part(of: height)
        let plane = ownRows.count * width
        let source = random.values(channels * height * width)
        var flow = random.values(2 * plane)
        for special in [Float.infinity, -.infinity, .nan, 1e30] { flow[random.size(0...2 * plane - 1)] = special }
        var target = random.values(channels * plane)
        let (rows, columns) = (random.part(of: ownRows.count), random.part(of: width))
        let scale = random.value(0...20)
        source.withUnsafeBufferPointer { source in
            flow.withUnsafeBufferPointer { flow in
                target.withUnsafeMutableBufferPointer { target in
                    var warp = ck_warp(
                        source: source.baseAddress, channels: Int32(channels), height: Int32(height),
                        width: Int32(width), flow: flow.baseAddress, scale: scale, target: target.baseAddress,
                        rows: Int32(ownRows.count), top: Int32(ownRows.lowerBound))
                    kernel(
                        &warp, Int32(rows.lowerBound), Int32(rows.count), Int32(columns.lowerBound),
                        Int32(columns.count))
                }
            }
        }
        return target
    }

    /// Pixels with the colors of their GIF, their palette radius, and an estimate that is near to it, far from it, or on a
    /// coarse grid on which many colors are equally near.
    private struct PaletteCase {
        let count: Int
        let plane: Int
        let ids: [UInt16]
        let palettes: [[Float]]
        var gif: [Float]
        var radius: [Float]
        var image: [Float]

        init(_ random: inout SplitMix64, isOnGrid: Bool = true) {
            count = random.size(1...1100)
            plane = count + random.size(0...5)
            // The third palette is empty, and the fourth holds a color twice.
            palettes = [256, 2, 0, 7, random.size(1...64)].map { colors in
                var values = (0..<3 * colors).map { _ in
                    isOnGrid ? Float(random.size(0...8)) / 4 - 1 : random.value()
                }
                if colors == 7 { values.replaceSubrange(18..<21, with: values[0..<3]) }
                return values
            }
            let run = random.size(1...90)
            let first = random.size(0...4)
            ids = (0..<count).map { UInt16(($0 / run + first) % 5) }
            gif = random.values(3 * plane)
            image = random.values(3 * plane)
            radius = random.values(count, 0...0.1)
            for pixel in 0..<count {
                let palette = palettes[Int(ids[pixel])]
                let colors = palette.count / 3
                guard colors > 0 else {
                    radius[pixel] = 0
                    continue
                }
                let own = random.size(0...colors - 1)
                var nearest = Float(4)
                for color in 0..<colors {
                    let square = (0..<3).reduce(Float(0)) {
                        let step = palette[3 * color + $1] - palette[3 * own + $1]
                        return $0 + step * step
                    }
                    if square > 0 { nearest = min(nearest, square.squareRoot()) }
                }
                radius[pixel] = random.size(0...9) == 0 ? 0 : nearest / 2
                let kind = random.size(0...2)
                for channel in 0..<3 {
                    let place = channel * plane + pixel
                    gif[place] = palette[3 * own + channel]
                    image[place] =
                        switch kind {
                        case 0: gif[place] + random.value(-0.05...0.05)
                        case 1: random.value()
                        default: Float(random.size(0...16)) / 8 - 1
                        }
                }
            }
        }

        func withPalettes(_ body: (UnsafePointer<ck_palette>) -> Void) {
            let colors = AlignedFloats(palettes.flatMap { $0 })
            var start = 0
            let table = palettes.map { values in
                defer { start += values.count }
                return ck_palette(rgb: UnsafePointer(colors.start + start), count: Int32(values.count / 3))
            }
            table.withUnsafeBufferPointer { table in
                if let first = table.baseAddress { body(first) }
            }
            withExtendedLifetime(colors) {}
        }
    }

    @Test(arguments: KernelComparison.all, [false, true])
    func theNearestColorIsThatOfTheScalarKernel(comparison: KernelComparison, hasRadius: Bool) {
        comparison.compare { kernels, random in
            let test = PaletteCase(&random)
            var target = random.values(3 * test.plane)
            test.withPalettes { palettes in
                test.radius.withUnsafeBufferPointer { radius in
                    kernels.nearest_color(
                        test.image, test.gif, hasRadius ? radius.baseAddress : nil, test.plane, test.count, test.ids,
                        palettes, &target)
                }
            }
            return target
        }
    }

    @Test(arguments: KernelComparison.all, [Float(0.7), 1, 1.8])
    func pixelsAreKeptInCellsAsByTheScalarKernel(comparison: KernelComparison, size: Float) {
        comparison.compare(times: 6, tolerance: 1e-5) { kernels, random in
            // On a grid two colors may be equally near to a pixel that has moved.
            let test = PaletteCase(&random, isOnGrid: false)
            var image = test.image
            test.withPalettes { palettes in
                kernels.keep_in_cells(
                    &image, test.gif, test.radius, size, test.plane, test.count, test.ids, palettes)
            }
            return image
        }
    }

    @Test(arguments: KernelComparison.all)
    func synthesisIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-6) { kernels, random in
            let count = random.size(1...300)
            let plane = count + random.size(0...5)
            var target = random.values(3 * plane)
            kernels.synthesize(
                random.values(3 * plane), random.values(3 * plane), random.values(count, -0.99...0.99),
                random.value(0.05...0.95), plane, count, &target)
            return target
        }
    }

    @Test(arguments: KernelComparison.all)
    func whatLiesOutsideIsHiddenAsByTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-5) { kernels, random in
            let (height, width) = (random.size(1...9), random.size(1...70))
            let (row, column) = (random.size(0...height - 1), random.size(0...width - 1))
            let count = random.size(1...width - column)
            let (plane, answerPlane) = (count + random.size(0...5), count + random.size(0...5))
            var answer = random.values(5 * answerPlane)
            kernels.hide_outside(
                random.values(2 * plane), random.values(2 * plane), plane, 9, Int32(row), Int32(column), Int32(count),
                Int32(height), Int32(width), &answer, answerPlane)
            return answer
        }
    }

    @Test(arguments: KernelComparison.all)
    func meanDifferencesAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let count = random.size(1...300)
            let plane = count + random.size(0...5)
            var means = random.values(count + 3)
            kernels.mean_difference(random.values(3 * plane), random.values(3 * plane), plane, count, &means)
            return means
        }
    }

    @Test(arguments: KernelComparison.all)
    func windowMeansAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-6) { kernels, random in
            let (height, width, reach) = (random.size(1...9), random.size(1...70), random.size(0...4))
            var (room, means) = ([Float](repeating: 0, count: width + 2 * reach), random.values(width + 3))
            kernels.window_means(
                random.values(height * width), Int32(height), Int32(width), Int32(random.size(0...height - 1)),
                Int32(reach), &room, &means)
            return means
        }
    }

    @Test(arguments: KernelComparison.all)
    func stayingNearIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let count = random.size(1...300)
            let estimate = random.values(count)
            /// Equal, nearly so, or another.
            func beside(_ values: [Float]) -> [Float] {
                values.map { $0 + [0, random.value(-0.002...0.002), random.value()][random.size(0...2)] }
            }
            let (gif, before) = (beside(estimate), beside(estimate))
            let shown = beside(before)
            var how = ck_stay(strength: 0.8, scale: random.value(0.5...2), same: 1.0 / 1024)
            var target = random.values(count + 3)
            kernels.stay_near(
                estimate, gif, before, shown, random.values(count, 0...0.2), random.values(count, 0...0.1), &how, count,
                &target)
            return target
        }
    }

    @Test(arguments: KernelComparison.all)
    func smallerAndLargerMapsAreThoseOfTheScalarKernels(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-6) { kernels, random in
            let (height, width) = (random.size(1...19), random.size(1...90))
            let (rows, columns) = ((height + 3) / 4, (width + 3) / 4)
            let factor = [2, 4][random.size(0...1)]
            let (low, narrow) = ((height + factor - 1) / factor, (width + factor - 1) / factor)
            var (room, small) = ([Float](repeating: 0, count: width + 3), random.values(columns + 3))
            kernels.shrink_by_4(
                random.values(height * width), Int32(height), Int32(width), Int32(random.size(0...rows - 1)), &room,
                &small)
            var large = random.values(width + 3)
            kernels.enlarge(
                random.values(low * narrow), Int32(low), Int32(narrow), Int32(factor),
                Int32(random.size(0...height - 1)), Int32(width), &room, &large)
            return small + large
        }
    }
}
