import CKernels
import TestSupport
import Testing

/// Conversions of pixels to and from bytes, and the scaling of rows, beside the scalar kernels.
@Suite struct ByteKernelTests {
    @Test(arguments: KernelComparison.all)
    func bytesBecomePlanesAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let count = random.size(1...700)
            let plane = count + random.size(0...5)
            var target = random.values(3 * plane)
            kernels.rgba_to_planar(random.bytes(4 * count), count, &target, plane)
            return target
        }
    }

    @Test(arguments: KernelComparison.all)
    func planesBecomeBytesAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            let count = random.size(1...700)
            let plane = count + random.size(0...5)
            var source = random.values(3 * plane, -1.2...1.2)
            for special in [Float.nan, .infinity, -.infinity] { source[random.size(0...3 * plane - 1)] = special }
            var pixels = random.bytes(4 * count)
            kernels.planar_to_rgba(source, plane, count, &pixels)
            return pixels
        }
    }

    @Test(arguments: KernelComparison.all)
    func rgbIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            let count = random.size(1...700)
            var target = random.bytes(3 * count + 3)
            kernels.rgba_to_rgb(random.bytes(4 * count), count, &target)
            return target
        }
    }

    @Test(arguments: KernelComparison.all)
    func yuv444IsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            let count = random.size(1...1300)
            var (luma, cb, cr) = (random.bytes(count + 3), random.bytes(count + 3), random.bytes(count + 3))
            kernels.rgba_to_444(random.bytes(4 * count), count, &luma, &cb, &cr)
            return luma + cb + cr
        }
    }

    @Test(arguments: KernelComparison.all)
    func yuyvIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            let count = 2 * random.size(1...650)
            var target = random.bytes(2 * count + 3)
            kernels.rgba_to_yuyv(random.bytes(4 * count), count, &target)
            return target
        }
    }

    @Test(arguments: KernelComparison.all, [1, 2])
    func yuv420IsThatOfTheScalarKernel(comparison: KernelComparison, step: Int) {
        comparison.compareBytes { kernels, random in
            let width = 2 * random.size(1...650)
            var (top, bottom) = (random.bytes(width + 3), random.bytes(width + 3))
            var (cb, cr) = (random.bytes(width / 2 * step + 3), random.bytes(width / 2 * step + 3))
            kernels.rgba_to_420(
                random.bytes(4 * width), random.bytes(4 * width), width, &top, &bottom, &cb, &cr, step)
            return top + bottom + cb + cr
        }
    }

    @Test(arguments: KernelComparison.all)
    func premultipliedPixelsAreThoseOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let count = random.size(1...300)
            var row = random.values(4 * count + 3)
            kernels.premultiply(random.bytes(4 * count), count, &row)
            return row
        }
    }

    @Test(arguments: KernelComparison.all)
    func columnsAreMixedAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let (width, count) = (random.size(5...200), random.size(1...300))
            let taps = random.size(1...5)
            let first = (0..<count).map { _ in Int32(random.size(0...width - taps)) }
            var target = random.values(4 * count + 3)
            kernels.mix_columns(
                random.values(4 * width, 0...255), Int32(taps), first, random.values(taps * count), count, &target)
            return target
        }
    }

    @Test(arguments: KernelComparison.all)
    func rowsAreMixedAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compareBytes { kernels, random in
            let (count, taps) = (random.size(1...150), random.size(1...5))
            let stride = 4 * count + random.size(0...7)
            var pixels = random.bytes(4 * count + 3)
            kernels.mix_rows(
                random.values(stride * taps, 0...255), stride, Int32(taps), random.values(taps, -0.2...0.8), count,
                &pixels)
            return pixels
        }
    }
}
