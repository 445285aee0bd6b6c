import CAllocations
import PixelKernels
import TestSupport
import Testing
import Threads

@testable import Inference

/// A frame never waits for the system's memory.
@Suite(.enabled(if: callocations_counts(), "a sanitizer has an allocator of its own")) struct AllocationTests {
    /// OpenBLAS allocates by itself.
    @Test(arguments: Kernels.all.filter { $0.products == .own })
    func forwardAllocatesNothing(kernels: Kernels) throws {
        let fixture = try Fixture("unets", in: .module)
        let pool = WorkerPool(concurrency: 1)
        for test in try fixture.cases(as: UNetTests.Case.self) {
            let net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).", kernels: kernels)
            let (height, width) = (131, 166)
            // With the first Swift finds out about its types.
            let states = (0..<2).map { _ in net.makeState(height: height, width: width, workers: 1) }
            // Two places that move, as nothing is what it was the frame before.
            let changes = (0..<6).map { round in
                var region = Region(height: height, width: width)
                region.insert(rows: 9 * round..<9 * round + 12, columns: 20 * round..<20 * round + 30)
                region.insert(rows: 110..<125, columns: 7 * round..<60)
                return region
            }
            let needs = changes.map { $0.grown(by: 24) }
            let counts = states.map { state in
                let before = callocations_of_thread()
                net.forward(state, on: pool)
                for round in changes.indices {
                    net.forward(state, changed: changes[round], needed: needs[round], on: pool)
                }
                return callocations_of_thread() - before
            }
            #expect(counts[1] == 0, "\(test.name)")
        }
    }

    /// Several threads take one object for each loop that they share: what keeps the caller's closure.
    @Test func aSharedLoopTakesOneObject() {
        let pool = WorkerPool(concurrency: 2)
        let sums = UnsafeMutablePointer<Int>.allocate(capacity: 64)
        sums.initialize(repeating: 0, count: 64)
        defer { sums.deallocate() }
        func loops(_ count: Int) -> Int {
            let before = callocations_of_thread()
            for _ in 0..<count { pool.forEach(64) { sums[$0] += $0 } }
            return callocations_of_thread() - before
        }
        _ = loops(100)
        #expect(loops(1000) <= 1000 + 8)
        #expect((0..<64).allSatisfy { sums[$0] == 1100 * $0 })
    }
}
