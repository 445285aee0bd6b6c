import CKernels
package import PixelKernels

extension PixelOperations {
    /// How a picture is sampled between its pixels.
    package enum Sampling: Sendable {
        /// From 2 x 2 pixels. Halfway between two it is their mean, softer than they are.
        case bilinear
        /// From 4 x 4 pixels by Keys' cubic convolution, clamped to [-1, 1].
        case cubic

        /// Pixels beyond a place, on each side, that a sample may read.
        package var reach: Int { self == .cubic ? 2 : 1 }
    }

    /// Samples `source` at (x + scale * flow x, y + scale * flow y), clamped to the border.
    /// - Parameters:
    ///   - flow: two channels, x then y.
    ///   - scale: pixels that a flow of 1 stands for.
    ///   - target: [C, H, W] of the flow; shares no values with the source.
    ///   - row: of the source, that the target begins with; it may have fewer.
    ///   - region: of the target.
    package func backwarp(
        _ source: TensorView, by flow: TensorView, scale: Float, sampling: Sampling = .bilinear,
        into target: TensorView, from row: Int = 0, in region: Region? = nil
    ) {
        let (from, shape) = (source.shape, target.shape)
        precondition(
            shape.channels == from.channels && flow.shape == TensorShape(2, shape.height, shape.width)
                && shape.width == from.width && row >= 0 && row + shape.height <= from.height,
            "backwarp of \(from) by \(flow.shape) into \(shape) from row \(row) on")
        let warp = ck_warp(
            source: source.pointer, channels: Int32(from.channels), height: Int32(from.height),
            width: Int32(from.width), flow: flow.pointer, scale: scale, target: target.pointer,
            rows: Int32(shape.height), top: Int32(row))
        guard let kernel = sampling == .cubic ? kernels.table.backwarp_cubic : kernels.table.backwarp else {
            preconditionFailure("a level without a warp")
        }
        nonisolated(unsafe) let shared = warp
        forEachBand(of: shape, in: region) { rows, columns in
            var warp = shared
            kernel(
                &warp, Int32(rows.lowerBound), Int32(rows.count), Int32(columns.lowerBound), Int32(columns.count))
        }
    }

    /// Gives samples from outside of the picture no weight where the other one lies inside: the border's pixels, repeated, would show
    /// through the lines at the ends of a page that scrolls. Not in the paper.
    /// - Parameters:
    ///   - flow0, flow1: two channels each, from the in-between to the frames, before refinement, in units of `scale` pixels: these
    ///     tell what lies outside.
    ///   - answer: five channels: both flows refined, which become what they were before where one frame counts alone, and the
    ///     visibility, in [-1, 1].
    ///   - top: the row of the picture that all of these begin with.
    ///   - height: of the picture.
    ///   - region: of the answer.
    package func hideOutside(
        _ flow0: TensorView, _ flow1: TensorView, _ answer: TensorView, scale: Float, top: Int, height: Int,
        in region: Region
    ) {
        let shape = answer.shape
        precondition(
            shape.channels == 5 && flow0.shape == TensorShape(2, shape.height, shape.width)
                && flow1.shape == flow0.shape
                && top >= 0 && top + shape.height <= height,
            "answer of \(shape) to \(flow0.shape) and \(flow1.shape) from row \(top) of \(height) on")
        let (answer, first, second) = (answer.pointer, flow0.pointer, flow1.pointer)
        forEachBand(of: shape, in: region) { rows, columns in
            for row in rows {
                let at = row * shape.width + columns.lowerBound
                kernels.table.hide_outside(
                    first + at, second + at, shape.plane, scale, Int32(top + row), Int32(columns.lowerBound),
                    Int32(columns.count), Int32(height), Int32(shape.width), answer + at, shape.plane)
            }
        }
    }

    /// SuperSlomo's last step (section 4.2): the two warped pictures, weighted by time and visibility.
    ///
    /// With v = (visibility + 1) / 2: ((1 - t) v warped0 + t (1 - v) warped1) / ((1 - t) v + t (1 - v) + 1e-8).
    /// - Parameters:
    ///   - visibility: one channel, in [-1, 1] (after tanh).
    ///   - t: in 0 ... 1.
    ///   - target: 3 channels, as `warped0` and `warped1`; may be one of these.
    package func synthesize(
        _ warped0: TensorView, _ warped1: TensorView, visibility: TensorView, t: Float, into target: TensorView,
        in region: Region? = nil
    ) {
        let shape = target.shape
        precondition(
            shape.channels == 3 && warped0.shape == shape && warped1.shape == shape
                && visibility.shape == TensorShape(1, shape.height, shape.width),
            "synthesis of \(warped0.shape), \(warped1.shape), \(visibility.shape) into \(shape)")
        let (warped0, warped1, visible, pointer) = (
            warped0.pointer, warped1.pointer, visibility.pointer, target.pointer
        )
        forEachRun(of: shape, in: region) { first, count in
            kernels.table.synthesize(
                warped0 + first, warped1 + first, visible + first, t, shape.plane, count, pointer + first)
        }
    }
}
