import CKernels
public import Media
import PixelKernels

/// Fits pictures of any size into one fixed canvas, scaled and centered: as large as fits, the rest in one color, or so large
/// that nothing is left free, cut off at the edges.
///
/// Smooth scaling is separable Catmull-Rom (a = -0.5) whose support widens when it shrinks, on premultiplied
/// alpha. Weights are computed once per input size. One thread at a time.
public final class Letterbox {
    /// How much of the canvas and of the picture is seen.
    public enum Fit: String, CaseIterable, Sendable {
        /// The whole picture, with bars.
        case letterbox
        /// The whole canvas is picture.
        case crop
    }

    /// How pixels become more or fewer.
    public enum Scaler: String, CaseIterable, Sendable {
        /// `nearest` where flat art becomes a whole number of times as large, otherwise `smooth`. Whether it is flat art is
        /// decided once, by the first picture that is not of one color: it is where that has at most `flatColors`.
        case auto
        /// Each pixel has the color of the picture's nearest one: nothing is blurred.
        case nearest
        /// Colors in between are made.
        case smooth
    }

    /// Colors that flat art has at most: as many as a palette. A picture that the networks made of a photograph has thousands.
    public static let flatColors = 256

    private let canvas: PixelSize
    private let fit: Fit
    private let scaler: Scaler
    /// Whether the pictures are flat art; nil until a picture told.
    private var isFlat: Bool?
    private let kernels: Kernels
    /// The canvas without a picture.
    private let blank: [UInt8]
    private var plan: Plan?
    /// The picture that was fitted last: one that stays is fitted once.
    private var last: (picture: Picture, pixels: [UInt8])?

    /// The place of pictures of one size on the canvas.
    private struct Placement: Equatable {
        let input: PixelSize
        /// The whole scaled picture, which may reach beyond the canvas.
        let whole: PixelRect
        /// The part of it that lies on the canvas.
        let placed: PixelRect

        /// The columns of the whole scaled picture that are placed.
        var columns: Range<Int> { placed.x - whole.x..<placed.maxX - whole.x }
        var rows: Range<Int> { placed.y - whole.y..<placed.maxY - whole.y }

        /// Whether every pixel becomes a square of the same whole number of pixels.
        var isWholeFactor: Bool {
            whole.width % input.width == 0 && whole.height % input.height == 0
                && whole.width / input.width == whole.height / input.height
        }
    }

    /// How a picture that goes there is made.
    private struct Plan {
        let placement: Placement
        let method: Method

        enum Method {
            /// The column, and the row, of the picture that each one on the canvas is a copy of.
            case nearest(columns: [Int], rows: [Int])
            case smooth(columns: Taps, rows: Taps)

            var isNearest: Bool {
                if case .nearest = self { true } else { false }
            }
        }
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
    public convenience init(
        canvas: PixelSize, fill: (UInt8, UInt8, UInt8, UInt8), fit: Fit = .letterbox, scaler: Scaler = .auto
    ) {
        self.init(canvas: canvas, fill: fill, fit: fit, scaler: scaler, kernels: .best)
    }

