import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Restoration

extension TemporalFilter.Filtering {
    /// As what ships filters dithered GIFs.
    fileprivate static let dithered = Self(
        strength: 0.8, scales: 0.75...1.35, scaleOfNoise: 5, mostNoise: 0.8)
}

@Suite struct TemporalFilterTests {
    private let pool = WorkerPool(concurrency: 2)
    private let size = (height: 37, width: 45)

    private func map(_ value: (_ channel: Int, _ y: Int, _ x: Int) -> Float) -> Tensor {
        let map = Tensor(3, size.height, size.width)
        map.withUnsafeMutableBufferPointer { values in
            for channel in 0..<3 {
                for y in 0..<size.height {
                    for x in 0..<size.width {
                        values[(channel * size.height + y) * size.width + x] = value(channel, y, x)
                    }
                }
            }
        }
        return map
    }

    private func filtered(
        _ estimate: Tensor, gif: Tensor, pastEstimate: Tensor, pastRestored: Tensor,
        how: TemporalFilter.Filtering = .dithered
    ) -> [Float] {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let result = Tensor(3, height, width)
        TemporalFilter(height: height, width: width).apply(
            to: estimate.view, gif: gif.view,
            past: TemporalFilter.Past(estimate: pastEstimate.view, restored: pastRestored.view), how: how,
            into: result.view, on: pool)
        return result.array
    }

    /// The mean of |a - b| over the channels and the window around a pixel, the edge repeated.
    private func mean(_ a: [Float], _ b: [Float], _ y: Int, _ x: Int, height: Int, width: Int) -> Float {
        var sum: Float = 0
        for line in y - 3...y + 3 {
            for column in x - 3...x + 3 {
                for channel in 0..<3 {
                    let row = channel * height + min(max(line, 0), height - 1)
                    let at = row * width + min(max(column, 0), width - 1)
                    sum += abs(a[at] - b[at])
                }
            }
        }
        return sum / (3 * 49)
    }

    /// The scale that follows from what is stillest, by one loop; 1 where there are few blocks.
    private func scale(_ i: [Float], _ g: [Float], _ r: [Float], _ before: [Float], height: Int, width: Int) -> Float {
        var ratios: [Float] = []
        for top in stride(from: 0, through: height - 8, by: 8) {
            for left in stride(from: 0, through: width - 8, by: 8) {
                let places = (0..<3).flatMap { channel in
                    (0..<64).map { (channel * height + top + $0 / 8) * width + left + $0 % 8 }
                }
                func sum(_ a: [Float], _ b: [Float]) -> Float { places.map { abs(a[$0] - b[$0]) }.reduce(0, +) }
                if sum(i, before) > 3 * 64 * TemporalFilter.tolerance { ratios.append(sum(i, r) / sum(g, i)) }
            }
        }
        guard ratios.count >= 32 else { return 1 }
        return min(max(5 * ratios.sorted()[(ratios.count - 1) / 20], 0.75), 1.35)
    }

    @Test(arguments: [(1, 1), (2, 9), (37, 45), (16, 8), (64, 72)]) func itIsTheFormula(height: Int, width: Int) {
        var random = SplitMix64(seed: 4)
        func noisy(_ spread: Float) -> Tensor {
            let map = Tensor(3, height, width)
            map.withUnsafeMutableBufferPointer { values in
                for at in values.indices {
                    values[at] = Float(at % 31) / 31 + Float.random(in: -spread...spread, using: &random)
                }
            }
            return map
        }
        let (estimate, gif, before, shown) = (noisy(0.02), noisy(0.11), noisy(0.02), noisy(0.02))
        let result = filtered(estimate, gif: gif, pastEstimate: before, pastRestored: shown)
        let (i, g, b, r) = (estimate.array, gif.array, before.array, shown.array)
        let scale = scale(i, g, r, b, height: height, width: width)
        #expect(height < 64 || (scale > 0.75 && scale < 1.35 && scale != 1))
        var moved = 0
        for channel in 0..<3 {
            for y in 0..<height {
                for x in 0..<width {
                    let at = (channel * height + y) * width + x
                    let d = mean(i, r, y, x, height: height, width: width)
                    let q = mean(g, i, y, x, height: height, width: width)
                    let near = max(1 - (d / q / scale) * (d / q / scale) / 4, 0)
                    let change = 0.8 * near * near * near * near * (i[at] - r[at])
                    let smoothed = i[at] - min(max(change, -q), q)
                    let held = min(max(r[at], i[at] - q), i[at] + q)
                    func share(_ difference: Float) -> Float {
                        min(max(abs(difference) / TemporalFilter.tolerance - 1, 0), 1)
                    }
                    let kept = held + share(i[at] - b[at]) * (smoothed - held)
                    let isHeld = share(i[at] - b[at]) == 0 && share(i[at] - g[at]) > 0
                    let expected = isHeld ? held : i[at] + share(i[at] - g[at]) * (kept - i[at])
                    #expect(abs(result[at] - expected) < 1e-5)
                    if abs(result[at] - i[at]) > 1e-3 { moved += 1 }
                }
            }
        }
        #expect(moved > height * width / 2)
    }

