import CKernels
import TestSupport
import Testing

/// The ways between planes and maps, and the layers without weights, beside the scalar kernels.
@Suite struct MapKernelTests {
    @Test(arguments: KernelComparison.all)
    func planesBecomeMapsAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let lanes = Int(kernels.lanes)
            let (channels, height, width) = (random.size(1...40), random.size(1...9), random.size(1...45))
            let planes = random.values(channels * height * width)
            let target = RandomMap(
                (channels + lanes - 1) / lanes, height + 3, width + 5, margin: 1, lanes: lanes, &random)
            let (rows, columns) = (random.part(of: height + 3), random.part(of: width + 5))
            kernels.to_map(
                planes, Int32(channels), Int32(height), Int32(width), &target.map, Int32(rows.lowerBound),
                Int32(rows.count), Int32(columns.lowerBound), Int32(columns.count))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func mapsBecomePlanesAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let lanes = Int(kernels.lanes)
            let (channels, height, width) = (random.size(1...40), random.size(1...9), random.size(1...45))
            let source = RandomMap((channels + lanes - 1) / lanes, height, width + 5, lanes: lanes, &random)
            var planes = random.values(channels * height * width)
            let (rows, columns) = (random.part(of: height), random.part(of: width + 5))
            kernels.from_map(
                &source.map, Int32(channels), &planes, Int32(height), Int32(width), Int32(rows.lowerBound),
                Int32(rows.count), Int32(columns.lowerBound), Int32(columns.count))
            return planes
        }
    }

    @Test(arguments: KernelComparison.all)
    func pixelsAreUnshuffledAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let lanes = Int(kernels.lanes)
            let (channels, height, width) = (random.size(1...13), random.size(1...9), random.size(1...90))
            let (rows, columns) = ((height + 1) / 2 + 2, (width + 1) / 2 + 3)
            let planes = random.values(channels * height * width)
            let target = RandomMap((4 * channels + lanes - 1) / lanes, rows, columns, margin: 1, lanes: lanes, &random)
            let (down, across) = (random.part(of: rows), random.part(of: columns))
            kernels.unshuffle_to_map(
                planes, Int32(channels), Int32(height), Int32(width), &target.map, Int32(down.lowerBound),
                Int32(down.count), Int32(across.lowerBound), Int32(across.count))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func pixelsAreShuffledAsInTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let lanes = Int(kernels.lanes)
            let (channels, height, width) = (random.size(1...13), random.size(1...9), random.size(1...90))
            let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
            let source = RandomMap((4 * channels + lanes - 1) / lanes, rows, columns, lanes: lanes, &random)
            var planes = random.values(channels * height * width)
            let (down, across) = (random.part(of: rows), random.part(of: columns))
            kernels.shuffle_from_map(
                &source.map, Int32(channels), &planes, Int32(height), Int32(width), Int32(down.lowerBound),
                Int32(down.count), Int32(across.lowerBound), Int32(across.count))
            return planes
        }
    }

    @Test(arguments: KernelComparison.all)
    func poolingIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let (lanes, blocks) = (Int(kernels.lanes), random.size(1...3))
            let (height, width) = (random.size(2...19), random.size(2...37))
            let source = RandomMap(blocks, height, width, lanes: lanes, &random)
            let target = RandomMap(blocks, height / 2, width / 2, margin: 1, lanes: lanes, &random)
            let rows = random.part(of: height / 2)
            kernels.average_pool(&source.map, &target.map, Int32(rows.lowerBound), Int32(rows.count))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func bilinearUpsamplingIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let (lanes, blocks) = (Int(kernels.lanes), random.size(1...3))
            let (height, width) = (random.size(1...11), random.size(1...23))
            let source = RandomMap(blocks, height, width, lanes: lanes, &random)
            let target = RandomMap(blocks, 2 * height + 1, 2 * width + 1, margin: 1, lanes: lanes, &random)
            let rows = random.part(of: 2 * height)
            kernels.upsample_bilinear(&source.map, &target.map, Int32(rows.lowerBound), Int32(rows.count))
            return target.array
        }
    }

    @Test(arguments: KernelComparison.all)
    func nearestUpsamplingIsThatOfTheScalarKernel(comparison: KernelComparison) {
        comparison.compare { kernels, random in
            let (lanes, blocks) = (Int(kernels.lanes), random.size(1...3))
            let (height, width) = (random.size(1...15), random.size(1...31))
            let source = RandomMap(blocks, (height + 1) / 2, (width + 1) / 2, lanes: lanes, &random)
            let other = RandomMap(blocks, height, width, lanes: lanes, &random)
            let target = RandomMap(blocks, height, width, margin: 1, lanes: lanes, &random)
            let (rows, columns) = (random.part(of: height), random.part(of: width))
            kernels.upsample_nearest_add(
                &source.map, &other.map, &target.map, Int32(rows.lowerBound), Int32(rows.count),
                Int32(columns.lowerBound), Int32(columns.count))
            return target.array
        }
    }
}
