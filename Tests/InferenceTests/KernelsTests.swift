import CKernels
import Foundation
import TestSupport
import Testing
import Threads

@testable import Inference

@Suite struct KernelsTests {
    @Test func aLowerLevelCanBeForced() {
        #expect(Kernels(atMost: .reference).name == "reference")
        #expect(Kernels().name == (ck_processor() & UInt32(CK_AVX2) == 0 ? "reference" : "avx2"))
    }

    @Test(arguments: Kernels.Level.allCases)
    func tanhIsAccurate(level: Kernels.Level) {
        let inputs = (-4000...4000).map { Float($0) / 400 } + [-100, 100, -.infinity, .infinity, 1e-20]
        var values = inputs
        let table = Kernels(atMost: level).table
        values.withUnsafeMutableBufferPointer { table.tanh($0.baseAddress, $0.count) }
        #expect(maximumError(values, inputs.map { Foundation.tanh($0) }) <= 4e-7)
    }

    /// All levels are the same arithmetic: not a bit differs, at any length and size.
    @Test(arguments: [(1, 1), (1, 2), (3, 1), (2, 7), (9, 8), (13, 31), (37, 65)])
    func levelsAgree(height: Int, width: Int) throws {
        let results = Kernels.Level.allCases.map { everyKernel(Kernels(atMost: $0), height, width) }
        for (index, (reference, other)) in zip(results[0], results[1]).enumerated() {
            #expect(reference.array == other.array, "kernel \(index)")
        }
    }

    private func everyKernel(_ kernels: Kernels, _ height: Int, _ width: Int) -> [Tensor] {
        let execution = Execution(
            kernels: kernels.table, workspace: Workspace(workers: 1, need: ScratchNeed()),
            pool: WorkerPool(concurrency: 1))
        let operations = PixelOperations(on: execution.pool, kernels: kernels)
        let image = Tensor.random(TensorShape(3, height, width), seed: "image")
        let gif = Tensor.random(TensorShape(3, height, width), seed: "gif")
        let four = Tensor.random(TensorShape(4, height, width), seed: "four")
        var results: [Tensor] = []
        func result(_ channels: Int, _ height: Int, _ width: Int, _ body: (TensorView) -> Void) {
            results.append(Tensor.random(TensorShape(channels, height, width), seed: "result"))
            body(results[results.count - 1].view)
        }
        for (size, stride) in [(1, 1), (3, 1), (3, 2), (5, 1), (7, 3)] {
            let pixels = ((height - 1) / stride + 1) * ((width - 1) / stride + 1)
            result(3 * size * size, 1, (pixels + 1) / 2) { columns in
                kernels.table.im2col(
                    image.view.pointer, 3, Int32(height), Int32(width), Int32(size), Int32(stride), pixels / 2,
                    (pixels + 1) / 2, columns.pointer)
            }
        }
        result(3, height, width) { values in
            kernels.table.bias_leaky_relu(values.pointer, height * width, 3, height * width, [0.5, -0.25, 0], 0.1)
        }
        if height > 1 && width > 1 {
            result(3, height / 2, width / 2) { Resampling.averagePool(image.view, into: $0, execution) }
        }
        result(3, 2 * height + 1, 2 * width + 1) { Resampling.upsampleBilinear(image.view, into: $0, execution) }
        result(3, 2 * height, 2 * width) { Resampling.upsampleNearest(image.view, addingTo: $0, execution) }
        result(12, (height + 1) / 2, (width + 1) / 2) { Resampling.pixelUnshuffle(image.view, into: $0, execution) }
        result(1, 2 * height, 2 * width - 1) { Resampling.pixelShuffle(four.view, into: $0, execution) }
        result(3, height, width) { operations.scaledSum(0.3, image.view, 0.7, gif.view, into: $0) }
        result(3, height, width) { operations.tanh($0) }
        result(3, height, width) { operations.clamp($0, to: -0.5...0.5) }
        result(3, height, width) { operations.backwarp(image.view, by: gif[0..<2], scale: 9, into: $0) }
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
