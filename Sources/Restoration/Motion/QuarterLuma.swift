import Media

/// A frame's luma at a quarter of its size, in levels of 0 to 255: the means of squares of 4 x 4 pixels. Immutable.
struct QuarterLuma {
    static let factor = 4

    /// The value of a place without pixels.
    private static let outside: Float = -1
    /// The difference of such a place from any other: half of all levels.
    static let outsideDifference: Float = 127.5

    let rows: Int
    let columns: Int
    /// Row by row.
    let values: [Float]

    /// - Parameters:
    ///   - pixels: R, G, B, A, `size.area` of them; alpha is not looked at.
    ///   - way: how far from each place the pixels are that count there; `outside` where there are none.
    init(_ pixels: [UInt8], size: PixelSize, movedBy way: (x: Int, y: Int) = (0, 0)) {
        let rows = (size.height + Self.factor - 1) / Self.factor
        let columns = (size.width + Self.factor - 1) / Self.factor
        var values = [Float](repeating: 0, count: rows * columns)
        pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<rows {
                let lines = Self.pixels(row, of: size.height, movedBy: way.y)
                for column in 0..<columns {
                    let across = Self.pixels(column, of: size.width, movedBy: way.x)
                    var sum = 0
                    for y in lines { for x in across { sum += Self.luma(pixels, at: y * size.width + x) } }
                    let count = lines.count * across.count
                    values[row * columns + column] = count > 0 ? Float(sum) / Float(count) : Self.outside
                }
            }
        }
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    private static func pixels(_ index: Int, of length: Int, movedBy way: Int) -> Range<Int> {
        let first = index * factor
        return (first + way..<min(first + factor, length) + way).clamped(to: 0..<length)
    }

    /// The largest difference of a place from those beside, above and below it.
    func contrast(at place: Int) -> Float {
        let (row, column) = place.quotientAndRemainder(dividingBy: columns)
        let beside = [max(column - 1, 0), min(column + 1, columns - 1)].map { row * columns + $0 }
        let above = [max(row - 1, 0), min(row + 1, rows - 1)].map { $0 * columns + column }
        return (beside + above).reduce(0) { max($0, abs(values[$1] - values[place])) }
    }

    /// Whether a place has pixels.
    func isInside(_ place: Int) -> Bool { values[place] >= 0 }

    /// How much a place differs in another picture.
    func difference(from other: QuarterLuma, at place: Int) -> Float {
        other.isInside(place) ? abs(values[place] - other.values[place]) : Self.outsideDifference
    }

    /// The luma of a pixel of R, G, B, A.
    @inline(__always) static func luma(_ pixels: UnsafeBufferPointer<UInt8>, at pixel: Int) -> Int {
        (77 * Int(pixels[4 * pixel]) + 150 * Int(pixels[4 * pixel + 1]) + 29 * Int(pixels[4 * pixel + 2])) >> 8
    }

    /// The value at a place between the pixels, bilinear; the edge repeats.
    func sample(row: Float, column: Float) -> Float {
        BilinearPlace(row: row, column: column, rows: rows, columns: columns).value { values[$0] }
    }
}
