import Glibc
public import Media

/// Fits pictures of any size into one fixed canvas, scaled and centred: as large as fits, the rest in one color, or so large
/// that nothing is left free, cut off at the edges.
///
/// Scaling is separable Catmull-Rom (a = -0.5) whose support widens when it shrinks, on premultiplied
/// alpha. Weights are computed once per input size. One thread at a time.
public final class Letterbox {
    /// How much of the canvas and of the picture is seen.
    public enum Fit: String, CaseIterable, Sendable {
        /// The whole picture, with bars.
        case letterbox
        /// The whole canvas is picture.
        case crop
    }

    private let canvas: PixelSize
    private let fill: [UInt8]
    private let fit: Fit
    private var plan: Plan?

    private struct Plan {
        let input: PixelSize
        let placed: PixelRect
        let columns: Taps
        let rows: Taps
    }

    /// Output sample n is made of the `count` input samples from `first[n]` on, with the weights from `count * n` on.
    private struct Taps {
        let count: Int
        let first: [Int]
        let weights: [Float]
    }

    /// - Parameters:
    ///   - canvas: the size of every picture that leaves.
    ///   - fill: R, G, B, A of the bars.
    public init(canvas: PixelSize, fill: (UInt8, UInt8, UInt8, UInt8), fit: Fit = .letterbox) {
        precondition(canvas.width > 0 && canvas.height > 0, "a canvas has pixels")
        self.fit = fit
        self.canvas = canvas
        self.fill = [fill.0, fill.1, fill.2, fill.3]
    }

    /// The picture on the canvas; itself when it has that size already.
    public func fit(_ picture: Picture) -> Picture {
        if picture.size == canvas { return picture }
        let plan = plan(for: picture.size)
        let scaled = scale(picture, plan)
        var pixels = [UInt8](unsafeUninitializedCapacity: canvas.area * 4) { buffer, count in
            for index in 0..<canvas.area * 4 { buffer[index] = fill[index & 3] }
            count = canvas.area * 4
        }
        let rowBytes = plan.placed.width * 4
        for y in 0..<plan.placed.height {
            let target = ((plan.placed.y + y) * canvas.width + plan.placed.x) * 4
            pixels.replaceSubrange(target..<target + rowBytes, with: scaled[y * rowBytes..<(y + 1) * rowBytes])
        }
        return Picture(size: canvas, pixels: pixels, start: picture.start, duration: picture.duration)
    }

    private func plan(for input: PixelSize) -> Plan {
        if let plan, plan.input == input { return plan }
        // One of the two ratios fills its side exactly, the other side stays within or goes beyond the canvas;
        // whole-number arithmetic, at least one pixel.
        let isWide = input.width * canvas.height >= input.height * canvas.width
        let fillsWidth = isWide == (fit == .letterbox)
        let width = fillsWidth ? canvas.width : max(1, (input.width * canvas.height + input.height / 2) / input.height)
        let height = fillsWidth ? max(1, (input.height * canvas.width + input.width / 2) / input.width) : canvas.height
        let whole = PixelRect(
            x: (canvas.width - width) / 2, y: (canvas.height - height) / 2, width: width, height: height)
        let placed = whole.intersection(canvas.bounds)
        let left = placed.x - whole.x
        let top = placed.y - whole.y
        let made = Plan(
            input: input, placed: placed,
            columns: Self.taps(from: input.width, to: width, keeping: left..<left + placed.width),
            rows: Self.taps(from: input.height, to: height, keeping: top..<top + placed.height))
        plan = made
        return made
    }

    private static func taps(from input: Int, to output: Int, keeping range: Range<Int>) -> Taps {
        let ratio = Float(input) / Float(output)
        let stretch = max(ratio, 1)
        // Where fewer are near enough, the others have no weight.
        let count = min(input, Int((4 * stretch).rounded(.up)) + 1)
        var starts: [Int] = []
        var weights: [Float] = []
        for index in range {
            let center = (Float(index) + 0.5) * ratio
            let first = max(0, Int((center - 2 * stretch).rounded(.down)))
            let last = min(input, Int((center + 2 * stretch).rounded(.up)))
            let start = min(first, input - count)
            var line = (start..<start + count).map { sample -> Float in
                (first..<last).contains(sample) ? catmullRom((Float(sample) + 0.5 - center) / stretch) : 0
            }
            let sum = line.reduce(0, +)
            line = line.map { $0 / sum }
            starts.append(start)
            weights += line
        }
        return Taps(count: count, first: starts, weights: weights)
    }

    private static func catmullRom(_ distance: Float) -> Float {
        let x = abs(distance)
        if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
        if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
        return 0
    }

    /// Both passes; returns RGBA of `plan.placed`'s size. A camera does this for every picture: no array is made or looked
    /// up within the loops.
    private func scale(_ picture: Picture, _ plan: Plan) -> [UInt8] {
        let (width, height) = (plan.placed.width, plan.placed.height)
        let narrow = [SIMD4<Float>](unsafeUninitializedCapacity: width * plan.input.height) { narrow, count in
            count = width * plan.input.height
            var row = [SIMD4<Float>](repeating: .zero, count: plan.input.width)
            row.withUnsafeMutableBufferPointer { row in
                for y in 0..<plan.input.height {
                    premultiply(picture, row: y, into: row)
                    Self.combine(plan.columns) { x, taps in
                        narrow[y * width + x] = taps { row[$0] }
                    }
                }
            }
        }
        return [UInt8](unsafeUninitializedCapacity: width * height * 4) { result, count in
            count = width * height * 4
            narrow.withUnsafeBufferPointer { narrow in
                Self.combine(plan.rows) { y, taps in
                    for x in 0..<width {
                        Self.store(taps { narrow[$0 * width + x] }, result, (y * width + x) * 4)
                    }
                }
            }
        }
    }

    /// Colors times alpha, and alpha.
    private func premultiply(_ picture: Picture, row y: Int, into row: UnsafeMutableBufferPointer<SIMD4<Float>>) {
        picture.pixels.withUnsafeBufferPointer { pixels in
            for x in 0..<row.count {
                let at = (y * row.count + x) * 4
                let color = SIMD4(Float(pixels[at]), Float(pixels[at + 1]), Float(pixels[at + 2]), 255)
                row[x] = color * (Float(pixels[at + 3]) / 255)
            }
        }
    }

    /// Calls `body` for every output sample, with a function that sums up its input samples.
    @inline(__always)
    private static func combine(
        _ taps: Taps, _ body: (_ index: Int, _ sum: (_ sample: (Int) -> SIMD4<Float>) -> SIMD4<Float>) -> Void
    ) {
        taps.weights.withUnsafeBufferPointer { weights in
            for (index, first) in taps.first.enumerated() {
                body(index) { sample in
                    var sum = SIMD4<Float>.zero
                    for offset in 0..<taps.count {
                        sum += sample(first + offset) * weights[index * taps.count + offset]
                    }
                    return sum
                }
            }
        }
    }

    @inline(__always)
    private static func store(_ sum: SIMD4<Float>, _ result: UnsafeMutableBufferPointer<UInt8>, _ at: Int) {
        let alpha = min(max(sum.w, 0), 255)
        let color = alpha > 0 ? sum * (255 / alpha) : .zero
        let clamped = color.clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255)).rounded(
            .toNearestOrAwayFromZero)
        result[at] = UInt8(clamped.x)
        result[at + 1] = UInt8(clamped.y)
        result[at + 2] = UInt8(clamped.z)
        result[at + 3] = UInt8(alpha.rounded())
    }
}
