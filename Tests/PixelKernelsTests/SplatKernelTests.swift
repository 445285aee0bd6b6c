import CKernels
import CScalarKernels
import TestSupport
import Testing

/// The kernel that moves pixels by a flow, beside the scalar one.
@Suite struct SplatKernelTests {
    @Test(arguments: KernelComparison.all)
    func sumsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare(times: 40, tolerance: 1e-5) { kernels, random in
            let (height, width) = (random.size(1...12), random.size(1...30))
            let (flow, weight) = (random.values(2 * height * width), random.values(height * width, 0...1))
            var sums = random.values(3 * height * width)
            // Some arrive outside of the map, or of the rows that are asked for.
            let scale = random.value(0...Float(height + 3))
            let targets = random.size(0...height - 1)..<height
            flow.withUnsafeBufferPointer { flow in
                weight.withUnsafeBufferPointer { weight in
                    sums.withUnsafeMutableBufferPointer { sums in
                        guard let flow = flow.baseAddress, let weight = weight.baseAddress, let sums = sums.baseAddress
                        else { return }
                        var splat = ck_splat(
                            height: Int32(height), width: Int32(width), flow: flow, weight: weight, scale: scale,
                            flow_factor: [1, -1][random.size(0...1)], weight_factor: random.value(0...1), sums: sums)
                        for row in 0..<height {
                            let first = random.size(0...width - 1)
                            kernels.splat(
                                &splat, Int32(row), Int32(first), Int32(random.size(0...width - first)),
                                Int32(targets.lowerBound), Int32(targets.upperBound))
                        }
                    }
                }
            }
            return sums
        }
    }

    /// A flow that is no number moves nothing into the map, and a huge one leads out of it.
    @Test(arguments: KernelComparison.all)
    func flowsThatLeadNowhereAddNothing(comparison: KernelComparison) {
        comparison.compare(times: 1) { kernels, _ in
            let flow: [Float] = [.nan, 1e30, -1e30, .infinity, 0, 0, 0, 0]
            var sums = [Float](repeating: 0, count: 3 * 4)
            flow.withUnsafeBufferPointer { flow in
                [Float](repeating: 1, count: 4).withUnsafeBufferPointer { weight in
                    sums.withUnsafeMutableBufferPointer { sums in
                        guard let flow = flow.baseAddress, let weight = weight.baseAddress, let sums = sums.baseAddress
                        else { return }
                        var splat = ck_splat(
                            height: 1, width: 4, flow: flow, weight: weight, scale: 1, flow_factor: 1,
                            weight_factor: 1, sums: sums)
                        kernels.splat(&splat, 0, 0, 4, 0, 1)
                    }
                }
            }
            #expect(sums.allSatisfy { $0 == 0 })
            return sums
        }
    }
}
