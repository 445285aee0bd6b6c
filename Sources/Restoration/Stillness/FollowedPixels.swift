import Media

/// Tells which pixels flows move to where they really are in the other picture: letters that scroll cover themselves in part,
/// and stand there by what both pictures show alone.
struct FollowedPixels {
    /// The mean difference of red, green and blue that counts for nothing, in levels: less than the contrast of an edge that
    /// stands (`StillEdges`).
    private static let same: Float = 30

    /// Pixels that a letter may move and still cover itself. Flows that are larger may lead to the next letter that looks like it.
    private static let most: Float = 6

    /// R, G, B, A.
    let first: [UInt8]
    let second: [UInt8]
    let size: PixelSize
    let flows: PublishedFlows

    /// Whether both flows move a pixel, counted row by row, by a little, and it looks the same where it comes to.
    func contains(_ pixel: Int) -> Bool {
        let (there, back) = flows.pixels(at: pixel)
        let lengths = 0.5...Self.most
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
