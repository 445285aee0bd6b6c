/// The connected components of the cells of a picture that have changed, each grown by some cells.
///
/// One thread at a time.
struct CellComponents {
    /// Bytes of a cell: three flags, and a place in lists that may double, of all cells, of a component and of the cells around.
    static let memory = 3 + 3 * 2 * MemoryLayout<Int>.stride

    private let rows: Int
    private let columns: Int
    /// Whether a cell is within reach of a changed one and belongs to no component yet.
    private var isLeft: [Bool]
    /// Room for a component and its surroundings.
    private var inner: [Bool]
    private var outer: [Bool]

    init(rows: Int, columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        isLeft = Array(repeating: false, count: rows * columns)
        (inner, outer) = (isLeft, isLeft)
    }

    /// - Parameters:
    ///   - reach: cells around a changed one that belong to its component.
    ///   - changed: whether a cell has changed.
    /// - Returns: the cells of each component, by their numbers, row by row.
    mutating func find(reach: Int, _ changed: (Int) -> Bool) -> [[Int]] {
        let all = (0..<rows * columns).filter(changed)
        if all.isEmpty { return [] }
        for cell in surroundings(of: all, reach: reach) { isLeft[cell] = true }
        var components: [[Int]] = []
        for cell in all where isLeft[cell] { components.append(takeComponent(of: cell)) }
        return components
    }

    /// Collects what is connected with a cell, also at corners.
    private mutating func takeComponent(of cell: Int) -> [Int] {
        isLeft[cell] = false
        var found = [cell]
        var next = 0
        while next < found.count {
            let (row, column) = found[next].quotientAndRemainder(dividingBy: columns)
            next += 1
            for y in max(row - 1, 0)...min(row + 1, rows - 1) {
                for x in max(column - 1, 0)...min(column + 1, columns - 1) where isLeft[y * columns + x] {
                    isLeft[y * columns + x] = false
                    found.append(y * columns + x)
                }
            }
        }
        return found
    }

    /// The cells within `reach` rows and columns of some cells, these among them, each once.
    mutating func surroundings(of cells: [Int], reach: Int) -> [Int] {
        var (wide, all) = ([Int](), [Int]())
        for cell in cells {
            let column = cell % columns
            for near in cell - min(reach, column)...cell + min(reach, columns - 1 - column) where !inner[near] {
                inner[near] = true
                wide.append(near)
            }
        }
        for cell in wide {
            inner[cell] = false
            let row = cell / columns
            for y in max(row - reach, 0)...min(row + reach, rows - 1) where !outer[y * columns + cell % columns] {
                outer[y * columns + cell % columns] = true
                all.append(y * columns + cell % columns)
            }
        }
        for cell in all { outer[cell] = false }
        return all
    }
}
