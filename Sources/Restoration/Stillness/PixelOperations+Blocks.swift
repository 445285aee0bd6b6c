import PixelKernels
import Threads

extension PixelOperations {
    /// How far the pixels of square blocks were moved, in palette radii: the sum over each block's pixels of their
    /// distance in RGB divided by their radius.
    /// - Parameters:
    ///   - image, gif: 3 channels each.
    ///   - radius: one channel; what is less than `leastRadius` counts as that.
    ///   - size: pixels a side; blocks at the right and at the bottom may be smaller.
    ///   - sums: of each block, row by row; those that no pixel of `region` lies in keep what they are.
    ///   - first: the row of blocks that the pictures begin with, where they are rows of larger ones.
    func sumChanges(
        of image: TensorView, from gif: TensorView, radius: TensorView, leastRadius: Float, size: Int,
        into sums: Tensor, atRow first: Int = 0, in region: Region
    ) {
        let shape = image.shape
        let (rows, across) = ((shape.height + size - 1) / size, (shape.width + size - 1) / size)
        precondition(
            shape.channels == 3 && gif.shape == shape && radius.shape == TensorShape(1, shape.height, shape.width)
                && first + rows <= sums.shape.height && across == sums.shape.width,
            "changes of \(shape) from \(gif.shape) into \(sums.shape) from row \(first) on")
        let touched = region.shrunk(by: size, height: rows, width: across)
        let (image, gif, radius, sums) = (image.pointer, gif.pointer, radius.pointer, sums.view.pointer)
        pool.forEach(rows) { row in
            let columns = touched[row]
            guard !columns.isEmpty else { return }
            let line = sums + (first + row) * across
            for column in columns { line[column] = 0 }
            for y in row * size..<min((row + 1) * size, shape.height) {
                for x in columns.lowerBound * size..<min(columns.upperBound * size, shape.width) {
                    let at = y * shape.width + x
                    let red = image[at] - gif[at]
                    let green = image[at + shape.plane] - gif[at + shape.plane]
                    let blue = image[at + 2 * shape.plane] - gif[at + 2 * shape.plane]
                    let change = (red * red + green * green + blue * blue).squareRoot()
                    line[x / size] += change / max(radius[at], leastRadius)
                }
            }
        }
    }
}
