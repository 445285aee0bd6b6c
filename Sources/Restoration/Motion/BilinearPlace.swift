/// A place between the pixels of a picture: its four neighbors, counted row by row, and what each counts. The edge repeats.
struct BilinearPlace {
    private let upper: (left: Int, right: Int)
    private let lower: (left: Int, right: Int)
    private let down: Float
    private let right: Float

    /// - Parameters:
    ///   - row, column: of the place; outside of the picture that of its edge.
    ///   - rows, columns: of the picture.
    init(row: Float, column: Float, rows: Int, columns: Int) {
        let (y, x) = (min(max(row, 0), Float(rows - 1)), min(max(column, 0), Float(columns - 1)))
        let (top, left) = (Int(y), Int(x))
        (down, right) = (y - Float(top), x - Float(left))
        let (first, second) = (top * columns, min(top + 1, rows - 1) * columns)
        let next = min(left + 1, columns - 1)
        (upper, lower) = ((first + left, first + next), (second + left, second + next))
    }

    /// The value there.
    /// - Parameter value: that of a pixel.
    @inline(__always) func value(_ value: (_ pixel: Int) -> Float) -> Float {
        let above = value(upper.left) + right * (value(upper.right) - value(upper.left))
        let below = value(lower.left) + right * (value(lower.right) - value(lower.left))
        return above + down * (below - above)
    }
}
