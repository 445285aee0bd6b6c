import CKernels
import Foundation
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct KernelsTests {
    @Test func aLowerLevelCanBeForced() {
        #expect(Kernels(atMost: .reference).name == "reference")
        let processor = ck_processor()
        let best =
            processor & UInt32(CK_AVX512) != 0 ? "avx512" : processor & UInt32(CK_AVX2) != 0 ? "avx2" : "reference"
        #expect(Kernels().name == best)
    }

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

    @Test(arguments: Kernels.Level.allCases)
    func tanhIsAccurate(level: Kernels.Level) {
        let inputs = (-4000...4000).map { Float($0) / 400 } + [-100, 100, -.infinity, .infinity, 1e-20]
        var values = inputs
        let table = Kernels(atMost: level).table
        values.withUnsafeMutableBufferPointer { table.tanh($0.baseAddress, $0.count) }
        #expect(maximumError(values, inputs.map { Foundation.tanh($0) }) <= 4e-7)
    }

    /// All levels do the pixel work and the layers without weights in the same arithmetic: not a bit differs, at any
    /// length and size.
    @Test(arguments: [(1, 1), (1, 2), (3, 1), (2, 7), (9, 8), (13, 31), (37, 65)])
    func levelsAgree(height: Int, width: Int) throws {
        let reference = everyKernel(Kernels(atMost: .reference), height, width)
        for level in Kernels.Level.allCases.dropFirst() {
            for (index, result) in everyKernel(Kernels(atMost: level), height, width).enumerated() {
                #expect(result.array == reference[index].array, "kernel \(index)")
            }
        }
    }

    private func everyKernel(_ kernels: Kernels, _ height: Int, _ width: Int) -> [Tensor] {
        let execution = Execution(kernels, workers: 1)
        let operations = PixelOperations(on: execution.pool, kernels: kernels)
        let image = Tensor.random(TensorShape(3, height, width), seed: "image")
        let gif = Tensor.random(TensorShape(3, height, width), seed: "gif")
        let four = Tensor.random(TensorShape(4, height, width), seed: "four")
        var results: [Tensor] = []
        func result(_ channels: Int, _ height: Int, _ width: Int, _ body: (TensorView) -> Void) {
            results.append(Tensor.random(TensorShape(channels, height, width), seed: "result"))
            body(results[results.count - 1].view)
        }
        /// A layer from some planes to a map, `target` holding random values before.
        func layer(
            _ source: Tensor, _ channels: Int, _ height: Int, _ width: Int,
            _ body: (BlockedView, BlockedView, Execution) -> Void
        ) {
            let target = BlockedTensor(
                Tensor.random(TensorShape(channels, height, width), seed: "result"), reach: 0, execution)
            body(BlockedTensor(source, reach: 0, execution).view, target.view, execution)
            results.append(target.planes(channels, execution))
        }
        if height > 1 && width > 1 {
            layer(image, 3, height / 2, width / 2) { FusedInput.pooled($0).make(in: $1, $2) }
        }
        layer(image, 3, 2 * height + 1, 2 * width + 1) { Resampling.upsampleBilinear($0, into: $1, $2) }
        layer(image, 3, 2 * height, 2 * width) { FusedInput.merged($0, plus: $1).make(in: $1, $2) }
        let (halfHeight, halfWidth) = ((height + 1) / 2, (width + 1) / 2)
        layer(image, 12, halfHeight, halfWidth) {
            FusedInput.unshuffled(image.view, height: halfHeight, width: halfWidth, lanes: kernels.lanes).make(
                in: $1, $2)
        }
        result(1, 2 * height, 2 * width - 1) {
            Resampling.store(BlockedTensor(four, reach: 0, execution).view, scale: 2, into: $0, execution)
        }
        result(3, height, width) { operations.scaledSum(0.3, image.view, 0.7, gif.view, into: $0) }
        result(3, height, width) { operations.tanh($0) }
        result(3, height, width) { operations.clamp($0, to: -0.5...0.5) }
        result(3, height, width) { operations.backwarp(image.view, by: gif[0..<2], scale: 9, into: $0) }
        let (rows, columns) = ((height + 3) / 4, (width + 3) / 4)
        result(3, rows, columns) { operations.shrinkByFour(image.view, into: $0) }
        let small = Tensor.random(TensorShape(3, rows, columns), seed: "small")
        result(3, height, width) { operations.enlargeByFour(small.view, into: $0) }
        result(1, height, width) { operations.windowMeans(of: image[0], into: $0) }
        let table = PaletteTable([48, 1, 200].map { Array((0..<3 * $0).map { UInt8(truncatingIfNeeded: $0 &* 89) }) })
        let ids = (0..<height * width).map { UInt16($0 / 70 % 3) }
        ids.withUnsafeBufferPointer { ids in
            result(3, height, width) { operations.nearestColors(image.view, table, ids: ids, into: $0) }
            result(3, height, width) { operations.projectToCells($0, gif: gif.view, table, ids: ids) }
        }
        result(3, height, width) {
            operations.synthesize(image.view, gif.view, visibility: four[0], t: 0.25, into: $0)
        }
        var bytes = [UInt8](repeating: 1, count: 4 * height * width)
        bytes.withUnsafeMutableBufferPointer { operations.store(image.view, intoRGBA: $0) }
        result(3, height, width) { planes in
            bytes.withUnsafeBufferPointer { operations.load(rgba: $0, into: planes) }
        }
        return results
    }
}
