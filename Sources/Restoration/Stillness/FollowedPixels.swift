import Media
import PixelKernels

/// Tells which pixels flows move to where they really are in the other picture: letters that scroll cover themselves in part,
/// and stand there by what both pictures show alone.
struct FollowedPixels {
    /// The mean difference of red, green and blue that counts for nothing, in levels: less than the contrast of an edge that
    /// stands (`StillEdges`).
    private static let same: Float = 30

    /// Pixels that a letter may move and still cover itself. Flows that are larger may lead to the next letter that looks like it.
    private static let most: Float = 6
    /// Pixels that text may move on a page, such as a terminal, as far as flows reach: some of its letters come to where such
    /// letters stood. Over a film a caption's flow is the film's.
    private static let mostOfPages: Float = 320
    /// A page: the share of pixels that have next to no gradient in either picture, at least, and the levels, over the channels,
    /// of such a gradient, at most.
    private static let (blank, flat): (Float, Int) = (0.6, 2)
    /// Every so many rows and columns a pixel is looked at.
    private static let step = 3

    /// R, G, B, A.
    private let first: [UInt8]
    private let second: [UInt8]
    private let size: PixelSize
    private let flows: PublishedFlows
    private let most: Float

    /// - Parameters:
    ///   - first, second: the pictures, R, G, B, A.
    ///   - flows: between them.
    ///   - part: of the pictures, that the flows move; nil: nothing is.
    init(first: [UInt8], second: [UInt8], size: PixelSize, flows: PublishedFlows, around part: Region.Patch?) {
        (self.first, self.second, self.size, self.flows) = (first, second, size, flows)
        let isPage = part.map { Self.blankShare(of: [first, second], size, in: $0) > Self.blank } ?? false
        most = isPage ? Self.mostOfPages : Self.most
    }

    /// The share of a part's pixels that both pictures show without a gradient.
    private static func blankShare(of pictures: [[UInt8]], _ size: PixelSize, in part: Region.Patch) -> Float {
        var (seen, blank): (Float, Float) = (0, 0)
        for row in stride(from: part.rows.lowerBound, to: min(part.rows.upperBound, size.height - 1), by: step) {
            for column in stride(
                from: part.columns.lowerBound, to: min(part.columns.upperBound, size.width - 1), by: step)
            {
                let pixel = 4 * (row * size.width + column)
                seen += 1
                let isBlank = pictures.allSatisfy { bytes in
                    [4, 4 * size.width].allSatisfy { next in
                        (0..<3).reduce(0) { $0 + abs(Int(bytes[pixel + $1]) - Int(bytes[pixel + next + $1])) } <= flat
                    }
                }
                if isBlank { blank += 1 }
            }
        }
        return blank / max(seen, 1)
    }

    /// Whether both flows move a pixel, counted row by row, by a little, and it looks the same where it comes to.
    func contains(_ pixel: Int) -> Bool {
        let (there, back) = flows.pixels(at: pixel)
        let lengths = 0.5...most
        guard lengths.contains(there.length), lengths.contains(back.length) else { return false }
        return difference(of: first, at: pixel, from: second, movedBy: there) <= Self.same
            && difference(of: second, at: pixel, from: first, movedBy: back) <= Self.same
    }

    private func difference(of own: [UInt8], at pixel: Int, from other: [UInt8], movedBy way: Translation) -> Float {
        let (row, column) = pixel.quotientAndRemainder(dividingBy: size.width)
        let place = BilinearPlace(
            row: Float(row) + way.y, column: Float(column) + way.x, rows: size.height, columns: size.width)
        var sum: Float = 0
        for channel in 0..<3 {
            sum += abs(Float(own[4 * pixel + channel]) - place.value { Float(other[4 * $0 + channel]) })
        }
        return sum / 3
    }
}
