import CKernels
import PixelKernels
import Threads

/// A map of float32 values as the networks work on it: in blocks of a few channels, which lie together for each pixel.
///
/// [channel block][row][column][lane], with a margin of zeros around the picture, so that convolutions need no edges; channels
/// that fill up the last block are zero. As for `Tensor`, whoever owns the state decides who writes when.
///
/// Of a picture that goes through a network in bands only some rows are in memory, `hold` says which. They are addressed as in
/// the whole map.
final class BlockedTensor: @unchecked Sendable {
    let height: Int
    let width: Int
    let channelBlocks: Int
    /// Channels in a channel block.
    let lanes: Int
    /// Rows above and columns to the left of the picture.
    private let margin: Int
    private let rowStride: Int
    private let channelBlockStride: Int
    /// Rows that are in memory, and the first one of them.
    private let window: Int
    private var origin = 0
    private let storage: UnsafeMutableRawBufferPointer
    /// The memory that the storage is a part of; nil where the storage is the tensor's own.
    private let memory: HugePageBuffer?

    /// All values, margins included. Valid while the tensor lives.
    var values: UnsafeMutableBufferPointer<Float> { storage.assumingMemoryBound(to: Float.self) }

    /// The shape of a map and of its margins.
    struct Layout {
        let height: Int
        let width: Int
        let channelBlocks: Int
        let lanes: Int
        let margin: Int
        let rowStride: Int
        let channelBlockStride: Int
        /// Rows that are in memory at once, in whole Winograd blocks.
        let window: Int
        /// Whole cache lines.
        let byteCount: Int

        /// - Parameters:
        ///   - channelBlocks: of `lanes` channels each.
        ///   - reach: half the size of the largest convolution that reads the map.
        ///   - window: rows that are in memory at once, at least; nil: all.
        init(channelBlocks: Int, height: Int, width: Int, lanes: Int, reach: Int, window: Int? = nil) {
            precondition(
                channelBlocks > 0 && height > 0 && width > 0, "an empty map: \(channelBlocks) x \(height) x \(width)")
            (self.height, self.width, self.channelBlocks, self.lanes, margin) = (
                height, width, channelBlocks, lanes, reach
            )
            // Behind the picture a convolution reads as far as the last Winograd blocks hang over, and its own reach.
            let behind = reach == 0 ? 0 : 2 * reach - 1
            rowStride = (reach + 4 * WinogradBlocks.count(over: width) + behind) * lanes
            self.window = 4 * WinogradBlocks.count(over: min(window ?? height, height))
            channelBlockStride = (reach + self.window + behind) * rowStride
            // The products of a row's last pixels may read some more, for sums that are dropped.
            let count = channelBlocks * channelBlockStride + BlockedTensor.slack * lanes
            byteCount = (count * MemoryLayout<Float>.stride + 63) / 64 * 64
        }
    }

    /// A map in memory of its own. The parameters are the layout's.
    convenience init(channelBlocks: Int, height: Int, width: Int, lanes: Int, reach: Int) {
        self.init(Layout(channelBlocks: channelBlocks, height: height, width: width, lanes: lanes, reach: reach))
    }

