public import Media

/// YUV4MPEG2: what ffmpeg, mpv, x264 and others read from a pipe.
///
/// 4:4:4, so that no color detail is lost before the encoder; limited range, which the header says. The matrix is BT.601,
/// which readers take for granted: the format has no name for it (docs/pipes.md tells how a reader is told). Alpha is
/// dropped.
public final class Y4MWriter: PictureWriter {
    private let sink: ByteSink
    private let rate: Rational
    private var canvas = CanvasGuard()
    private var started = false
    private var planes: [UInt8] = []

    /// - Parameter rate: pictures per second, as the header says it.
    public init(_ sink: ByteSink, rate: Rational) {
        precondition(rate > .zero, "a rate is positive")
        self.sink = sink
        self.rate = rate
    }

    public func write(_ picture: Picture) throws {
        try canvas.check(picture, output: sink.name)
        let marker = Array("FRAME\n".utf8)
        let area = picture.size.area
        if !started {
            started = true
            planes = marker + [UInt8](repeating: 0, count: area * 3)
            let header =
                "YUV4MPEG2 W\(picture.size.width) H\(picture.size.height) F\(rate.numerator):\(rate.denominator)"
                + " Ip A1:1 C444 XYSCSS=444 XCOLORRANGE=LIMITED\n"
            try sink.write(Array(header.utf8))
        }
        picture.pixels.withUnsafeBufferPointer { source in
            planes.withUnsafeMutableBufferPointer { target in
                let y = marker.count
                for pixel in 0..<area {
                    let (luma, blue, red) = BT601.limited(
                        red: source[pixel * 4], green: source[pixel * 4 + 1], blue: source[pixel * 4 + 2])
                    target[y + pixel] = luma
                    target[y + area + pixel] = blue
                    target[y + 2 * area + pixel] = red
                }
            }
        }
        try sink.write(planes)
    }

    public func finish() throws {
        try sink.close()
    }
}

/// RGB to YCbCr by ITU-R BT.601 in limited range (Y 16 ... 235, Cb and Cr 16 ... 240).
public enum BT601 {
    /// Fixed point with 16 fractional bits, rounded: within half a level of the exact formula.
    @inline(__always)
    public static func limited(red: UInt8, green: UInt8, blue: UInt8) -> (y: UInt8, cb: UInt8, cr: UInt8) {
        let r = Int32(red)
        let g = Int32(green)
        let b = Int32(blue)
        let y = (16829 &* r &+ 33039 &* g &+ 6416 &* b &+ 32768) >> 16 &+ 16
        let cb = (-9714 &* r &- 19070 &* g &+ 28784 &* b &+ 32768) >> 16 &+ 128
        let cr = (28784 &* r &- 24103 &* g &- 4681 &* b &+ 32768) >> 16 &+ 128
        return (UInt8(truncatingIfNeeded: y), UInt8(truncatingIfNeeded: cb), UInt8(truncatingIfNeeded: cr))
    }
}
