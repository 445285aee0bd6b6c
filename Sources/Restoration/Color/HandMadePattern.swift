import Media

/// Recognizes pixel art that is shaded by hand: checkerboards of two colors between flat areas, in few colors.
///
/// To the classifier such a checkerboard is dither like any other. An encoder's dither, though, shows many densities, and
/// leaves stray pixels that belong neither to an area nor to a checkerboard. Of frames of 16 validation clips in 4 to 32 colors by
/// ffmpeg's dithers, 1.4 % and more were stray, and at most four times as many checkered; of hand-shaded pixel art 0.3 to
/// 1 %, and 47 to 67 times as many.
enum HandMadePattern {
    /// Most colors of such art.
    private static let mostColors = 32
    /// Share of stray pixels below which a frame is such art, and how many checkered ones there are at least for each
    /// stray one where that is exceeded.
    private static let (mostStray, checkeredPerStray) = (0.008, 16)
    /// Smallest share of pixels that belong to a checkerboard.
    private static let leastCheckered = 0.002

    /// Whether a frame is such art.
    static func isIn(_ frame: Frame) -> Bool {
        let (width, height) = (frame.size.width, frame.size.height)
        guard width >= 3 && height >= 3 else { return false }
        return frame.pixels.withUnsafeBytes { bytes in
            let pixels = bytes.bindMemory(to: UInt32.self)
            guard hasFewColors(pixels) else { return false }
            let board = checkerboards(pixels, width: width, height: height)
            let inner = Double((width - 2) * (height - 2))
            var (checkered, stray) = (0, 0)
            for y in 1..<height - 1 {
                for x in 1..<width - 1 {
                    let at = y * width + x
                    if board[at] {
                        checkered += 1
                    } else if equalNeighbors(pixels, at, width) < 2 {
                        stray += 1
                    }
                }
            }
            let isClean = Double(stray) <= mostStray * inner || checkered >= checkeredPerStray * stray
            return isClean && Double(checkered) >= leastCheckered * inner
        }
    }

    private static func hasFewColors(_ pixels: UnsafeBufferPointer<UInt32>) -> Bool {
        var colors = Set<UInt32>()
        var last: UInt32?
        for pixel in pixels where pixel != last {
            last = pixel
            if colors.insert(pixel).inserted && colors.count > mostColors { return false }
        }
        return true
    }

    /// How many of the four pixels beside one have its color.
    private static func equalNeighbors(_ pixels: UnsafeBufferPointer<UInt32>, _ at: Int, _ width: Int) -> Int {
        let own = pixels[at]
        return (pixels[at - 1] == own ? 1 : 0) + (pixels[at + 1] == own ? 1 : 0)
            + (pixels[at - width] == own ? 1 : 0) + (pixels[at + width] == own ? 1 : 0)
    }

    /// The pixels of all 3x3 squares that alternate between two colors.
    private static func checkerboards(_ pixels: UnsafeBufferPointer<UInt32>, width: Int, height: Int) -> [Bool] {
        var found = [Bool](repeating: false, count: pixels.count)
        for y in 1..<height - 1 {
            for at in y * width + 1..<(y + 1) * width - 1 {
                let (own, other) = (pixels[at], pixels[at - 1])
                guard own != other, pixels[at + 1] == other, pixels[at - width] == other, pixels[at + width] == other,
                    pixels[at - width - 1] == own, pixels[at - width + 1] == own, pixels[at + width - 1] == own,
                    pixels[at + width + 1] == own
                else { continue }
                for row in [at - width, at, at + width] {
                    for column in row - 1...row + 1 { found[column] = true }
                }
            }
        }
        return found
    }
}
