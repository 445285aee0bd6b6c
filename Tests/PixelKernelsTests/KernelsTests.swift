import CKernels
import PixelKernels
import Testing

@Suite struct KernelsTests {
    @Test func aLowerLevelCanBeForced() {
        #expect(Kernels(atMost: .baseline).name == "baseline")
        let processor = ck_processor()
        let best =
            processor & UInt32(CK_AVX512) != 0 ? "avx512" : processor & UInt32(CK_AVX2) != 0 ? "avx2" : "baseline"
        #expect(Kernels().name == best)
    }

    @Test func theBaselineKeepsItsEarlierName() {
        #expect(Kernels.Level(name: "baseline") == .baseline && Kernels.Level(name: "reference") == .baseline)
        #expect(Kernels.Level(name: "avx2") == .avx2 && Kernels.Level(name: "scalar") == nil)
    }
}
