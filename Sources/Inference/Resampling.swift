import CKernels

/// The layers without weights, rows shared out on the pool: pooling, upsampling, and the ways between a picture's
/// planes and the networks' maps.
enum Resampling {
    /// Means of 2 x 2 pixels; an odd last row or column is dropped.
    static func averagePool(_ input: BlockedView, into output: BlockedView, _ execution: Execution) {
        precondition(
            output.height == input.height / 2 && output.width == input.width / 2
                && output.blocks.count == input.blocks.count,
            "average pool from \(input.extent) to \(output.extent)")
        execution.forEachBand(of: output.height) { first, rows in
            var (source, target) = (input.map, output.map)
            execution.kernels.average_pool(&source, &target, first, rows)
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

    /// Adds the input at twice its size, nearest pixel, to `sum`.
    static func upsampleNearest(_ input: BlockedView, addingTo sum: BlockedView, _ execution: Execution) {
        precondition(
            sum.height == 2 * input.height && sum.width == 2 * input.width && sum.blocks.count == input.blocks.count,
            "nearest upsampling from \(input.extent) to \(sum.extent)")
        execution.forEachBand(of: input.height) { first, rows in
            var (source, target) = (input.map, sum.map)
            execution.kernels.upsample_nearest_add(&source, &target, first, rows)
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
                input.pointer, Int32(shape.channels), Int32(shape.height), Int32(shape.width), &target, first, rows)
        }
    }

    /// A map to planes; what does not fit is cropped to the right and below.
    static func store(_ input: BlockedView, into output: TensorView, _ execution: Execution) {
        let shape = output.shape
        precondition(
            holds(input, shape.channels) && input.height >= shape.height && input.width >= shape.width,
            "a map of \(input.extent) to \(shape)")
        execution.forEachBand(of: shape.height) { first, rows in
            var source = input.map
            execution.kernels.from_map(
                &source, Int32(shape.channels), output.pointer, Int32(shape.height), Int32(shape.width), first, rows)
        }
    }

    /// 2 x 2 pixels of a plane to four channels. The input is continued to the right and below by its edge.
    static func pixelUnshuffle(_ input: TensorView, into output: BlockedView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            holds(output, 4 * shape.channels) && 2 * output.height >= shape.height && 2 * output.width >= shape.width,
            "pixel unshuffle from \(shape) to \(output.extent)")
        execution.forEachBand(of: output.height) { first, rows in
            var target = output.map
            execution.kernels.unshuffle_to_map(
                input.pointer, Int32(shape.channels), Int32(shape.height), Int32(shape.width), &target, first, rows)
        }
    }

    /// Four channels to 2 x 2 pixels of a plane; what does not fit into the output is cropped right and below.
    static func pixelShuffle(_ input: BlockedView, into output: TensorView, _ execution: Execution) {
        let shape = output.shape
        precondition(
            holds(input, 4 * shape.channels) && shape.height <= 2 * input.height && shape.width <= 2 * input.width,
            "pixel shuffle from \(input.extent) to \(shape)")
        execution.forEachBand(of: input.height) { first, rows in
            var source = input.map
            execution.kernels.shuffle_from_map(
                &source, Int32(shape.channels), output.pointer, Int32(shape.height), Int32(shape.width), first, rows)
        }
    }

    private static func holds(_ view: BlockedView, _ channels: Int) -> Bool {
        let lanes = view.tensor.lanes
        return view.blocks.count == (channels + lanes - 1) / lanes
    }
}
