/// GIFs for whole-program tests.
public enum ExampleGIF {
    /// A soft ramp that drifts, 32 grays with a tint.
    /// - Parameter delays: centiseconds, one a frame.
    public static func drifting(width: Int = 48, height: Int = 32, delays: [Int]) -> [UInt8] {
        GIFWriter.gif(
            width: width, height: height, palette: palette,
            images: delays.indices.map { image($0, width, height, delays[$0]) })
    }

    /// The same at 25 frames a second.
    public static func drifting(frames: Int) -> [UInt8] { drifting(delays: [Int](repeating: 4, count: frames)) }

    /// The same in pieces: the header, each image, the trailer.
    public static func pieces(width: Int = 48, height: Int = 32, delays: [Int]) -> [[UInt8]] {
        var writer = GIFWriter(width: width, height: height, palette: palette)
        var pieces: [[UInt8]] = []
        var taken = 0
        func cut() {
            pieces.append(Array(writer.bytes[taken...]))
            taken = writer.bytes.count
        }
        writer.loop(0)
        cut()
        for (index, delay) in delays.enumerated() {
            writer.image(image(index, width, height, delay))
            cut()
        }
        writer.trailer()
        cut()
        return pieces
    }

    private static let palette: [UInt8] = (UInt8(0)..<32).flatMap { (step: UInt8) -> [UInt8] in
        [step * 8, step * 7, step * 6 + 20]
    }

    private static func image(_ index: Int, _ width: Int, _ height: Int, _ delay: Int) -> GIFImage {
        let indices = (0..<width * height).map { pixel -> UInt8 in
            let (x, y) = (pixel % width, pixel / width)
            return UInt8(min(31, (x + 2 * index) / 3 + y / 4))
        }
        return GIFImage(width: width, height: height, indices: indices).with { $0.delay = delay }
    }
}
