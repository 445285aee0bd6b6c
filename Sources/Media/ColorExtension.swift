/// Colors for transparent pixels: each gets those of the visible pixel that is nearest to it, within `reach`.
///
/// Viewers do not see these colors, but every operation that mixes neighboring pixels reads them; so no other color comes
/// into a picture's outline. If pictures keep alpha, CCDNet reads frames that are extended so. Encoders get them, too, as
/// most of them share colors between neighboring pixels.
public struct ColorExtension {
    /// Rows and columns that a color is extended by, at most; beyond that pixels stay as they are. So far a change of a pixel
    /// counts. More makes the networks compute more and changes the PSNR of an outline by 0.1 dB, up or down.
    public static let reach = 16

    private let size: PixelSize
    private let part: PixelRect
    /// The columns that `offsets` holds, for the rows of `part`.
    private let columns: Range<Int>
    private let offsets: [Int8]

    /// Looks where the visible pixels are: those whose alpha is not 0.
    /// - Parameters:
    ///   - rgba: R, G, B, A of each pixel.
    ///   - part: whose transparent pixels shall get colors; it lies in the picture.
    public init(of rgba: UnsafeBufferPointer<UInt8>, size: PixelSize, in part: PixelRect) {
        precondition(rgba.count == 4 * size.area, "\(rgba.count) bytes in a picture of \(size)")
        precondition(part == .empty || size.bounds.union(part) == size.bounds, "a part that is not in the picture")
        (self.size, self.part) = (size, part)
        columns = max(part.x - Self.reach, 0)..<min(part.maxX + Self.reach, size.width)
        offsets = Self.verticalOffsets(rgba, size: size, rows: part.y..<part.maxY, columns: columns)
    }

    /// Gives the transparent pixels of one row their colors; alpha stays. Rows may be done at the same time.
    /// - Parameters:
    ///   - row: counted from the part's first.
    ///   - rgba: what the initializer saw.
    ///   - ids: a number for each pixel, which goes with its color.
    public func extend(
        row: Int, of rgba: UnsafeMutableBufferPointer<UInt8>, ids: UnsafeMutableBufferPointer<UInt16>? = nil
    ) {
        let line = (part.y + row) * size.width
        offsets.withUnsafeBufferPointer { offsets in
            let vertical = UnsafeBufferPointer(rebasing: offsets[row * columns.count..<(row + 1) * columns.count])
            for x in part.x..<part.maxX where rgba[4 * (line + x) + 3] == 0 {
                guard let (dx, dy) = Self.nearest(to: x - columns.lowerBound, vertical) else { continue }
                let (own, other) = (line + x, line + x + dx + dy * size.width)
                for channel in 0..<3 { rgba[4 * own + channel] = rgba[4 * other + channel] }
                if let ids { ids[own] = ids[other] }
            }
        }
    }

    /// No visible pixel in the column.
    private static let none = Int8.max

    /// How many rows below each pixel (above: negative) the nearest visible one of its column lies, row by row; `none` where
    /// it is farther than `reach`.
    private static func verticalOffsets(
        _ rgba: UnsafeBufferPointer<UInt8>, size: PixelSize, rows: Range<Int>, columns: Range<Int>
    ) -> [Int8] {
        var found = [Int8](repeating: none, count: rows.count * columns.count)
        var distances = [Int](repeating: 0, count: columns.count)
        func pass(_ order: some Sequence<Int>, _ note: (_ at: Int, _ distance: Int) -> Void) {
            for column in distances.indices { distances[column] = reach + 1 }
            for y in order {
                for column in distances.indices {
                    let isVisible = rgba[4 * (y * size.width + columns.lowerBound + column) + 3] != 0
                    distances[column] = isVisible ? 0 : distances[column] + 1
                    guard rows.contains(y), distances[column] <= reach else { continue }
                    note((y - rows.lowerBound) * columns.count + column, distances[column])
                }
            }
        }
        guard !rows.isEmpty, !columns.isEmpty else { return found }
        found.withUnsafeMutableBufferPointer { found in
            pass(max(rows.lowerBound - reach, 0)..<rows.upperBound) { found[$0] = Int8(-$1) }
            pass((rows.lowerBound..<min(rows.upperBound + reach, size.height)).reversed()) { at, distance in
                if found[at] == none || distance < -Int(found[at]) { found[at] = Int8(distance) }
            }
        }
        return found
    }

    /// The offset of the nearest visible pixel; of several that are as near the one whose column is nearest, then the left
    /// one, then the upper one.
    private static func nearest(to column: Int, _ vertical: UnsafeBufferPointer<Int8>) -> (dx: Int, dy: Int)? {
        var best: (dx: Int, dy: Int)?
        var least = Int.max
        var distance = 0
        while distance <= reach, distance * distance < least {
            for dx in stride(from: -distance, through: distance, by: max(2 * distance, 1)) {
                let at = column + dx
                guard vertical.indices.contains(at), vertical[at] != none else { continue }
                let dy = Int(vertical[at])
                let square = dx * dx + dy * dy
                if square < least { (best, least) = ((dx, dy), square) }
            }
            distance += 1
        }
        return best
    }
}
