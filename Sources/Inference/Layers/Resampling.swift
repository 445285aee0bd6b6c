import CKernels
import PixelKernels

/// Bilinear upsampling and the ways between a picture's planes and the networks' maps, rows shared out on the pool.
enum Resampling {
    /// Twice the size, bilinear, corners aligned; writes the upper left part of the output and leaves the rest as it is.
    static func upsampleBilinear(_ input: BlockedView, into output: BlockedView, _ execution: Execution) {
        precondition(
            output.height >= 2 * input.height && output.width >= 2 * input.width
                && output.channelBlocks.count == input.channelBlocks.count,
            "bilinear upsampling from \(input.extent) to \(output.extent)")
        execution.forEachBand(of: 2 * input.height) { first, rows in
            var (source, target) = (input.map, output.map)
            execution.kernels.upsample_bilinear(&source, &target, first, rows)
        }
    }

    /// Planes to a map that is at least as large, continued to the right and below by the picture's edge.
    static func load(_ input: TensorView, into output: BlockedView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            holds(output, shape.channels) && output.height >= shape.height && output.width >= shape.width,
            "\(shape) to a map of \(output.extent)")
        execution.forEachBand(of: output.height) { first, rows in
            var target = output.map
            execution.kernels.to_map(
                input.pointer, Int32(shape.channels), Int32(shape.height), Int32(shape.width), &target, first, rows, 0,
                Int32(output.width))
        }
    }

    /// A map to planes; what does not fit is cropped to the right and below.
    /// - Parameters:
    ///   - row: of the map, that becomes the first of the planes.
    ///   - scale: 2 takes four channels to 2 x 2 pixels of a plane.
    ///   - patches: of the map from that row on; nil: all.
    static func store(
        _ input: BlockedView, from row: Int = 0, scale: Int = 1, into output: TensorView,
        at patches: Region.Patches? = nil, _ execution: Execution
    ) {
        let shape = output.shape
        precondition(
            holds(input, scale * scale * shape.channels) && scale * (input.height - row) >= shape.height
                && scale * input.width >= shape.width && (1...2).contains(scale),
            "a map of \(input.extent) to \(shape)")
        let kernel = scale == 1 ? execution.kernels.from_map : execution.kernels.shuffle_from_map
        // Rows of the map that the planes have room for.
        let limit = (shape.height + scale - 1) / scale
        for patch in patches ?? Region.patches(of: nil, height: input.height, width: input.width) {
            let rows = patch.rows.clamped(to: 0..<limit)
            execution.forEachBand(of: rows.count) { first, count in
                var source = input.map
                source.values += row * source.row
                kernel?(
                    &source, Int32(shape.channels), output.pointer, Int32(shape.height), Int32(shape.width),
                    Int32(rows.lowerBound) + first, count, Int32(patch.columns.lowerBound),
                    Int32(patch.columns.count))
            }
        }
    }

    private static func holds(_ view: BlockedView, _ channels: Int) -> Bool {
        let lanes = view.tensor.lanes
        return view.channelBlocks.count == (channels + lanes - 1) / lanes
    }
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
