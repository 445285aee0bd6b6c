import Foundation
import Inference
import PixelKernels
import Threads

/// Something to be timed.
protocol Subject {
    func run()
    /// The last run's result as float32, for comparison with the other contenders' results.
    func writeOutput(to path: String) throws
}

extension Benchmarks.Command {
    func need<T>(_ value: T?, _ name: String) throws -> T {
        guard let value else { throw BenchmarkError("\(command) without \(name)") }
        return value
    }

    var kernels: Kernels {
        Kernels(
            atMost: level.flatMap(Kernels.Level.init(rawValue:)),
            products: products.flatMap(Kernels.Products.init(rawValue:)))
    }
    var pool: WorkerPool { WorkerPool(concurrency: threads ?? 1) }

    func fill(_ tensor: Tensor) throws {
        guard let input else { return }
        let data = try Data(contentsOf: URL(fileURLWithPath: input))
        try tensor.withUnsafeMutableBufferPointer { values in
            guard data.count == values.count * 4 else { throw BenchmarkError("\(input): \(data.count) bytes") }
            data.withUnsafeBytes { UnsafeMutableRawBufferPointer(values).copyMemory(from: $0) }
        }
    }
}

/// A whole U-Net.
struct NetworkSubject: Subject {
    private let net: UNet
    private let state: UNetState
    private let pool: WorkerPool

    init(_ command: Benchmarks.Command) throws {
        let file = try ModelFile.load(try command.need(command.file, "file"))
        let threads = command.threads ?? 1
        net = try UNet(
            try command.need(command.unet, "unet"), weights: file.weights, prefix: command.prefix ?? "",
            kernels: command.kernels)
        state = net.makeState(
            height: try command.need(command.height, "height"), width: try command.need(command.width, "width"),
            workers: threads)
        pool = command.pool
        try command.fill(state.input)
    }

    func run() { net.forward(state, on: pool) }

    func writeOutput(to path: String) throws {
        let data = state.output.withUnsafeBufferPointer { Data(buffer: $0) }
        try data.write(to: URL(fileURLWithPath: path))
    }
}

/// One convolution, from map to map.
struct LayerSubject: Subject {
    private let layer: ConvolutionProbe
    private let pool: WorkerPool

    init(_ command: Benchmarks.Command) throws {
        let file = try ModelFile.load(try command.need(command.file, "file"))
        layer = try ConvolutionProbe(
            inputs: try command.need(command.inputs, "inputs"), outputs: try command.need(command.outputs, "outputs"),
            size: try command.need(command.size, "size"), height: try command.need(command.height, "height"),
            width: try command.need(command.width, "width"), weights: file.weights, name: command.prefix ?? "",
            kernels: command.kernels, workers: command.threads ?? 1)
        pool = command.pool
    }

    func run() { layer.run(on: pool) }
    func writeOutput(to path: String) throws {}
}