    @Test func errorsOfStillFramesAreAveraged() {
        var random = SplitMix64(seed: 7)
        let truth = map { channel, y, x in Float(channel + y + x) / 100 }
        func frame(_ spread: Float) -> Tensor {
            let frame = Tensor(3, size.height, size.width)
            frame.withUnsafeMutableBufferPointer { values in
                for (at, value) in truth.array.enumerated() {
                    values[at] = value + Float.random(in: -spread...spread, using: &random)
                }
            }
            return frame
        }
        func error(_ values: [Float]) -> Float {
            zip(values, truth.array).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        }
        var (before, shown) = (frame(0.02), frame(0.02))
        var flicker: (plain: Float, filtered: Float) = (0, 0)
        for _ in 0..<6 {
            let (estimate, gif, restored) = (frame(0.02), frame(0.1), Tensor(3, size.height, size.width))
            let values = filtered(estimate, gif: gif, pastEstimate: before, pastRestored: shown)
            restored.withUnsafeMutableBufferPointer { target in
                for (at, value) in values.enumerated() { target[at] = value }
            }
            flicker.plain += zip(estimate.array, before.array).map { abs($0 - $1) }.reduce(0, +)
            flicker.filtered += zip(values, shown.array).map { abs($0 - $1) }.reduce(0, +)
            (before, shown) = (estimate, restored)
        }
        #expect(error(shown.array) < 0.6 * error(before.array))
        #expect(flicker.filtered < 0.6 * flicker.plain)
    }

    @Test func whatMovesIsLeftToTheNetwork() {
        let estimate = map { _, _, x in x < 20 ? -0.5 : 0.5 }
        let shown = map { _, _, x in x < 26 ? -0.5 : 0.5 }
        let gif = map { _, y, x in (x < 20 ? -0.5 : 0.5) + ((x + y) % 2 == 0 ? 0.03 : -0.03) }
        let result = filtered(estimate, gif: gif, pastEstimate: shown, pastRestored: shown)
        for (at, value) in result.enumerated() where (20..<26).contains(at % size.width) {
            #expect(value == estimate.array[at])
        }
    }

    @Test func nothingMovesFartherThanAnErrorIs() {
        let estimate = map { channel, y, x in Float((channel + 3 * y + x) % 5) / 50 }
        // One pixel differs by much: its surroundings say that nothing moved.
        let shown = map { channel, y, x in
            Float((channel + 3 * y + x) % 5) / 50 + ((y, x) == (20, 20) ? 0.6 : 0)
        }
        let gif = map { channel, y, x in Float((channel + 3 * y + x) % 5) / 50 + 0.04 }
        let result = filtered(estimate, gif: gif, pastEstimate: shown, pastRestored: shown)
        let furthest = zip(result, estimate.array).map { abs($0 - $1) }.max() ?? 0
        #expect(furthest > 0.01 && furthest < 0.0401)
    }

    @Test func aPictureThatStaysIsTheSameToTheBit() {
        var random = SplitMix64(seed: 9)
        let estimate = map { _, _, _ in Float.random(in: -0.9...0.9, using: &random) }
        // Some nearly as in the GIF: those count in part.
        let gif = map { channel, y, x in
            estimate.array[(channel * size.height + y) * size.width + x]
                + (x < 20 ? 0.0015 : Float.random(in: 0.02...0.1, using: &random))
        }
        let shown = map { channel, y, x in estimate.array[(channel * size.height + y) * size.width + x] + 0.0007 }
        // In the right half something moves.
        let moving = map { channel, y, x in
            estimate.array[(channel * size.height + y) * size.width + x] + (x > 40 && y > 30 ? 0.1 : 0)
        }
        let restored = filtered(estimate, gif: gif, pastEstimate: moving, pastRestored: shown)
        for (at, value) in restored.enumerated() where at % size.width <= 40 {
            #expect(value == shown.array[at])
        }
    }

    @Test func exactColorsStayAndWhatIsTheSameStaysTheSame() {
        let estimate = map { _, y, x in Float((y * x) % 7) / 20 }
        let shown = map { _, y, x in Float((y * x) % 7) / 20 + 0.004 }
        let gif = map { _, y, x in Float((y * x) % 7) / 20 + (x < 10 ? 0 : 0.03) }
        let moving = map { _, y, x in Float((y * x) % 7) / 20 + (x < 30 ? 0.003 : 0) }
        let result = filtered(estimate, gif: gif, pastEstimate: moving, pastRestored: shown)
        for (at, value) in result.enumerated() {
            switch at % size.width {
            case ..<10: #expect(value == estimate.array[at])
            case 30...: #expect(value == shown.array[at])
            default: #expect(value != estimate.array[at] && value != shown.array[at])
            }
        }
    }
}
