import CKernels
import PixelKernels
import Threads

/// Finds motion of any length between two frames without a network: the dense inverse search of Kroeger et al. (ECCV 2016,
/// "Fast optical flow using dense inverse search").
///
/// A pyramid of frames of half the size each, of luma in levels. From the smallest ones on, patches of 8 x 8 pixels look for
/// themselves in the other frame: each begins with the best flow of its own and of its neighbors, as the smaller frames or the pass
/// before have left them, and descends along its gradients. A pixel's flow is the weighted mean of those of its patches. The
/// paper's variational refinement is left out: network B finds the rest.
///
/// For one size of frames. One thread at a time.
final class DenseInverseSearch {
    /// Frames whose shorter side is less than this are not made smaller: a patch is a third of it.
    private static let leastSide = 24
    /// How often all patches of a level look at their neighbors.
    private static let passes = 2
    /// Pixels that a patch may read beyond the edge, on each side.
    private static let margin = Int(CK_PATCH) + 1

    private let levels: [Level]

    /// The frames of one size.
    private final class Level {
        let height: Int
        let width: Int
        /// Patches down and across.
        let rows: Int
        let columns: Int
        /// Luma of both frames, [1, H, W], and with their edge repeated.
        let luma: [Tensor]
        let padded: [Tensor]
        /// Flows of the patches, before and after a pass, and of the pixels: [2, rows, columns], [2, H, W].
        var patches: [Tensor]
        let flow: Tensor

        init(_ height: Int, _ width: Int) {
            (self.height, self.width) = (height, width)
            func count(_ length: Int) -> Int {
                (length - Int(CK_PATCH) + Int(CK_PATCH_STEP) - 1) / Int(CK_PATCH_STEP) + 1
            }
            (rows, columns) = (count(height), count(width))
            let (rows, columns, margin) = (rows, columns, 2 * DenseInverseSearch.margin)
            luma = (0..<2).map { _ in Tensor(1, height, width) }
            padded = (0..<2).map { _ in Tensor(1, height + margin, width + margin) }
            patches = (0..<2).map { _ in Tensor(2, rows, columns) }
            flow = Tensor(2, height, width)
        }

        /// Values of it.
        static func values(_ height: Int, _ width: Int) -> Int {
            let margin = 2 * DenseInverseSearch.margin
            // Patches are a sixteenth of the pixels and a row and a column more: four values each.
            return (2 + 2) * height * width + 2 * (height + margin) * (width + margin) + (height + 8) * (width + 8) / 4
        }

        func repeatEdges(_ index: Int) {
            let (source, target, margin) = (luma[index].values, padded[index].values, DenseInverseSearch.margin)
            let stride = width + 2 * margin
            for row in 0..<height + 2 * margin {
                let from = min(max(row - margin, 0), height - 1) * width
                let line = target.extracting(row * stride..<(row + 1) * stride)
                line.extracting(..<margin).update(repeating: source[from])
                _ = line.extracting(margin..<margin + width)
                    .update(fromContentsOf: source.extracting(from..<from + width))
                line.extracting((margin + width)...).update(repeating: source[from + width - 1])
            }
        }
    }

    /// - Parameters: of the frames; at least 8 pixels each.
    init(height: Int, width: Int) {
        levels = Self.sizes(height: height, width: width).map { Level($0.height, $0.width) }
    }

    /// The sizes of the pyramid, the frames' own first.
    private static func sizes(height: Int, width: Int) -> [(height: Int, width: Int)] {
        precondition(Self.serves(height: height, width: width), "patches of frames of \(height) x \(width)")
        var sizes = [(height: height, width: width)]
        while min(sizes[sizes.count - 1].height, sizes[sizes.count - 1].width) >= leastSide {
            let last = sizes[sizes.count - 1]
            sizes.append((height: (last.height + 1) / 2, width: (last.width + 1) / 2))
        }
        return sizes
    }

    /// Whether frames are large enough for a patch.
    static func serves(height: Int, width: Int) -> Bool { min(height, width) >= Int(CK_PATCH) }

    /// Bytes of it.
    /// - Parameters: of the frames.
    static func bytes(height: Int, width: Int) -> Int {
        guard serves(height: height, width: width) else { return 0 }
        return sizes(height: height, width: width).reduce(0) {
            $0 + Level.values($1.height, $1.width) * MemoryLayout<Float>.stride
        }
    }

    /// The luma of a frame, 0 or 1, [1, H, W] in levels: written by the caller before `makePyramid`.
    func luma(_ index: Int) -> TensorView { levels[0].luma[index].view }

    /// Makes the smaller frames of both, once their luma is there.
    func makePyramid(on pool: WorkerPool) {
        let operations = PixelOperations(on: pool)
        for (finer, level) in zip(levels, levels.dropFirst()) {
            for (large, small) in zip(finer.luma, level.luma) { operations.halve(large.view, into: small.view) }
        }
        pool.forEach(2 * levels.count) { levels[$0 / 2].repeatEdges($0 % 2) }
    }

