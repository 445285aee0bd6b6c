import PixelKernels
import Threads

/// How a large picture is cut into tiles that a network runs on one after the other, each with as much around it as its
/// pixels depend on.
struct Tiling {
    struct Tile {
        /// The pixels that are taken from the tile.
        let inner: Region.Patch
        /// The pixels that the network sees.
        let outer: Region.Patch
    }

    let tiles: [Tile]

    /// - Parameters:
    ///   - side: about that many pixels a side.
    ///   - reach: how far away a pixel may be that another one depends on.
    ///   - alignment: tiles begin at its multiples, so that the coarsest maps' Winograd blocks lie where they would in the
    ///     whole picture.
    init(height: Int, width: Int, side: Int, reach: Int, alignment: Int) {
        let margin = Self.roundUp(reach, alignment)
        func cuts(_ extent: Int) -> [(inner: Range<Int>, outer: Range<Int>)] {
            let count = (extent + side - 1) / side
            let step = Self.roundUp((extent + count - 1) / count, alignment)
            return stride(from: 0, to: extent, by: step).map { first in
                let end = min(first + step, extent)
                return (first..<end, max(0, first - margin)..<min(extent, end + margin))
            }
        }
        let columns = cuts(width)
        tiles = cuts(height).flatMap { row in
            columns.map { column in
                Tile(
                    inner: Region.Patch(rows: row.inner, columns: column.inner),
                    outer: Region.Patch(rows: row.outer, columns: column.outer))
            }
        }
    }

    private static func roundUp(_ value: Int, _ multiple: Int) -> Int {
        (value + multiple - 1) / multiple * multiple
    }
}

extension Tensor {
    /// Takes over a rectangle of another tensor with as many channels.
    /// - Parameter corner: where its upper left pixel goes.
    func copy(_ patch: Region.Patch, of source: Tensor, at corner: (row: Int, column: Int), on pool: WorkerPool) {
        pool.forEach(source.shape.channels) { channel in
            let (from, to) = (source.view.plane(channel), view.plane(channel))
            for (index, row) in patch.rows.enumerated() {
                (to + (corner.row + index) * shape.width + corner.column).update(
                    from: from + row * source.shape.width + patch.columns.lowerBound, count: patch.columns.count)
            }
        }
    }
}
