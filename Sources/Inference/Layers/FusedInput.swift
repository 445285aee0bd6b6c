import CKernels
import PixelKernels

/// A map that is made from other maps while a convolution reads it. It is never in memory as a whole.
enum FusedInput {
    /// 2 x 2 pixels of a picture's plane in four channels. The map is at least half as large; to the right and below the
    /// picture's edge goes on. The picture's rows may begin below the map's first ones.
    case unshuffled(TensorView, from: Int = 0, height: Int, width: Int, lanes: Int)
    /// Means of 2 x 2 pixels; an odd last row or column is dropped.
    case pooled(BlockedView)
    /// The first at twice its size, nearest pixel, plus the second, which is as large as that.
    case merged(BlockedView, plus: BlockedView)

    var height: Int {
        switch self {
        case .unshuffled(_, _, let height, _, _): height
        case .pooled(let map): map.height / 2
        case .merged(_, let fine): fine.height
        }
    }

    var width: Int {
        switch self {
        case .unshuffled(_, _, _, let width, _): width
        case .pooled(let map): map.width / 2
        case .merged(_, let fine): fine.width
        }
    }

    var channelBlocks: Int {
        switch self {
        case .unshuffled(let picture, _, _, _, let lanes): (4 * picture.shape.channels + lanes - 1) / lanes
        case .pooled(let map): map.channelBlocks.count
        case .merged(_, let fine): fine.channelBlocks.count
        }
    }

    /// Writes a rectangle of it. Any thread.
    /// - Parameter target: addressed as the whole map; only the rectangle needs memory.
    func make(_ patch: Region.Patch, in target: ck_map, _ kernels: ck_kernels) {
        let (top, rows) = (Int32(patch.rows.lowerBound), Int32(patch.rows.count))
        let (left, columns) = (Int32(patch.columns.lowerBound), Int32(patch.columns.count))
        switch self {
        case .unshuffled(let picture, let first, let height, let width, _):
            let shape = picture.shape
            precondition(
                2 * (height - first) >= shape.height && 2 * width >= shape.width,
                "\(shape) from row \(first) on in a map of \(height) x \(width)")
            var target = target
            target.values += first * target.row
            kernels.unshuffle_to_map(
                picture.pointer, Int32(shape.channels), Int32(shape.height), Int32(shape.width), &target,
                top - Int32(first), rows, left, columns)
        case .pooled(let map):
            var (source, target) = (map.map.at(patch, scale: 2), target.at(patch))
            kernels.average_pool(&source, &target, 0, rows)
        case .merged(let coarse, let fine):
            precondition(
                fine.height == 2 * coarse.height && fine.width == 2 * coarse.width
                    && fine.channelBlocks.count == coarse.channelBlocks.count,
                "nearest upsampling from \(coarse.extent) to \(fine.extent)")
            var (source, addend, target) = (coarse.map, fine.map, target)
            kernels.upsample_nearest_add(&source, &addend, &target, top, rows, left, columns)
        }
    }

    /// Writes a region of it, or all, to a map of the same size.
    func make(in map: BlockedView, at region: Region? = nil, _ execution: Execution) {
        precondition(
            map.height == height && map.width == width && map.channelBlocks.count == channelBlocks,
            "a map of \(height) x \(width), \(channelBlocks) channel blocks into \(map.extent)")
        for patch in Region.patches(of: region, height: height, width: width) {
            execution.forEachBand(of: patch.rows.count) { first, rows in
                let top = patch.rows.lowerBound + Int(first)
                make(
                    Region.Patch(rows: top..<top + Int(rows), columns: patch.columns), in: map.map, execution.kernels)
            }
        }
    }
}
