import CKernels
import PixelKernels

/// One layer's weights and biases in the order in which its products read them. Immutable, shared by all streams.
final class PackedWeights: @unchecked Sendable {
    /// Channel blocks of the output that are computed together.
    let groups: [Range<Int>]
    private let memory: UnsafeMutableBufferPointer<Float>
    private let biasStart: Int

    /// The place of a layer's weights in a model's tensor, and their number.
    struct Source {
        /// Floats from the tensor's start to the first tap.
        var first = 0
        /// Floats from one output channel, and one input channel, to the next.
        let output: Int
        let input: Int
        let outputs: Int
        let size: Int
        /// For each input channel its place among the lanes of all input channel blocks.
        let places: [Int32]
    }

    /// - Parameters:
    ///   - values: the tensor.
    ///   - winograd: for Winograd's 36 positions, else for direct sums.
    ///   - lastLanes: lanes to keep of the last input channel block.
    ///   - groups: how the output's channel blocks go together.
    init(
        _ values: [Float], _ source: Source, bias: [Float], winograd: Bool, kernels: Kernels, inputChannelBlocks: Int,
        lastLanes: Int, groups: [Range<Int>]
    ) {
        let lanes = kernels.lanes
        self.groups = groups
        let parts = (source.size + 2) / 3
        let taps = winograd ? parts * parts : source.size * source.size
        let positions = winograd ? 36 : 1
        let depth = ((inputChannelBlocks - 1) * lanes + lastLanes) * taps
        let columns = (groups.last?.upperBound ?? 0) * lanes
        biasStart = positions * depth * columns
        // Starts on a cache line; the biases do too, as `columns` is a multiple of the lanes of a vector.
        let raw = UnsafeMutableRawBufferPointer.allocate(
            byteCount: (biasStart + columns) * MemoryLayout<Float>.stride, alignment: 64)
        memory = raw.initializeMemory(as: Float.self, repeating: 0)
        guard let packed = memory.baseAddress else { preconditionFailure("a layer without weights") }
        values.withUnsafeBufferPointer { values in
            source.places.withUnsafeBufferPointer { places in
                for group in groups {
                    let outputs = group.lowerBound * lanes..<min(source.outputs, group.upperBound * lanes)
                    var weights = ck_weights(
                        values: values.start + source.first + outputs.lowerBound * source.output,
                        output: source.output, input: source.input, outputs: Int32(outputs.count),
                        inputs: Int32(source.places.count), size: Int32(source.size), places: places.start)
                    let row = group.count * lanes
                    kernels.table.pack(
                        &weights, winograd ? 1 : 0, Int32(lanes), Int32(inputChannelBlocks), Int32(lastLanes),
                        packed + positions * depth * group.lowerBound * lanes, depth * row, row)
                }
            }
        }
        for (channel, bias) in bias.enumerated() { packed[biasStart + channel] = bias }
    }

    deinit {
        UnsafeMutableRawBufferPointer(memory).deallocate()
    }

    /// In floats, without the biases.
    var count: Int { biasStart }
    /// Valid while the object lives.
    var weights: UnsafePointer<Float> { UnsafeBufferPointer(memory).start }
    /// A bias for each output channel, channel blocks filled up with zeros. Valid while the object lives.
    var bias: UnsafePointer<Float> { weights + biasStart }
}
