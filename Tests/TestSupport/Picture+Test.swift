public import Media

extension Picture {
    /// A picture whose bytes follow from a seed; opaque unless told otherwise.
    public static func random(
        width: Int, height: Int, seed: UInt64 = 1, opaque: Bool = true, start: Rational = .zero,
        duration: Rational = Rational(1, 25)
    ) -> Picture {
        var generator = SplitMix64(seed: seed)
        let pixels = (0..<width * height * 4).map { index in
            opaque && index % 4 == 3 ? 255 : UInt8.random(in: 0...255, using: &generator)
        }
        return Picture(
            size: PixelSize(width: width, height: height), pixels: pixels, start: start, duration: duration)
    }

    /// R, G, B only.
    public var rgb: [UInt8] {
        stride(from: 0, to: pixels.count, by: 4).flatMap { pixels[$0..<$0 + 3] }
    }
}
