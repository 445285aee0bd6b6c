import Media
import PixelKernels
import Threads

/// How two frames and an in-between differ, summed up over cells of 4 x 4 pixels.
///
/// Belongs to one stream; for one size of pictures. One thread at a time.
final class PictureCells {
    /// Pixels a side.
    static let side = 4
    /// Levels of the channel that differs most above which a pixel has changed.
    private static let changed = 4
    /// Levels, over three channels, that a gradient has where a frame is flat, at most.
    private static let flat = 2
    /// The same of an edge, at least.
    private static let edge = 30

    /// Sums over the pixels of a cell, or of several.
    struct Sums {
        /// Pixels that have changed from the first frame to the second.
        var changed: Int32 = 0
        /// The absolute differences of the frames, over the channels of changed pixels, in levels.
        var difference: Int32 = 0
        /// The absolute differences of the frames from what the flows find of each in the other one, over the same, in levels.
        var loss: Float = 0
        /// The absolute differences of each pixel from those to the right and below, over the channels: in the in-between, and in
        /// both frames together.
        var gradient: Int32 = 0
        var gradients: Int32 = 0
        /// Pixels that were looked at for gradients, and those of them that have next to none in either frame.
        var pixels: Int32 = 0
        var flat: Int32 = 0
        /// Changed pixels with an edge in either frame, and those with one in both.
        var edges: Int32 = 0
        var standingEdges: Int32 = 0

        /// The mean difference of a changed pixel, in levels.
        var levels: Float { Float(difference) / max(3 * Float(changed), 1) }
        /// The share of the pixels that are flat.
        var flatShare: Float { Float(flat) / max(Float(pixels), 1) }
        /// The share of the edges that have changed that are in the same place in both frames.
        var standingShare: Float { Float(standingEdges) / max(Float(edges), 1) }

        static func += (sums: inout Sums, other: Sums) {
            sums.changed += other.changed
            sums.difference += other.difference
            sums.loss += other.loss
            sums.gradient += other.gradient
            sums.gradients += other.gradients
            sums.pixels += other.pixels
            sums.flat += other.flat
            sums.edges += other.edges
            sums.standingEdges += other.standingEdges
        }
    }

    /// Three pictures of one size, R, G, B, A.
    struct Pictures {
        let first: [UInt8]
        let second: [UInt8]
        /// The in-between.
        let made: [UInt8]
    }

    /// A part of a frame, and what the flows find of it in the other one.
    struct Part {
        /// [3, rows, columns] each, in [-1, 1].
        let frame: TensorView
        let found: TensorView
        /// The row of the picture that they begin with.
        var row = 0
        /// The pixels of the picture that count.
        let region: Region
    }

    private typealias Pixels = (
        first: UnsafeBufferPointer<UInt8>, second: UnsafeBufferPointer<UInt8>, made: UnsafeBufferPointer<UInt8>
    )

    /// Bytes of a cell.
    static let memory = MemoryLayout<Sums>.stride

    let rows: Int
    let columns: Int
    /// Row by row.
    private(set) var cells: [Sums]
    private let size: PixelSize

    init(_ size: PixelSize) {
        self.size = size
        (rows, columns) = ((size.height + Self.side - 1) / Self.side, (size.width + Self.side - 1) / Self.side)
        cells = Array(repeating: Sums(), count: rows * columns)
    }

    /// Sums up how the frames differ; the other sums become 0.
    /// - Parameter moving: where the pictures may differ.
    func addDifferences(_ pictures: Pictures, in moving: Region, on pool: WorkerPool) {
        forEachRow(of: pictures, on: pool) { y, pixels, cells in
            if y % Self.side == 0 { cells.update(repeating: Sums()) }
            for x in moving[y] {
                let difference = Self.difference(pixels, y * self.size.width + x)
                guard difference.most > Self.changed else { continue }
                cells[x / Self.side].changed &+= 1
                cells[x / Self.side].difference &+= Int32(truncatingIfNeeded: difference.sum)
            }
        }
    }

