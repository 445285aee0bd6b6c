import CKernels
import TestSupport

/// Floats on a boundary of 64 bytes, as the kernels want maps, weights and Winograd blocks to lie.
final class AlignedFloats {
    let values: UnsafeMutableBufferPointer<Float>

    init(_ source: [Float]) {
        values = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, source.count) * MemoryLayout<Float>.stride, alignment: 64
        ).assumingMemoryBound(to: Float.self)
        _ = values.initialize(fromContentsOf: source)
    }

    deinit {
        UnsafeMutableRawBufferPointer(values).deallocate()
    }

    var start: UnsafeMutablePointer<Float> {
        guard let start = values.baseAddress else { preconditionFailure("no memory") }
        return start
    }
    var array: [Float] { Array(values) }
}

/// A map of random values, with random values in a margin around it.
final class RandomMap {
    private let memory: AlignedFloats
    var map: ck_map

    /// - Parameter margin: pixels on each side; as many as Winograd blocks may hang over the edge are added behind.
    init(_ channelBlocks: Int, _ height: Int, _ width: Int, margin: Int = 0, lanes: Int, _ random: inout SplitMix64) {
        let row = (2 * margin + width + 8) * lanes
        let block = (2 * margin + height + 8) * row
        // Products of a row's last pixels read behind it.
        memory = AlignedFloats(random.values(channelBlocks * block + 64 * lanes))
        map = ck_map(
            values: memory.start + margin * (row + lanes), channel_block: block, row: row, pixel: lanes,
            height: Int32(height), width: Int32(width), channel_blocks: Int32(channelBlocks))
    }

    /// All that a kernel could write.
    var array: [Float] { memory.array }
}
