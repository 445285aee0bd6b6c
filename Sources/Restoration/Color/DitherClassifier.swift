import Glibc
public import Inference
import Media
import PixelKernels
import Threads

/// Tells dithered GIFs from others (section 5): convolutions over a frame and its gradients, and an average.
///
/// Immutable and shared between streams.
public struct DitherClassifier: Sendable {
    /// The header of the model file.
    struct Configuration: Decodable {
        /// Channels of the hidden convolutions; [64, 128, 256, 512] in the paper.
        let widths: [Int]
        /// One stride for each.
        let strides: [Int]
        let slope: Float?
        /// Gradients are counted in steps of the palette, and the palette radius is a further input. Not in the paper.
        let radius: Bool?
        /// Further inputs: how the first estimate of the network for dithered GIFs differs from the frame, in steps of
        /// the palette. Without dither a pixel's own color is the nearest to what was quantized, so the difference is
        /// small. Not in the paper.
        let estimate: Bool?
        /// The network says how much each place has to say. Not in the paper.
        let weighted: Bool?
    }

    private let stack: ConvolutionStack
    private let seesRadius: Bool
    /// Whether the logit depends on `estimate`.
    let seesEstimate: Bool
    private let isWeighted: Bool
    /// Of the network's answer: above it dithered.
    private let threshold: Float

    /// - Throws: `ModelError` when the file is no classifier or does not hold what its header says.
    public init(_ file: ModelFile) throws(ModelError) {
        guard file.architecture == "dither-classifier" else {
            throw ModelError(path: file.path, reason: "holds a \(file.architecture), expected a dither-classifier")
        }
        let configuration = try file.configuration(as: Configuration.self)
        guard !configuration.widths.isEmpty, configuration.widths.count == configuration.strides.count,
            configuration.widths.allSatisfy((1...4096).contains), configuration.strides.allSatisfy((1...2).contains)
        else {
            throw ModelError(
                path: file.path,
                reason: "config: widths \(configuration.widths) and strides \(configuration.strides) do not fit")
        }
        // In the training code's Sequential every convolution is followed by its norm and activation.
        var layers = configuration.widths.indices.map { index in
            ConvolutionStack.Layer(
                name: "body.\(3 * index)", outputs: configuration.widths[index], size: 3,
                stride: configuration.strides[index], slope: configuration.slope ?? 0.2)
        }
        seesRadius = configuration.radius ?? false
        seesEstimate = configuration.estimate ?? false
        isWeighted = configuration.weighted ?? false
        guard seesRadius || !seesEstimate else {
            throw ModelError(path: file.path, reason: "config: estimate without radius")
        }
        layers.append(
            ConvolutionStack.Layer(name: "outc", outputs: isWeighted ? 2 : 1, size: 3, stride: 1, slope: 1))
        let inputs = 9 + (seesRadius ? 1 : 0) + (seesEstimate ? 3 : 0)
        stack = try ConvolutionStack(inputs: inputs, layers, weights: file.weights, prefix: "")
        try file.weights.requireAllTaken()
        threshold = try file.thresholds.value("dithered_logit", in: -1000...1000)
    }

    /// How sure the network is that the frame is dithered: a logit, 0 is undecided, above it dithered.
    /// - Parameters:
    ///   - gif: [3, H, W] in [-1, 1].
    ///   - radius: the palette radius of each pixel, [1, H, W].
    ///   - estimate: the first estimate of the network for dithered GIFs, of this frame alone, [3, H, W]; read where
    ///     `seesEstimate`.
    ///   - memory: of networks none of which runs meanwhile.
    func logit(
        _ gif: TensorView, radius: TensorView, estimate: TensorView, in memory: NetworkMemory, on pool: WorkerPool
    ) -> Float {
        let (height, width) = (gif.shape.height, gif.shape.width)
        let output = stack(height: height, width: width, in: memory, on: pool) { row, columns, values in
            let first = row * width + columns.lowerBound
            func lines(_ view: TensorView, _ first: Int) -> Lines {
                Lines(first: UnsafePointer(view.plane(0)) + first, plane: view.shape.plane)
            }
            fill(
                values, columns, width: width,
                Row(
                    colors: lines(gif, first), below: row + 1 == height ? nil : lines(gif, first + width),
                    radius: UnsafePointer(radius.plane(0)) + first, estimate: lines(estimate, first)))
        }
        return output.withUnsafeBufferPointer { Self.average($0, isWeighted) } - threshold
    }

