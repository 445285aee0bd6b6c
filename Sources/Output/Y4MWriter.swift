import CKernels
public import Media
import PixelKernels

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
                guard let pixels = source.baseAddress, let luma = target.baseAddress.map({ $0 + marker.count }) else {
                    return
                }
                Kernels.best.table.rgba_to_444(pixels, area, luma, luma + area, luma + 2 * area)
            }
        }
        try sink.write(planes)
    }

    public func finish() throws {
        try sink.close()
    }
}