    /// Finds the flow from one frame to the other, after `makePyramid`.
    /// - Parameters:
    ///   - first: the frame whose pixels it moves, 0 or 1.
    ///   - region: where it is wanted; elsewhere it is 0, as is the motion.
    /// - Returns: [2, H, W] in pixels; there until the next call.
    func find(from first: Int, in region: Region.Patch, on pool: WorkerPool) -> TensorView {
        let operations = PixelOperations(on: pool)
        for index in levels.indices.reversed() {
            let (level, scale) = (levels[index], 1 << index)
            let part = region.shrunk(by: scale)
            let coarser = index + 1 < levels.count ? levels[index + 1] : nil
            let range = patches(of: level, in: part)
            begin(level, from: coarser)
            for _ in 0..<Self.passes {
                level.patches.swapAt(0, 1)
                pass(level, from: first, range, operations)
            }
            spread(level, from: first, range, operations)
        }
        return levels[0].flow.view
    }

    /// The rows and columns of patches that hold some of a part of a level's pixels.
    private func patches(of level: Level, in part: Region.Patch) -> Region.Patch {
        func range(_ pixels: Range<Int>, _ count: Int) -> Range<Int> {
            let (side, step) = (Int(CK_PATCH), Int(CK_PATCH_STEP))
            let first = min(max((pixels.lowerBound - side) / step, 0), count - 1)
            return first..<max(min((pixels.upperBound + step - 1) / step + 1, count), first + 1)
        }
        return Region.Patch(rows: range(part.rows, level.rows), columns: range(part.columns, level.columns))
    }

    /// The first pixel of a patch in a row or a column of so many: the last patch ends at the edge.
    private static func firstPixel(_ index: Int, of length: Int) -> Int {
        min(index * Int(CK_PATCH_STEP), length - Int(CK_PATCH))
    }

    /// Patches begin with the flow that smaller frames have where their middle is.
    private func begin(_ level: Level, from coarser: Level?) {
        let start = level.patches[1].values
        guard let coarser else { return start.update(repeating: 0) }
        let (side, plane, area) = (Int(CK_PATCH), level.rows * level.columns, coarser.height * coarser.width)
        let flow = coarser.flow.values
        for row in 0..<level.rows {
            let y = min((Self.firstPixel(row, of: level.height) + side / 2) / 2, coarser.height - 1)
            for column in 0..<level.columns {
                let left = Self.firstPixel(column, of: level.width)
                let pixel = y * coarser.width + min((left + side / 2) / 2, coarser.width - 1)
                start[row * level.columns + column] = 2 * flow[pixel]
                start[plane + row * level.columns + column] = 2 * flow[area + pixel]
            }
        }
    }

    private func search(_ level: Level, from first: Int) -> ck_search {
        let stride = level.width + 2 * Self.margin
        func frame(_ index: Int) -> UnsafePointer<Float>? {
            level.padded[index].values.baseAddress.map { UnsafePointer($0 + Self.margin * (stride + 1)) }
        }
        return ck_search(
            first: frame(first), second: frame(1 - first), stride: stride, height: Int32(level.height),
            width: Int32(level.width), from: level.patches[0].values.baseAddress,
            to: level.patches[1].values.baseAddress, rows: Int32(level.rows), columns: Int32(level.columns))
    }

    private func pass(_ level: Level, from first: Int, _ range: Region.Patch, _ operations: PixelOperations) {
        level.patches[1].values.update(repeating: 0)
        nonisolated(unsafe) let search = search(level, from: first)
        operations.pool.forEach(range.rows.count) { index in
            var search = search
            operations.kernels.table.search_patches(
                &search, Int32(range.rows.lowerBound + index), Int32(range.columns.lowerBound),
                Int32(range.columns.count))
        }
    }

    /// Makes the flows of the patches those of the pixels.
    private func spread(_ level: Level, from first: Int, _ range: Region.Patch, _ operations: PixelOperations) {
        level.flow.values.update(repeating: 0)
        let top = Self.firstPixel(range.rows.lowerBound, of: level.height)
        let bottom = Self.firstPixel(range.rows.upperBound - 1, of: level.height) + Int(CK_PATCH)
        nonisolated(unsafe) let search = search(level, from: first)
        nonisolated(unsafe) let target = level.flow.values.baseAddress
        operations.pool.forEach(bottom - top) { index in
            var search = search
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * level.width) { sums in
                operations.kernels.table.spread_patches(
                    &search, Int32(top + index), Int32(range.columns.lowerBound), Int32(range.columns.count),
                    sums.baseAddress, target)
            }
        }
    }
}
