import CKernels
package import PixelKernels

extension PixelOperations {
    /// Tells pixels for which a search among the palette is not needed, as the answer is their color in the GIF.
    package struct Neighborhood {
        let gif: TensorView
        let radius: TensorView

        /// - Parameters:
        ///   - gif: 3 channels: each pixel's color in the GIF.
        ///   - radius: one channel: half the distance from that color to the nearest other one of the pixel's palette, or
        ///     less, in units of [-1, 1]; 0 where the palette does not hold it.
        package init(gif: TensorView, radius: TensorView) {
            precondition(
                gif.shape.channels == 3 && radius.shape == TensorShape(1, gif.shape.height, gif.shape.width),
                "a radius of \(radius.shape) for \(gif.shape)")
            (self.gif, self.radius) = (gif, radius)
        }
    }

    /// fC (section 4.1): the color of each pixel's palette that is nearest to it, L2 in RGB; the lower index wins a tie.
    /// - Parameters:
    ///   - image: 3 channels.
    ///   - ids: the palette of each pixel, row by row. A pixel with an empty palette is copied.
    ///   - near: spares the search for pixels that are nearer to their color in the GIF than the radius. The result is
    ///     the same without.
    ///   - target: 3 channels; may be the image.
    package func nearestColors(
        _ image: TensorView, _ palettes: PaletteTable, ids: UnsafeBufferPointer<UInt16>, near: Neighborhood? = nil,
        into target: TensorView, in region: Region? = nil
    ) {
        precondition(
            target.shape == image.shape && near.map { $0.gif.shape == image.shape } ?? true,
            "nearest colors of \(image.shape) into \(target.shape)")
        checkPalettes(image.shape, palettes, ids)
        let shape = image.shape
        let (pointer, plane, image) = (target.pointer, shape.plane, image.pointer)
        // Without a radius the GIF is not looked at.
        let (gif, radius) = (near?.gif.pointer ?? image, near?.radius.pointer)
        withExtendedLifetime((palettes, near)) {
            forEachRun(of: shape, in: region) { first, count in
                kernels.table.nearest_color(
                    image + first, gif + first, radius.map { $0 + first }, plane, count, ids.start + first,
                    palettes.kernelPalettes, pointer + first)
            }
        }
    }

    /// Moves pixels, in place, that lie outside the cell of their color in the GIF: all colors that no other color of the
    /// palette is nearer to. A quantizer that takes the nearest color cannot have made that color of them.
    /// - Parameters:
    ///   - image: 3 channels.
    ///   - ids: as in `nearestColors`.
    ///   - gif: each pixel's color in the GIF, and its radius; pixels without one stay.
    ///   - size: of the cells: 0.5 are colors half as far from the GIF's.
    package func keepInCells(
        _ image: TensorView, _ palettes: PaletteTable, ids: UnsafeBufferPointer<UInt16>, of gif: Neighborhood,
        size: Float, in region: Region? = nil
    ) {
        precondition(image.shape == gif.gif.shape && size > 0, "cells of \(gif.gif.shape) for \(image.shape)")
        checkPalettes(image.shape, palettes, ids)
        let (shape, plane) = (image.shape, image.shape.plane)
        let (pointer, colors, radius) = (image.pointer, gif.gif.pointer, gif.radius.pointer)
        withExtendedLifetime((palettes, gif)) {
            forEachRun(of: shape, in: region) { first, count in
                kernels.table.keep_in_cells(
                    pointer + first, colors + first, radius + first, size, plane, count, ids.start + first,
                    palettes.kernelPalettes)
            }
        }
    }

    private func checkPalettes(_ image: TensorShape, _ palettes: PaletteTable, _ ids: UnsafeBufferPointer<UInt16>) {
        precondition(image.channels == 3 && ids.count == image.plane, "\(ids.count) palette ids for \(image)")
        precondition((ids.max() ?? 0) < palettes.count, "a palette id outside a table of \(palettes.count)")
    }
}
