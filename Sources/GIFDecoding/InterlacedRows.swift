/// The order in which an image's rows stand in the file.
struct InterlacedRows: Sequence {
    let height: Int
    let isInterlaced: Bool

    struct Iterator: IteratorProtocol {
        private static let passes: [(start: Int, step: Int)] = [(0, 8), (4, 8), (2, 4), (1, 2)]

        private let height: Int
        private let isInterlaced: Bool
        private var pass = 0
        private var row = 0

        init(height: Int, isInterlaced: Bool) {
            self.height = height
            self.isInterlaced = isInterlaced
        }

        mutating func next() -> Int? {
            while row >= height {
                guard isInterlaced && pass < 3 else { return nil }
                pass += 1
                row = Self.passes[pass].start
            }
            defer { row += isInterlaced ? Self.passes[pass].step : 1 }
            return row
        }
    }

    func makeIterator() -> Iterator {
        Iterator(height: height, isInterlaced: isInterlaced)
    }
}
