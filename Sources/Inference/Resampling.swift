import CKernels

/// The layers without weights: pooling, upsampling and the two pixel shuffles, plane by plane on the pool.
enum Resampling {
    /// Means of 2 x 2 pixels; an odd last row or column is dropped.
    static func averagePool(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            output.shape == TensorShape(shape.channels, shape.height / 2, shape.width / 2),
            "average pool from \(shape) to \(output.shape)")
        execution.forEach(shape.channels) { channel in
            execution.kernels.average_pool(
                input.plane(channel), Int32(shape.height), Int32(shape.width), output.plane(channel))
        }
    }

    /// Twice the size, bilinear, corners aligned; writes the upper left part of the output and leaves the rest as it is.
    static func upsampleBilinear(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            output.shape.channels == shape.channels && output.shape.height >= 2 * shape.height
                && output.shape.width >= 2 * shape.width,
            "bilinear upsampling from \(shape) to \(output.shape)")
        execution.forEach(shape.channels) { channel in
            execution.kernels.upsample_bilinear(
                input.plane(channel), Int32(shape.height), Int32(shape.width), output.plane(channel),
                Int32(output.shape.width))
        }
    }

    /// Adds the input at twice its size, nearest pixel, to `sum`.
    static func upsampleNearest(_ input: TensorView, addingTo sum: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            sum.shape == TensorShape(shape.channels, 2 * shape.height, 2 * shape.width),
            "nearest upsampling from \(shape) to \(sum.shape)")
        execution.forEach(shape.channels) { channel in
            execution.kernels.upsample_nearest_add(
                input.plane(channel), Int32(shape.height), Int32(shape.width), sum.plane(channel))
        }
    }

    /// 2 x 2 pixels of a channel to four channels. The input is continued to the right and below by its edge.
    static func pixelUnshuffle(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            output.shape.channels == 4 * shape.channels && 2 * output.shape.height >= shape.height
                && 2 * output.shape.width >= shape.width,
            "pixel unshuffle from \(shape) to \(output.shape)")
        execution.forEach(shape.channels) { channel in
            execution.kernels.pixel_unshuffle(
                input.plane(channel), Int32(shape.height), Int32(shape.width), output.plane(4 * channel),
                Int32(output.shape.height), Int32(output.shape.width))
        }
    }

    /// Four channels to 2 x 2 pixels of one; what does not fit into the output is cropped right and below.
    static func pixelShuffle(_ input: TensorView, into output: TensorView, _ execution: Execution) {
        let shape = input.shape
        precondition(
            shape.channels == 4 * output.shape.channels && output.shape.height <= 2 * shape.height
                && output.shape.width <= 2 * shape.width,
            "pixel shuffle from \(shape) to \(output.shape)")
        execution.forEach(output.shape.channels) { channel in
            execution.kernels.pixel_shuffle(
                input.plane(4 * channel), shape.plane, Int32(shape.height), Int32(shape.width), 0,
                output.plane(channel), Int32(output.shape.height), Int32(output.shape.width))
        }
    }
}
