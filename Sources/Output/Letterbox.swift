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
        let columns: [Tap]
        let rows: [Tap]
    }

    /// The weights of one output sample: input samples `first ..< first + weights.count`.
    private struct Tap {
        let first: Int
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
            columns: Array(Self.taps(from: input.width, to: width)[left..<left + placed.width]),
            rows: Array(Self.taps(from: input.height, to: height)[top..<top + placed.height]))
        plan = made
        return made
    }

    private static func taps(from input: Int, to output: Int) -> [Tap] {
        let ratio = Float(input) / Float(output)
        let stretch = max(ratio, 1)
        return (0..<output).map { index in
            let center = (Float(index) + 0.5) * ratio
            let first = max(0, Int((center - 2 * stretch).rounded(.down)))
            let last = min(input, Int((center + 2 * stretch).rounded(.up)))
            var weights = (first..<last).map { catmullRom((Float($0) + 0.5 - center) / stretch) }
            let sum = weights.reduce(0, +)
            weights = weights.map { $0 / sum }
            return Tap(first: first, weights: weights)
        }
    }

    private static func catmullRom(_ distance: Float) -> Float {
        let x = abs(distance)
        if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
        if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
        return 0
    }

    /// Both passes; returns RGBA of `plan.placed`'s size.
    private func scale(_ picture: Picture, _ plan: Plan) -> [UInt8] {
        let (width, height) = (plan.placed.width, plan.placed.height)
        var narrow = [SIMD4<Float>](repeating: .zero, count: width * plan.input.height)
        for y in 0..<plan.input.height {
            let row = (0..<plan.input.width).map { x -> SIMD4<Float> in
                let at = (y * plan.input.width + x) * 4
                let alpha = Float(picture.pixels[at + 3])
                let color = SIMD4(
                    Float(picture.pixels[at]), Float(picture.pixels[at + 1]), Float(picture.pixels[at + 2]), 255)
                return color * (alpha / 255)
            }
            for (x, tap) in plan.columns.enumerated() {
                var sum = SIMD4<Float>.zero
                for (offset, weight) in tap.weights.enumerated() { sum += row[tap.first + offset] * weight }
                narrow[y * width + x] = sum
            }
        }
        var result = [UInt8](repeating: 0, count: width * height * 4)
        for (y, tap) in plan.rows.enumerated() {
            for x in 0..<width {
                var sum = SIMD4<Float>.zero
                for (offset, weight) in tap.weights.enumerated() {
                    sum += narrow[(tap.first + offset) * width + x] * weight
                }
                let alpha = min(max(sum.w, 0), 255)
                let color = alpha > 0 ? sum * (255 / alpha) : .zero
                let clamped = color.clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
                let at = (y * width + x) * 4
                for channel in 0..<3 { result[at + channel] = UInt8(clamped[channel].rounded()) }
                result[at + 3] = UInt8(alpha.rounded())
            }
        }
        return result
    }
}
