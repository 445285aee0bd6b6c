import CKernels

/// The layers without weights, rows shared out on the pool: pooling, upsampling, and the ways between a picture's
/// planes and the networks' maps.
///
/// Those with a region write that of their map, or of what it stands for; nil: all of it. Upsampling may write a pixel more
/// on each side.
enum Resampling {
    /// Means of 2 x 2 pixels; an odd last row or column is dropped.
    static func averagePool(
        _ input: BlockedView, into output: BlockedView, at region: Region? = nil, _ execution: Execution
    ) {
        precondition(
            output.height == input.height / 2 && output.width == input.width / 2
                && output.blocks.count == input.blocks.count,
            "average pool from \(input.extent) to \(output.extent)")
        for patch in (region ?? output.all).patches {
            let (source, target) = (input.map.at(patch, scale: 2), output.map.at(patch))
            execution.forEachBand(of: patch.rows.count) { first, rows in
                var (source, target) = (source, target)
                execution.kernels.average_pool(&source, &target, first, rows)
            }
        }
    }

    /// Twice the size, bilinear, corners aligned; writes the upper left part of the output and leaves the rest as it is.
    static func upsampleBilinear(_ input: BlockedView, into output: BlockedView, _ execution: Execution) {
        precondition(
            output.height >= 2 * input.height && output.width >= 2 * input.width
                && output.blocks.count == input.blocks.count,
            "bilinear upsampling from \(input.extent) to \(output.extent)")
        execution.forEachBand(of: 2 * input.height) { first, rows in
            var (source, target) = (input.map, output.map)
            execution.kernels.upsample_bilinear(&source, &target, first, rows)
        }
    }

    /// The input at twice its size, nearest pixel, plus `other`.
    /// - Parameters:
    ///   - sum: may be `other`, where all of it is computed.
    ///   - region: of `sum`.
    static func upsampleNearest(
        _ input: BlockedView, plus other: BlockedView, into sum: BlockedView, at region: Region? = nil,
        _ execution: Execution
    ) {
        precondition(
            sum.height == 2 * input.height && sum.width == 2 * input.width && sum.blocks.count == input.blocks.count
                && other.height == sum.height && other.width == sum.width && other.blocks.count == sum.blocks.count,
            "nearest upsampling from \(input.extent) to \(sum.extent)")
        let coarse = region?.shrunk(by: 2, height: input.height, width: input.width) ?? input.all
        for patch in coarse.patches {
            let source = input.map.at(patch)
            let (addend, target) = (other.map.at(patch, scale: 2), sum.map.at(patch, scale: 2))
            execution.forEachBand(of: patch.rows.count) { first, rows in
                var (source, addend, target) = (source, addend, target)
                execution.kernels.upsample_nearest_add(&source, &addend, &target, first, rows)
            }
        }
    }

    /// Planes to a map that is at least as large, continued to the right and below by the picture's edge.
    /// - Parameters:
    ///   - scale: 2 takes 2 x 2 pixels of a plane to four channels.
    ///   - region: of the map.
    static func load(
        _ input: TensorView, scale: Int = 1, into output: BlockedView, at region: Region? = nil, _ execution: Execution
    ) {
        let shape = input.shape
        precondition(
            holds(output, scale * scale * shape.channels) && scale * output.height >= shape.height
                && scale * output.width >= shape.width && (1...2).contains(scale),
            "\(shape) to a map of \(output.extent)")
        let kernel = scale == 1 ? execution.kernels.to_map : execution.kernels.unshuffle_to_map
        for patch in (region ?? output.all).patches {
            execution.forEachBand(of: patch.rows.count) { first, rows in
                var target = output.map
                kernel?(
                    input.pointer, Int32(shape.channels), Int32(shape.height), Int32(shape.width), &target,
                    Int32(patch.rows.lowerBound) + first, rows, Int32(patch.columns.lowerBound),
                    Int32(patch.columns.count))
            }
        }
    }

    /// A map to planes; what does not fit is cropped to the right and below.
    /// - Parameters:
    ///   - scale: 2 takes four channels to 2 x 2 pixels of a plane.
    ///   - region: of the map.
    static func store(
        _ input: BlockedView, scale: Int = 1, into output: TensorView, at region: Region? = nil, _ execution: Execution
    ) {
        let shape = output.shape
        precondition(
            holds(input, scale * scale * shape.channels) && scale * input.height >= shape.height
                && scale * input.width >= shape.width && (1...2).contains(scale),
            "a map of \(input.extent) to \(shape)")
        let kernel = scale == 1 ? execution.kernels.from_map : execution.kernels.shuffle_from_map
        // Rows of the map that the planes have room for.
        let limit = (shape.height + scale - 1) / scale
        for patch in (region ?? input.all).patches {
            let rows = patch.rows.clamped(to: 0..<limit)
            execution.forEachBand(of: rows.count) { first, count in
                var source = input.map
                kernel?(
                    &source, Int32(shape.channels), output.pointer, Int32(shape.height), Int32(shape.width),
                    Int32(rows.lowerBound) + first, count, Int32(patch.columns.lowerBound),
                    Int32(patch.columns.count))
            }
        }
    }

    private static func holds(_ view: BlockedView, _ channels: Int) -> Bool {
        let lanes = view.tensor.lanes
        return view.blocks.count == (channels + lanes - 1) / lanes
    }
}

extension BlockedView {
    fileprivate var all: Region { .all(height: height, width: width) }
}

extension ck_map {
    /// A rectangle of the map as a map of its own; the patch is of one `scale` times smaller.
    func at(_ patch: Region.Patch, scale: Int = 1) -> ck_map {
        var part = self
        part.values += scale * (patch.rows.lowerBound * row + patch.columns.lowerBound * pixel)
        (part.height, part.width) = (Int32(scale * patch.rows.count), Int32(scale * patch.columns.count))
        return part
    }
}
