import CKernels
import CScalarKernels
import TestSupport
import Testing

/// The kernel that finds still pixels, beside the scalar one.
@Suite struct StillKernelTests {
    /// Two frames of which many pixels are equal or nearly so, as the GIF has them and restored, with limits that about half
    /// of the pixels keep.
    private struct Pair {
        let height: Int
        let width: Int
        var frames: [[UInt8]]
        var limits: ck_still

        init(_ random: inout SplitMix64) {
            (height, width) = (random.size(3...9), random.size(3...1100))
            let count = 4 * height * width
            frames = [random.bytes(count), random.bytes(count), random.bytes(count), random.bytes(count)]
            let spread = random.size(1...255)
            for byte in 0..<count {
                if frames[3][byte] % 2 == 0 { frames[1][byte] = frames[0][byte] }
                frames[2][byte] = UInt8(Int(frames[2][byte]) * spread / 255)
                frames[3][byte] = UInt8(clamping: Int(frames[2][byte]) + Int(frames[3][byte] % 16) - 8)
            }
            limits = ck_still(
                near: Int16(random.size(0...6)), calm: Int16(random.size(0...72)), share: Int16(random.size(0...100)),
                contrast: Int16(random.size(0...3 * spread)))
        }

        /// The flags of the whole picture, those of a random part of its inner pixels found by a kernel.
        mutating func flags(_ kernels: ck_kernels, _ random: inout SplitMix64) -> [UInt8] {
            var flags = random.bytes(height * width)
            let (rows, columns) = (random.part(of: height - 2), random.part(of: width - 2))
            frames[0].withUnsafeBufferPointer { gifA in
                frames[1].withUnsafeBufferPointer { gifB in
                    frames[2].withUnsafeBufferPointer { restoredA in
                        frames[3].withUnsafeBufferPointer { restoredB in
                            var pair = ck_pair(
                                gif_a: gifA.baseAddress, gif_b: gifB.baseAddress, restored_a: restoredA.baseAddress,
                                restored_b: restoredB.baseAddress)
                            kernels.find_still(
                                &pair, Int32(width), &limits, Int32(rows.lowerBound + 1), Int32(rows.count),
                                Int32(columns.lowerBound + 1), Int32(columns.count), &flags)
                        }
                    }
                }
            }
            return flags
        }
    }

    @Test(arguments: KernelComparison.all)
    func stillPixelsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            var pair = Pair(&random)
            return pair.flags(kernels, &random)
        }
    }

    /// A comparison tells something only where all four flags occur.
    @Test func thePairsHoldPixelsOfEveryKind() throws {
        let kernels = try #require(scalar_kernels(4)).pointee
        var random = SplitMix64(seed: 5)
        var counts = [0, 0, 0, 0]
        for _ in 0..<20 {
            var pair = Pair(&random)
            for flags in pair.flags(kernels, &random) where flags < 4 { counts[Int(flags)] += 1 }
        }
        #expect(counts.allSatisfy { $0 > 100 }, "\(counts)")
    }
}