    /// The same of a frame of a large canvas, whose estimate is kept in two bytes a value.
    /// - Parameter memory: in an arena of `arenaBytes`.
    func logit(of frame: FrameInput, estimate: PackedPlanes, in memory: NetworkMemory, on pool: WorkerPool) -> Float {
        let (height, width) = (frame.size.height, frame.size.width)
        let output = stack(height: height, width: width, in: memory, on: pool) { row, columns, values in
            // One pixel more to the right.
            let wide = columns.lowerBound..<min(columns.upperBound + 1, width)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 10 * wide.count) { room in
                guard let start = room.baseAddress else { return }
                frame.load(row: row, wide, into: start, plane: wide.count)
                if row + 1 < height {
                    frame.load(row: row + 1, wide, into: start + 3 * wide.count, plane: wide.count)
                }
                frame.loadRadius(row: row, wide, into: start + 6 * wide.count)
                estimate.load(row: row, wide, into: start + 7 * wide.count, plane: wide.count)
                func lines(_ index: Int) -> Lines {
                    Lines(first: UnsafePointer(start) + index * wide.count, plane: wide.count)
                }
                fill(
                    values, columns, width: width,
                    Row(
                        colors: lines(0), below: row + 1 < height ? lines(3) : nil, radius: lines(6).first,
                        estimate: lines(7)))
            }
        }
        return output.withUnsafeBufferPointer { Self.average($0, isWeighted) } - threshold
    }

    /// Bytes of the arena that a look at a frame takes.
    func arenaBytes(height: Int, width: Int) -> Int { stack.mapBytes(height: height, width: width) }

    /// Some of a row of three planes.
    private struct Lines {
        /// The first pixel.
        let first: UnsafePointer<Float>
        /// Values from one plane to the next.
        let plane: Int
    }

    /// Some of a row of what the network is given.
    private struct Row {
        let colors: Lines
        /// The row below; nil: there is none.
        let below: Lines?
        let radius: UnsafePointer<Float>
        let estimate: Lines
    }

    /// Some of a row: the colors, their gradients, channels 3 to 8, and how the estimate differs, from 10 on; all in steps of
    /// the palette where the network sees the radius.
    private func fill(_ values: UnsafeMutablePointer<Float>, _ columns: Range<Int>, width: Int, _ row: Row) {
        let count = columns.count
        // The last column has no neighbor.
        let inner = columns.upperBound < width ? count : count - 1
        for channel in 0..<3 {
            let color = row.colors.first + channel * row.colors.plane
            let below = row.below.map { $0.first + channel * $0.plane }
            let own = row.estimate.first + channel * row.estimate.plane
            let (alongX, alongY) = (values + (3 + channel) * count, values + (6 + channel) * count)
            for at in 0..<count {
                values[channel * count + at] = color[at]
                alongX[at] = at < inner ? color[at + 1] - color[at] : 0
                alongY[at] = below.map { $0[at] - color[at] } ?? 0
                if seesEstimate { values[(10 + channel) * count + at] = own[at] - color[at] }
            }
        }
        if seesRadius { countInSteps(values, count, of: row.radius) }
    }

    /// Two colors that differ by one level have this radius.
    private static let smallestRadius: Float = 1 / 255

    /// The differences, channels 3 to 8 and from 10, in units of four palette radii; channel 9 is that unit.
    private func countInSteps(
        _ values: UnsafeMutablePointer<Float>, _ count: Int, of radius: UnsafePointer<Float>
    ) {
        for at in 0..<count {
            let step = 4 * max(radius[at], Self.smallestRadius)
            values[9 * count + at] = min(step, 1)
            for channel in 3..<(seesEstimate ? 13 : 10) where channel != 9 {
                values[channel * count + at] = min(max(values[channel * count + at] / step, -1), 1)
            }
        }
    }

    /// The mean of the logits, the first channel of the network's output, weighted by the sigmoid of the second.
    private static func average(_ output: UnsafeBufferPointer<Float>, _ isWeighted: Bool) -> Float {
        guard isWeighted else { return output.reduce(0, +) / Float(output.count) }
        let plane = output.count / 2
        var (sum, weights): (Double, Double) = (0, 1e-6)
        for place in 0..<plane {
            let weight = 1 / (1 + exp(-Double(output[plane + place])))
            sum += Double(output[place]) * weight
            weights += weight
        }
        return Float(sum / weights)
    }
}
