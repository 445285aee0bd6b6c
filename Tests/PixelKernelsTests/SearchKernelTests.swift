import CKernels
import CScalarKernels
import TestSupport
import Testing

/// The kernels of the dense inverse search, beside the scalar ones.
@Suite struct SearchKernelTests {
    private static let margin = Int(CK_PATCH) + 1

    /// Two smooth frames with a margin on all sides, the second one moved by some pixels and a little noisy.
    private struct Pair {
        let (height, width): (Int, Int)
        let (rows, columns): (Int, Int)
        var stride: Int { width + 2 * SearchKernelTests.margin }
        var frames: [[Float]]
        var from: [Float]

        init(_ random: inout SplitMix64) {
            let (height, width) = (random.size(8...40), random.size(8...60))
            (self.height, self.width) = (height, width)
            func count(_ length: Int) -> Int {
                (length - Int(CK_PATCH) + Int(CK_PATCH_STEP) - 1) / Int(CK_PATCH_STEP) + 1
            }
            (rows, columns) = (count(height), count(width))
            let way = (x: random.value(-6...6), y: random.value(-6...6))
            let (a, b) = (random.value(0.1...0.6), random.value(0.1...0.6))
            func wave(_ x: Float, _ y: Float) -> Float {
                let place = (x * a - y * b).remainder(dividingBy: 7) * (x * b + y * a).remainder(dividingBy: 9)
                return 128 + 3 * place
            }
            let margin = SearchKernelTests.margin
            frames = [Float(0), 1].map { share in
                (-margin..<height + margin).flatMap { y in
                    (-margin..<width + margin).map { x in
                        wave(Float(x) - share * way.x, Float(y) - share * way.y)
                    }
                }
            }
            for index in frames[1].indices { frames[1][index] += random.value(-2...2) }
            from = random.values(2 * rows * columns, -3...3)
        }

        /// The flows that a kernel finds for a part of each row of patches, and the part of the map that it makes of them.
        mutating func found(_ kernels: ck_kernels, _ random: inout SplitMix64) -> [Float] {
            let part = random.part(of: columns)
            var to = from
            var target = [Float](repeating: 0, count: 2 * height * width)
            var sums = [Float](repeating: 0, count: 3 * width)
            let start = SearchKernelTests.margin * stride + SearchKernelTests.margin
            frames[0].withUnsafeBufferPointer { first in
                frames[1].withUnsafeBufferPointer { second in
                    from.withUnsafeBufferPointer { from in
                        to.withUnsafeMutableBufferPointer { to in
                            var search = ck_search(
                                first: first.baseAddress.map { $0 + start },
                                second: second.baseAddress.map { $0 + start }, stride: stride, height: Int32(height),
                                width: Int32(width), from: from.baseAddress, to: to.baseAddress, rows: Int32(rows),
                                columns: Int32(columns))
                            let (column, count) = (Int32(part.lowerBound), Int32(part.count))
                            for row in 0..<rows { kernels.search_patches(&search, Int32(row), column, count) }
                            for y in 0..<height {
                                kernels.spread_patches(&search, Int32(y), column, count, &sums, &target)
                            }
                        }
                    }
                }
            }
            return to + target
        }
    }

    @Test(arguments: KernelComparison.all)
    func flowsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(times: 30) { kernels, random in
            var pair = Pair(&random)
            return pair.found(kernels, &random)
        }
    }

    @Test(arguments: KernelComparison.all)
    func halvedMapsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(tolerance: 1e-6) { kernels, random in
            let (height, width) = (random.size(1...20), random.size(1...90))
            let map = random.values(height * width)
            var target = [Float](repeating: 0, count: (width + 1) / 2)
            kernels.halve(map, Int32(height), Int32(width), Int32(random.size(0...(height - 1) / 2)), &target)
            return target
        }
    }
}
