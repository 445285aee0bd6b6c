import PixelKernels
import Restoration
import Threads

/// One of the operations on pixels, on a picture of noise.
struct PixelSubject: Subject {
    private let body: () -> Void

    init(_ command: Benchmarks.Command) throws {
        let (height, width) = (try command.need(command.height, "height"), try command.need(command.width, "width"))
        let operations = PixelOperations(on: command.pool, kernels: command.kernels)
        var random = SystemRandomNumberGenerator()
        func tensor(_ channels: Int, around center: Tensor? = nil, _ range: ClosedRange<Float> = -1...1) -> Tensor {
            let tensor = Tensor(channels, height, width)
            tensor.withUnsafeMutableBufferPointer { values in
                for index in values.indices { values[index] = Float.random(in: range, using: &random) }
            }
            if let center {
                operations.scaledSum(1, tensor.view, 1, center.view, into: tensor.view)
            }
            return tensor
        }
        let (image, target, flow) = (tensor(3), tensor(3), tensor(2))
        let colors = (0..<256).map { _ in (0..<3).map { _ in UInt8.random(in: 0...255, using: &random) } }
        let table = PaletteTable([colors.flatMap { $0 }])
        let ids = [UInt16](repeating: 0, count: height * width)
        switch try command.need(command.prefix, "prefix") {
        case "nearest colors, anywhere":
            body = {
                ids.withUnsafeBufferPointer { operations.nearestColors(image.view, table, ids: $0, into: target.view) }
            }
        case "nearest colors, near a palette color":
            // Like CCDNet's estimates: the palette's colors, moved a little.
            let gif = Tensor(3, height, width)
            gif.withUnsafeMutableBufferPointer { values in
                for pixel in 0..<height * width {
                    let color = colors[Int.random(in: 0..<256, using: &random)]
                    for channel in 0..<3 {
                        values[channel * height * width + pixel] = Float(color[channel]) / 127.5 - 1
                    }
                }
            }
            let estimate = tensor(3, around: gif, -0.03...0.03)
            let radius = tensor(1, 0.04...0.08)
            body = {
                ids.withUnsafeBufferPointer {
                    operations.nearestColors(
                        estimate.view, table, ids: $0, near: .init(gif: gif.view, radius: radius.view),
                        into: target.view)
                }
            }
        case "backwarp": body = { operations.backwarp(image.view, by: flow.view, scale: 20, into: target.view) }
        case "synthesis":
            let (second, visibility) = (tensor(3), tensor(1))
            body = {
                operations.synthesize(
                    image.view, second.view, visibility: visibility.view, t: 0.5, into: target.view)
            }
        case "tanh": body = { operations.tanh(image.view) }
        case "from bytes":
            let bytes = [UInt8](repeating: 77, count: 4 * height * width)
            body = { bytes.withUnsafeBufferPointer { operations.load(rgba: $0, into: target.view) } }
        case "to bytes":
            let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4 * height * width)
            bytes.initialize(repeating: 0)
            body = { operations.store(image.view, intoRGBA: bytes) }
        case let name: throw BenchmarkError("no operation \(name)")
        }
    }

    func run() { body() }
    func writeOutput(to path: String) throws {}
}
