public import Media

/// Tells whether two consecutive frames show different scenes, between which nothing can be interpolated.
///
/// Two signs must agree, both on the GIF's own pixels: the colors are others (half the L1 distance of histograms of
/// 4 x 4 x 4 bins), and the coarse picture is another (correlation of 16 x 16 block means of luma). Neither motion,
/// which keeps the colors, nor a flash or a fade, which keep the coarse picture, shows both. The clearer the one, the less
/// the other is asked for.
struct SceneChange {
    /// Chosen on 2,868 pairs of frames of the training clips, 1 to 8 frames apart, and 1,500 pairs from different clips, 16 to
    /// 256 colors: 99.6 in 100 of these are found, and 0.8 in 100 of those taken for one, nearly all 8 frames apart
    /// (docs/quality.md has other clips).
    static let histogramDistance = 0.15
    static let correlation = 0.8
    static let correlationWeight = 0.4
    static let sum = 0.08

    private static let blocks = 16
    private static let bins = 64

    /// What is kept of one frame.
    struct Signature {
        /// Share of the pixels in each bin.
        let histogram: [Double]
        /// Mean luma of each block, less the frame's mean.
        let luma: [Double]

        /// - Parameter pixels: R, G, B, A, opaque, `size.area` of them.
        init(_ pixels: UnsafeBufferPointer<UInt8>, size: PixelSize) {
            var histogram = [Int](repeating: 0, count: SceneChange.bins)
            var luma = [Int](repeating: 0, count: SceneChange.blocks * SceneChange.blocks)
            var weight = luma
            let columns = (0..<size.width).map { $0 * SceneChange.blocks / size.width }
            for y in 0..<size.height {
                let row = y * SceneChange.blocks / size.height * SceneChange.blocks
                for x in 0..<size.width {
                    let at = (y * size.width + x) * 4
                    let (red, green, blue) = (Int(pixels[at]), Int(pixels[at + 1]), Int(pixels[at + 2]))
                    histogram[(red >> 6) * 16 + (green >> 6) * 4 + (blue >> 6)] += 1
                    let block = row + columns[x]
                    luma[block] += 299 * red + 587 * green + 114 * blue
                    weight[block] += 1
                }
            }
            self.histogram = histogram.map { Double($0) / Double(size.area) }
            let means = zip(luma, weight).map { $1 > 0 ? Double($0) / Double($1 * 1000) : 0 }
            let used = weight.count { $0 > 0 }
            let mean = means.reduce(0, +) / Double(max(used, 1))
            self.luma = zip(means, weight).map { $1 > 0 ? $0 - mean : 0 }
        }
    }

    /// Whether so few pixels cannot make the histograms differ enough.
    /// - Parameter changed: where the later frame differs from the earlier one.
    static func isTooSmall(_ changed: PixelRect, of size: PixelSize) -> Bool {
        Double(changed.area) < histogramDistance * Double(size.area)
    }

    static func isCut(_ a: Signature, _ b: Signature) -> Bool {
        let distance = zip(a.histogram, b.histogram).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
        guard distance > histogramDistance else { return false }
        let product = zip(a.luma, b.luma).reduce(0) { $0 + $1.0 * $1.1 }
        let norms = a.luma.reduce(0) { $0 + $1 * $1 } * b.luma.reduce(0) { $0 + $1 * $1 }
        // A flat frame correlates with nothing.
        let likeness = norms < 1e-9 ? 0 : product / norms.squareRoot()
        return likeness < correlation && distance - correlationWeight * likeness > sum
    }
}

/// Finds the frames of a GIF that begin another scene, as the restorer does. One thread at a time.
public struct SceneFinder {
    private let background: RGB
    private var earlier: SceneChange.Signature?

    /// - Parameter background: what transparent pixels show.
    public init(on background: RGB) {
        self.background = background
    }

    /// Whether a frame shows another scene than the one before it, which was given before. The first one does not.
    public mutating func beginsScene(_ frame: Frame) -> Bool {
        let signature = signature(of: frame)
        defer { earlier = signature }
        guard let earlier, !SceneChange.isTooSmall(frame.changed, of: frame.size) else { return false }
        return SceneChange.isCut(earlier, signature)
    }

    private func signature(of frame: Frame) -> SceneChange.Signature {
        var pixels = frame.pixels
        return pixels.withUnsafeMutableBufferPointer { pixels in
            FrameSlot.flatten(UnsafeBufferPointer(pixels), 0..<frame.size.area, on: background, into: pixels)
            return SceneChange.Signature(UnsafeBufferPointer(pixels), size: frame.size)
        }
    }
}
