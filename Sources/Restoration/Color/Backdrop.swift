import Media

/// The color that the networks see behind frames whose transparency is kept. Outlines stand out from it, as otherwise the
/// networks do not see them move. It is in no picture.
///
/// In-betweens of moving discs, plain or with a rim, were up to 12 dB worse over the color of the rim than over the other
/// colors here; those differed by at most 1 dB.
enum Backdrop {
    /// In the order in which they are preferred.
    static let candidates = [
        RGB(red: 128, green: 128, blue: 128), .white, .black, RGB(red: 0, green: 255, blue: 0),
        RGB(red: 255, green: 0, blue: 255),
    ]

    /// Colors that differ by less in every channel are alike.
    private static let likeness = 96

    /// The candidate that the fewest pixels at the outline are like; nil where a frame has no outline.
    static func choose(for frame: Frame) -> RGB? {
        let (width, height) = (frame.size.width, frame.size.height)
        var counts = [Int](repeating: 0, count: candidates.count)
        var hasOutline = false
        frame.pixels.withUnsafeBufferPointer { pixels in
            func isOpaque(_ x: Int, _ y: Int) -> Bool { pixels[4 * (y * width + x) + 3] != 0 }
            func isAlike(_ at: Int, _ color: RGB) -> Bool {
                abs(Int(pixels[at]) - Int(color.red)) < likeness
                    && abs(Int(pixels[at + 1]) - Int(color.green)) < likeness
                    && abs(Int(pixels[at + 2]) - Int(color.blue)) < likeness
            }
            for y in 0..<height {
                for x in 0..<width where isOpaque(x, y) {
                    let isInside =
                        (x == 0 || isOpaque(x - 1, y)) && (x == width - 1 || isOpaque(x + 1, y))
                        && (y == 0 || isOpaque(x, y - 1)) && (y == height - 1 || isOpaque(x, y + 1))
                    if isInside { continue }
                    hasOutline = true
                    for (index, color) in candidates.enumerated() where isAlike(4 * (y * width + x), color) {
                        counts[index] += 1
                    }
                }
            }
        }
        guard hasOutline else { return nil }
        // The first of the smallest ones.
        let best = counts.indices.min { counts[$0] < counts[$1] }
        return best.map { candidates[$0] }
    }
}
