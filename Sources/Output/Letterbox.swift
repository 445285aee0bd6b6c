import CKernels
import Inference
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
    private let fit: Fit
    private let kernels: Kernels
    /// The canvas without a picture.
    private let blank: [UInt8]
    private var plan: Plan?
    /// What was fitted last: a picture that stays is fitted once.
    private var last: (picture: Picture, pixels: [UInt8])?

    private struct Plan {
        let input: PixelSize
        let placed: PixelRect
        let columns: Taps
        let rows: Taps
    }

    /// Output sample n is made of the `count` input samples from `first[n]` on, with the weights from `count * n` on.
    private struct Taps {
        let count: Int
        let first: [Int32]
        let weights: [Float]
    }

    /// - Parameters:
    ///   - canvas: the size of every picture that leaves.
    ///   - fill: R, G, B, A of the bars.
    public convenience init(canvas: PixelSize, fill: (UInt8, UInt8, UInt8, UInt8), fit: Fit = .letterbox) {
        self.init(canvas: canvas, fill: fill, fit: fit, kernels: .best)
    }

    init(canvas: PixelSize, fill: (UInt8, UInt8, UInt8, UInt8), fit: Fit, kernels: Kernels) {
        precondition(canvas.width > 0 && canvas.height > 0, "a canvas has pixels")
        self.fit = fit
        self.canvas = canvas
        self.kernels = kernels
        let color = [fill.0, fill.1, fill.2, fill.3]
        blank = (0..<canvas.area).flatMap { _ in color }
    }

    /// The picture on the canvas; itself when it has that size already.
    public func fit(_ picture: Picture) -> Picture {
        if picture.size == canvas { return picture }
        let pixels: [UInt8]
        if let last, last.picture.sharesPixels(with: picture) {
            pixels = last.pixels
        } else {
            pixels = scaled(picture)
            last = (picture, pixels)
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
        var starts: [Int32] = []
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
            starts.append(Int32(start))
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

    /// Both passes, on the canvas: columns of every row of the picture, then rows of what came out.
    private func scaled(_ picture: Picture) -> [UInt8] {
        let plan = plan(for: picture.size)
        let table = kernels.table
        let (input, placed) = (plan.input, plan.placed)
        let narrow = [Float](unsafeUninitializedCapacity: 4 * placed.width * input.height) { narrow, count in
            count = 4 * placed.width * input.height
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * input.width) { row in
                picture.pixels.withUnsafeBufferPointer { pixels in
                    guard let row = row.baseAddress, let pixels = pixels.baseAddress, let narrow = narrow.baseAddress
                    else { return }
                    for y in 0..<input.height {
                        table.premultiply(pixels + 4 * y * input.width, input.width, row)
                        table.mix_columns(
                            row, Int32(plan.columns.count), plan.columns.first, plan.columns.weights, placed.width,
                            narrow + 4 * y * placed.width)
                    }
                }
            }
        }
        var result = blank
        result.withUnsafeMutableBufferPointer { result in
            narrow.withUnsafeBufferPointer { narrow in
                plan.rows.weights.withUnsafeBufferPointer { weights in
                    guard let result = result.baseAddress, let narrow = narrow.baseAddress,
                        let weights = weights.baseAddress
                    else { return }
                    for (y, first) in plan.rows.first.enumerated() {
                        table.mix_rows(
                            narrow + 4 * Int(first) * placed.width, 4 * placed.width, Int32(plan.rows.count),
                            weights + y * plan.rows.count, placed.width,
                            result + 4 * ((placed.y + y) * canvas.width + placed.x))
                    }
                }
            }
        }
        return result
    }
}