    /// A map in memory of its own.
    convenience init(_ layout: Layout) {
        if layout.byteCount >= HugePageBuffer.pageSize {
            let memory = HugePageBuffer(byteCount: layout.byteCount)
            self.init(layout, .init(start: memory.base, count: layout.byteCount), memory: memory)
        } else {
            let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.byteCount, alignment: 64)
            storage.initializeMemory(as: Float.self, repeating: 0)
            self.init(layout, storage, memory: nil)
        }
    }

    private init(_ layout: Layout, _ storage: UnsafeMutableRawBufferPointer, memory: HugePageBuffer?) {
        (height, width, channelBlocks, lanes) = (layout.height, layout.width, layout.channelBlocks, layout.lanes)
        (margin, rowStride, channelBlockStride) = (layout.margin, layout.rowStride, layout.channelBlockStride)
        window = layout.window
        (self.storage, self.memory) = (storage, memory)
    }

    /// A map in a part of some memory. Other maps may have used that part before, but none does at the same time.
    /// - Parameter start: the first byte of the part.
    convenience init(_ layout: Layout, in memory: HugePageBuffer, at start: Int) {
        precondition(
            memory.byteCount >= start + layout.byteCount,
            "a map of \(layout.byteCount) bytes at \(start) of \(memory.byteCount)")
        self.init(layout, .init(start: memory.base + start, count: layout.byteCount), memory: memory)
        clearMargin()
    }

    /// Sets to zero all values that belong to no pixel.
    func clearMargin() {
        let rows = channelBlockStride / rowStride
        for block in 0..<channelBlocks {
            for row in 0..<rows {
                let start = block * channelBlockStride + row * rowStride
                let line = values.extracting(start..<start + rowStride)
                guard (margin..<margin + min(height, window)).contains(row) else {
                    line.update(repeating: 0)
                    continue
                }
                line.extracting(..<(margin * lanes)).update(repeating: 0)
                line.extracting(((margin + width) * lanes)...).update(repeating: 0)
            }
        }
        values.extracting((channelBlocks * channelBlockStride)...).update(repeating: 0)
    }

    /// Has some rows in memory, of a map of which they are not all there. Calls go from top to bottom.
    /// - Parameters:
    ///   - rows: in whole Winograd blocks, no more than the layout's window.
    ///   - known: of `rows`, those above this one keep their values.
    ///   - columns: in which they do.
    func hold(_ rows: Range<Int>, keepingTo known: Int, in columns: Range<Int>, on pool: WorkerPool) {
        let total = channelBlockStride / rowStride
        precondition(rows.count <= window, "rows \(rows) of a map that holds \(window)")
        if known <= rows.lowerBound {
            origin = rows.lowerBound
        } else if 4 * WinogradBlocks.count(over: rows.upperBound) - origin > window {
            let moved = rows.lowerBound - origin
            precondition(moved > 0, "rows \(rows) of a map that holds those from \(origin) on")
            moveUp(by: moved, count: min(known - rows.lowerBound + margin, total - moved), in: columns, on: pool)
            origin = rows.lowerBound
        }
        // Zeros above and below the picture.
        if rows.lowerBound == 0 { clearRows(0..<margin) }
        if rows.upperBound == height { clearRows(margin + height - origin..<total) }
    }

    /// Moves the values of rows in memory, but those of the columns beside the picture, which are zero everywhere.
    private func moveUp(by moved: Int, count: Int, in columns: Range<Int>, on pool: WorkerPool) {
        let (first, length) = ((margin + columns.lowerBound) * lanes, columns.count * lanes)
        pool.forEach(channelBlocks) { block in
            for row in 0..<count {
                let start = block * channelBlockStride + row * rowStride + first
                let source = start + moved * rowStride
                _ = values.extracting(start..<start + length)
                    .update(fromContentsOf: values.extracting(source..<source + length))
            }
        }
    }

    private func clearRows(_ rows: Range<Int>) {
        for block in 0..<channelBlocks {
            let start = block * channelBlockStride
            values.extracting(start + rows.lowerBound * rowStride..<start + rows.upperBound * rowStride)
                .update(repeating: 0)
        }
    }

    /// Maps that lie one behind the other in memory that is all zeros.
    static func tensors(_ layouts: [Layout], in memory: HugePageBuffer) -> [BlockedTensor] {
        var next = memory.base
        return layouts.map { layout in
            defer { next += layout.byteCount }
            return BlockedTensor(layout, .init(start: next, count: layout.byteCount), memory: memory)
        }
    }

    deinit {
        if memory == nil { storage.deallocate() }
    }

    /// Pixels, of stride 2, that products may read behind the last.
    private static let slack = 2 * 24

    /// All channels.
    var view: BlockedView { self[0..<channelBlocks] }

    /// Some channel blocks, without a copy: how a concatenation is read and written.
    subscript(channelBlocks: Range<Int>) -> BlockedView {
        BlockedView(tensor: self, channelBlocks: channelBlocks)
    }

    /// Valid while the tensor lives.
    func map(_ range: Range<Int>) -> ck_map {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= channelBlocks, "channel blocks \(range) of \(channelBlocks)")
        return ck_map(
            values: values.baseAddress.map {
                $0 + range.lowerBound * channelBlockStride + (margin - origin) * rowStride + margin * lanes
            },
            channel_block: channelBlockStride, row: rowStride, pixel: lanes, height: Int32(height), width: Int32(width),
            channel_blocks: Int32(range.count))
    }
}

/// Some channel blocks of a tensor. Shares the tensor's storage and keeps it alive.
struct BlockedView: Sendable {
    let tensor: BlockedTensor
    let channelBlocks: Range<Int>

    var height: Int { tensor.height }
    var width: Int { tensor.width }
    /// Valid while the tensor lives.
    var map: ck_map { tensor.map(channelBlocks) }

    /// As in "48 x 64, 3 channel blocks", for messages.
    var extent: String { "\(height) x \(width), \(channelBlocks.count) channel blocks" }
}