    init(
        canvas: PixelSize, fill: (UInt8, UInt8, UInt8, UInt8), fit: Fit, scaler: Scaler, kernels: Kernels
    ) {
        precondition(canvas.width > 0 && canvas.height > 0, "a canvas has pixels")
        self.fit = fit
        self.scaler = scaler
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

    private func placement(of input: PixelSize) -> Placement {
        // One of the two ratios fills its side exactly, the other side stays within or goes beyond the canvas;
        // whole-number arithmetic, at least one pixel.
        let isWide = input.width * canvas.height >= input.height * canvas.width
        let fillsWidth = isWide == (fit == .letterbox)
        let width = fillsWidth ? canvas.width : max(1, (input.width * canvas.height + input.height / 2) / input.height)
        let height = fillsWidth ? max(1, (input.height * canvas.width + input.width / 2) / input.width) : canvas.height
        let whole = PixelRect(
            x: (canvas.width - width) / 2, y: (canvas.height - height) / 2, width: width, height: height)
        return Placement(input: input, whole: whole, placed: whole.intersection(canvas.bounds))
    }

    private func plan(for picture: Picture) -> Plan {
        let placement = placement(of: picture.size)
        let isNearest = isNearest(picture, placement)
        if let plan, plan.placement == placement, plan.method.isNearest == isNearest { return plan }
        let (input, whole) = (placement.input, placement.whole)
        let method: Plan.Method =
            isNearest
            ? .nearest(
                columns: Self.nearest(from: input.width, to: whole.width, keeping: placement.columns),
                rows: Self.nearest(from: input.height, to: whole.height, keeping: placement.rows))
            : .smooth(
                columns: Self.taps(from: input.width, to: whole.width, keeping: placement.columns),
                rows: Self.taps(from: input.height, to: whole.height, keeping: placement.rows))
        let made = Plan(placement: placement, method: method)
        plan = made
        return made
    }

    private func isNearest(_ picture: Picture, _ placement: Placement) -> Bool {
        switch scaler {
        case .nearest: return true
        case .smooth: return false
        case .auto:
            guard placement.isWholeFactor else { return false }
            if isFlat == nil { isFlat = Self.isFlat(picture) }
            return isFlat ?? false
        }
    }

    /// Whether a picture is flat art; nil where it is of one color, which every way of scaling leaves as it is.
    private static func isFlat(_ picture: Picture) -> Bool? {
        picture.pixels.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: UInt32.self) { pixels in
                var colors: Set = [pixels[0]]
                // Neighbors mostly share their color: look up only where it changes.
                var last = pixels[0]
                for color in pixels where color != last {
                    last = color
                    if colors.insert(color).inserted && colors.count > flatColors { return false }
                }
                return colors.count > 1 ? true : nil
            }
        }
    }

    /// The samples of which the kept ones are copies: those that their centers lie in.
    private static func nearest(from input: Int, to output: Int, keeping range: Range<Int>) -> [Int] {
        range.map { (2 * $0 + 1) * input / (2 * output) }
    }

    private static func taps(from input: Int, to output: Int, keeping range: Range<Int>) -> Taps {
        let ratio = Float(input) / Float(output)
        let stretch = max(ratio, 1)
        // Inputs that are too far away have no weight.
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

    private func scaled(_ picture: Picture) -> [UInt8] {
        let plan = plan(for: picture)
        return switch plan.method {
        case .nearest(let columns, let rows): nearest(picture, plan.placement.placed, columns: columns, rows: rows)
        case .smooth(let columns, let rows): smooth(picture, plan.placement.placed, columns: columns, rows: rows)
        }
    }

    private func nearest(_ picture: Picture, _ placed: PixelRect, columns: [Int], rows: [Int]) -> [UInt8] {
        var result = blank
        result.withUnsafeMutableBufferPointer { result in
            picture.pixels.withUnsafeBufferPointer { pixels in
                result.withMemoryRebound(to: UInt32.self) { target in
                    pixels.withMemoryRebound(to: UInt32.self) { source in
                        for (y, row) in rows.enumerated() {
                            let start = (placed.y + y) * canvas.width + placed.x
                            let first = row * picture.size.width
                            for (x, column) in columns.enumerated() { target[start + x] = source[first + column] }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Both passes, on the canvas: columns of every row of the picture, then rows of what came out.
    private func smooth(_ picture: Picture, _ placed: PixelRect, columns: Taps, rows: Taps) -> [UInt8] {
        let table = kernels.table
        let input = picture.size
        let narrow = [Float](unsafeUninitializedCapacity: 4 * placed.width * input.height) { narrow, count in
            count = 4 * placed.width * input.height
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * input.width) { row in
                picture.pixels.withUnsafeBufferPointer { pixels in
                    guard let row = row.baseAddress, let pixels = pixels.baseAddress, let narrow = narrow.baseAddress
                    else { return }
                    for y in 0..<input.height {
                        table.premultiply(pixels + 4 * y * input.width, input.width, row)
                        table.mix_columns(
                            row, Int32(columns.count), columns.first, columns.weights, placed.width,
                            narrow + 4 * y * placed.width)
                    }
                }
            }
        }
        var result = blank
        result.withUnsafeMutableBufferPointer { result in
            narrow.withUnsafeBufferPointer { narrow in
                rows.weights.withUnsafeBufferPointer { weights in
                    guard let result = result.baseAddress, let narrow = narrow.baseAddress,
                        let weights = weights.baseAddress
                    else { return }
                    for (y, first) in rows.first.enumerated() {
                        table.mix_rows(
                            narrow + 4 * Int(first) * placed.width, 4 * placed.width, Int32(rows.count),
                            weights + y * rows.count, placed.width,
                            result + 4 * ((placed.y + y) * canvas.width + placed.x))
                    }
                }
            }
        }
        return result
    }
}
