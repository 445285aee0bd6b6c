import PixelKernels
import Synchronization
import Testing

@testable import Inference

@Suite struct ExecutionTests {
    @Test func subnormalNumbersAreZeroWhileALayerRuns() {
        let tiny = [Float.leastNonzeroMagnitude * 4]
        func half() -> Float { tiny.map { $0 * 0.5 }[0] }
        #expect(half() > 0)
        let inside = Mutex<[Float]>([])
        Execution(Kernels.best).forEach(4) { _ in
            let value = half()
            inside.withLock { $0.append(value) }
        }
        #expect(inside.withLock { $0 } == [0, 0, 0, 0])
        #expect(half() > 0)
    }
}
