import CKernels
import Foundation
import PixelKernels
import TestSupport
import Testing

@Suite struct KernelsTests {
    @Test func aLowerLevelCanBeForced() {
        #expect(Kernels(atMost: .reference).name == "reference")
        let processor = ck_processor()
        let best =
            processor & UInt32(CK_AVX512) != 0 ? "avx512" : processor & UInt32(CK_AVX2) != 0 ? "avx2" : "reference"
        #expect(Kernels().name == best)
    }

    @Test(arguments: Kernels.Level.allCases)
    func tanhIsAccurate(level: Kernels.Level) {
        let inputs = (-4000...4000).map { Float($0) / 400 } + [-100, 100, -.infinity, .infinity, 1e-20]
        var values = inputs
        let table = Kernels(atMost: level).table
        values.withUnsafeMutableBufferPointer { table.tanh($0.baseAddress, $0.count) }
        #expect(maximumError(values, inputs.map { Foundation.tanh($0) }) <= 4e-7)
    }
}
