public import Media

/// Tells whether two consecutive frames show different scenes, between which nothing can be interpolated.
///
/// Two signs must agree, both on the GIF's own pixels: the colors are others (half the L1 distance of histograms of
/// 4 x 4 x 4 bins), and the coarse picture is another, wherever it may have moved to (the best correlation of 16 x 16 block
/// means of luma, moved by up to `reach` blocks). Neither motion, which keeps the colors, nor a flash or a fade, which keep
/// the coarse picture, shows both. The clearer the one, the less the other is asked for.
struct SceneChange {
    /// Chosen on 10,600 pairs of frames of the training clips, 1 to 8 frames apart, and 1,500 pairs from different clips:
    /// 99.2 in 100 of these are found, and of those 0, 0.02, 0.3 and 1.3 in 100, 1, 2, 4 and 8 frames apart, taken for one
    /// (docs/quality.md has other clips).
    static let histogramDistance = 0.15
    static let enoughCorrelation = 0.9
    static let correlationWeight = 0.4
    private static let reach = 6

    private static let blocks = 16
    private static let bins = 64

    /// The measures of one frame.
    struct Signature {
        /// Share of the pixels in each bin.
        let histogram: [Double]
        /// Mean luma of each block, less the frame's mean.
        let luma: [Double]

        /// - Parameters:
        ///   - pixels: R, G, B, A, `size.area` of them.
        ///   - background: what shows where they are transparent; nil: the color that they have there.
        init(_ pixels: UnsafeBufferPointer<UInt8>, size: PixelSize, on background: RGB? = nil) {
            var histogram = [Int](repeating: 0, count: SceneChange.bins)
            var luma = [Int](repeating: 0, count: SceneChange.blocks * SceneChange.blocks)
            var weight = luma
            let columns = (0..<size.width).map { $0 * SceneChange.blocks / size.width }
            for y in 0..<size.height {
                let row = y * SceneChange.blocks / size.height * SceneChange.blocks
                for x in 0..<size.width {
                    let at = (y * size.width + x) * 4
                    var (red, green, blue) = (Int(pixels[at]), Int(pixels[at + 1]), Int(pixels[at + 2]))
                    if let background, pixels[at + 3] == 0 {
                        (red, green, blue) = (Int(background.red), Int(background.green), Int(background.blue))
                    }
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

    /// Half the L1 distance of the histograms, 0 to 1.
    static func distance(_ a: Signature, _ b: Signature) -> Double {
        zip(a.histogram, b.histogram).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    }

    static func isCut(_ a: Signature, _ b: Signature) -> Bool {
        let distance = distance(a, b)
        guard distance > histogramDistance else { return false }
        let enough = min(distance / correlationWeight, enoughCorrelation)
        // Mostly all stands where it stood.
        if correlation(a.luma, b.luma, down: 0, across: 0) >= enough { return false }
        for down in -reach...reach {
            for across in -reach...reach where correlation(a.luma, b.luma, down: down, across: across) >= enough {
                return false
            }
        }
        return true
    }

    /// Of what two pictures in blocks have in common when the second is moved by some. A flat one correlates with nothing.
    private static func correlation(_ a: [Double], _ b: [Double], down: Int, across: Int) -> Double {
        let rows = max(0, down)..<blocks + min(0, down)
        let columns = max(0, across)..<blocks + min(0, across)
        let (count, offset) = (Double(rows.count * columns.count), down * blocks + across)
        var (sumA, sumB, squaresA, squaresB, product) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for row in rows {
            for at in row * blocks + columns.lowerBound..<row * blocks + columns.upperBound {
                let (x, y) = (a[at], b[at - offset])
                sumA += x
                sumB += y
                squaresA += x * x
                squaresB += y * y
                product += x * y
            }
        }
        let spreads = (squaresA - sumA * sumA / count) * (squaresB - sumB * sumB / count)
        return spreads < 1e-6 ? 0 : (product - sumA * sumB / count) / spreads.squareRoot()
    }
}

/// `SceneChange` in a film: a cut also differs more than the scene's last frames did from each other.
///
/// A camera that is swung about shows other colors in every frame, and nothing where it was: the same frames, once in the
/// middle of a quiet film, would be a cut. The first two frames of a scene are judged by themselves, so that slides of a
/// show stay scenes of their own.
struct SceneHistory {
    /// Chosen on spliced clips of both the training and the validation data; docs/quality.md says what is found.
    private static let outstanding = 2.5
    /// Frames with colors so different are two scenes, whatever came before.
    private static let clearDistance = 0.4
    private static let remembered = 3

    /// Of the scene's last pairs of frames.
    private var distances: [Double] = []

    /// Whether a frame shows another scene than the one before it. Asked once for each pair, in their order.
    mutating func isCut(_ a: SceneChange.Signature, _ b: SceneChange.Signature) -> Bool {
        let distance = SceneChange.distance(a, b)
        let usual = distances.isEmpty ? 0 : distances.reduce(0, +) / Double(distances.count)
        if distance > min(usual * Self.outstanding, Self.clearDistance), SceneChange.isCut(a, b) {
            distances = []
            return true
        }
        distances = distances.suffix(Self.remembered - 1) + [distance]
        return false
    }
}

/// Finds the frames of a GIF that begin another scene, as the restorer does. One thread at a time.
public struct SceneFinder {
    private let background: RGB
    private var earlier: SceneChange.Signature?
    private var history = SceneHistory()

    /// - Parameter background: what transparent pixels show.
    public init(on background: RGB) {
        self.background = background
    }

    /// Whether a frame shows another scene than the one before it, which was given before. The first one does not.
    public mutating func beginsScene(_ frame: Frame) -> Bool {
        let signature = frame.pixels.withUnsafeBufferPointer {
            SceneChange.Signature($0, size: frame.size, on: background)
        }
        defer { earlier = signature }
        guard let earlier, !SceneChange.isTooSmall(frame.changed, of: frame.size) else { return false }
        return history.isCut(earlier, signature)
    }
}
