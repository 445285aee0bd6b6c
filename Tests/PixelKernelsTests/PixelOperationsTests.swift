import PixelKernels
import TestSupport
import Testing
import Threads

@Suite struct PixelOperationsTests {
    private static let levels = Kernels.Level.allCases

    private func operations(_ level: Kernels.Level) -> PixelOperations {
        PixelOperations(on: WorkerPool(concurrency: 2), kernels: Kernels(atMost: level))
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
            func isInside(_ at: Int) -> Bool { region[at % shape.plane / 41].contains(at % 41) }
            var largest: Float = 0
            for at in 0..<shape.count {
                let isInside = isInside(at)
                let (a, b) = (before[at], after[at])
                if made[at] != (isInside ? b : a) || sums[at] != (isInside ? b - a : a) {
                    Issue.record("value \(at)")
                }
                if isInside { largest = max(largest, abs(a)) }
            }
            copied.view.copy(from: new.view)
            copied.view.copy(from: old.view, outside: region)
            #expect(copied.array == old.array.enumerated().map { isInside($0) ? after[$0] : $1 })
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