    /// Adds the gradients of the in-between and of both frames, and counts flat pixels and edges.
    func addGradients(_ pictures: Pictures, in moving: Region, on pool: WorkerPool) {
        forEachRow(of: pictures, on: pool) { y, pixels, cells in self.addGradients(ofRow: y, moving[y], pixels, cells) }
    }

    /// Adds the loss of a part of a frame.
    func addLoss(of part: Part, _ pictures: Pictures, on pool: WorkerPool) {
        let (frame, found) = (part.frame, part.found)
        forEachRow(of: pictures, on: pool) { y, pixels, cells in
            for x in part.region[y] where cells[x / Self.side].changed > 0 {
                let pixel = y * self.size.width + x
                guard Self.difference(pixels, pixel).most > Self.changed else { continue }
                let at = pixel - part.row * self.size.width
                for channel in 0..<3 {
                    cells[x / Self.side].loss += abs(frame.plane(channel)[at] - found.plane(channel)[at]) * 127.5
                }
            }
        }
    }

    /// Calls with each row of pixels and the row of cells that it lies in. Rows of a row of cells come in order, on one thread.
    private func forEachRow(
        of pictures: Pictures, on pool: WorkerPool,
        _ body: (_ y: Int, _ pixels: Pixels, _ cells: UnsafeMutableBufferPointer<Sums>) -> Void
    ) {
        cells.withUnsafeMutableBufferPointer { cells in
            pictures.first.withUnsafeBufferPointer { first in
                pictures.second.withUnsafeBufferPointer { second in
                    pictures.made.withUnsafeBufferPointer { made in
                        nonisolated(unsafe) let (cells, pixels) = (cells, (first: first, second: second, made: made))
                        pool.forEach(rows) { row in
                            let line = UnsafeMutableBufferPointer(rebasing: cells[row * columns..<(row + 1) * columns])
                            for y in row * Self.side..<min((row + 1) * Self.side, size.height) { body(y, pixels, line) }
                        }
                    }
                }
            }
        }
    }

    private func addGradients(
        ofRow y: Int, _ looked: Range<Int>, _ pixels: Pixels, _ cells: UnsafeMutableBufferPointer<Sums>
    ) {
        let below = y + 1 < size.height ? 4 * size.width : 0
        for x in looked {
            let first = 4 * (y * size.width + x)
            let right = x + 1 < size.width ? 4 : 0
            var (made, before, after) = (0, 0, 0)
            for byte in first..<first + 3 {
                made &+= Self.gradient(pixels.made, byte, right, below)
                before &+= Self.gradient(pixels.first, byte, right, below)
                after &+= Self.gradient(pixels.second, byte, right, below)
            }
            cells[x / Self.side].gradient &+= Int32(truncatingIfNeeded: made)
            cells[x / Self.side].gradients &+= Int32(truncatingIfNeeded: before &+ after)
            cells[x / Self.side].pixels &+= 1
            if max(before, after) <= Self.flat { cells[x / Self.side].flat &+= 1 }
            let isEdge = max(before, after) >= Self.edge
            guard isEdge, Self.difference(pixels, first / 4).most > Self.changed else { continue }
            cells[x / Self.side].edges &+= 1
            if min(before, after) >= Self.edge { cells[x / Self.side].standingEdges &+= 1 }
        }
    }

    /// How much the frames differ in a pixel: in the channel that differs most, and in all channels.
    private static func difference(_ pixels: Pixels, _ pixel: Int) -> (most: Int, sum: Int) {
        var (most, sum) = (0, 0)
        for byte in 4 * pixel..<4 * pixel + 3 {
            let difference = abs(Int(pixels.first[byte]) - Int(pixels.second[byte]))
            most = max(most, difference)
            sum &+= difference
        }
        return (most, sum)
    }

    private static func gradient(
        _ picture: UnsafeBufferPointer<UInt8>, _ byte: Int, _ right: Int, _ below: Int
    ) -> Int {
        let value = Int(picture[byte])
        return abs(value - Int(picture[byte + right])) &+ abs(value - Int(picture[byte + below]))
    }
}
