import PixelKernels

/// A flow between two frames, in units of the network's `maxFlow` pixels, however it is kept.
protocol FlowMap {
    func flow(row: Int, column: Int) -> Translation
    /// Puts one flow in place of those of some of a row's pixels.
    func fill(row: Int, _ columns: Range<Int>, with flow: Translation)
}

/// How far something moves, in x and in y.
struct Translation {
    var x: Float
    var y: Float

    var length: Float { (x * x + y * y).squareRoot() }

    static func + (a: Translation, b: Translation) -> Translation { Translation(x: a.x + b.x, y: a.y + b.y) }
    static func * (factor: Float, a: Translation) -> Translation { Translation(x: factor * a.x, y: factor * a.y) }
}

/// [2, H, W].
extension TensorView: FlowMap {
    func flow(row: Int, column: Int) -> Translation {
        let at = row * shape.width + column
        return Translation(x: plane(0)[at], y: plane(1)[at])
    }

    func fill(row: Int, _ columns: Range<Int>, with flow: Translation) {
        let first = row * shape.width + columns.lowerBound
        (plane(0) + first).update(repeating: flow.x, count: columns.count)
        (plane(1) + first).update(repeating: flow.y, count: columns.count)
    }
}

/// [2, H, W].
extension PackedPlanes: FlowMap {
    func flow(row: Int, column: Int) -> Translation {
        Translation(x: value(row: row, column, channel: 0), y: value(row: row, column, channel: 1))
    }

    func fill(row: Int, _ columns: Range<Int>, with flow: Translation) {
        fill(row: row, columns, channel: 0, with: flow.x)
        fill(row: row, columns, channel: 1, with: flow.y)
    }
}
