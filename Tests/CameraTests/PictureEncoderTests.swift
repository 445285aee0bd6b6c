import Media
import PixelKernels
import TestSupport
import Testing

@testable import Camera

@Suite struct PictureEncoderTests {
    private static let levels = Kernels.Level.allCases

    /// BT.601 in limited range, as the standard writes it, of the mean of some pixels.
    private func exact(_ pixels: [(Double, Double, Double)]) -> (y: Double, cb: Double, cr: Double) {
        let count = Double(pixels.count)
        let red = pixels.map(\.0).reduce(0, +) / count / 255
        let green = pixels.map(\.1).reduce(0, +) / count / 255
        let blue = pixels.map(\.2).reduce(0, +) / count / 255
        let luma = 0.299 * red + 0.587 * green + 0.114 * blue
        return (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.772, 128 + 224 * (red - luma) / 1.402)
    }

    /// Random pixels, and in the first rows every corner of the color cube beside every other.
    private func picture(_ size: PixelSize) -> Picture {
        var random = SplitMix64(seed: UInt64(size.area))
        var pixels = (0..<size.area * 4).map { _ in UInt8(truncatingIfNeeded: random.next() >> 17) }
        for pixel in 0..<min(size.area, 128) {
            let corner = pixel % 2 == 0 ? pixel / 16 : pixel / 2 % 8
            for channel in 0..<3 { pixels[4 * pixel + channel] = corner >> channel & 1 == 1 ? 255 : 0 }
        }
        return Picture(size: size, pixels: pixels, start: .zero, duration: Rational(1))
    }

    @Test(
        arguments: levels,
        [
            PixelSize(width: 2, height: 2), PixelSize(width: 6, height: 4), PixelSize(width: 130, height: 6),
            PixelSize(width: 514, height: 2), PixelSize(width: 1026, height: 4),
        ])
    func withinOneLevelOfTheFormula(level: Kernels.Level, size: PixelSize) {
        let picture = picture(size)
        func color(_ x: Int, _ y: Int) -> (Double, Double, Double) {
            let at = 4 * (y * size.width + x)
            return (Double(picture.pixels[at]), Double(picture.pixels[at + 1]), Double(picture.pixels[at + 2]))
        }
        for pixels in CameraPixels.allCases {
            let format = CameraFormat(size: size, rate: Rational(30), pixels: pixels)
            let bytes = PictureEncoder(format, kernels: Kernels(atMost: level)).encode(picture)
            #expect(bytes.count == pixels.bytes(size))
            var error = 0.0
            func compare(_ at: Int, _ value: Double) {
                error = max(error, abs(Double(bytes[at]) - value))
            }
            for y in 0..<size.height {
                for x in 0..<size.width {
                    let at = y * size.width + x
                    let one = exact([color(x, y)])
                    switch pixels {
                    case .rgb24:
                        let (red, green, blue) = color(x, y)
                        for (channel, value) in [red, green, blue].enumerated() { compare(3 * at + channel, value) }
                    case .yuyv:
                        compare(2 * at, one.y)
                        let pair = exact([color(x & ~1, y), color(x | 1, y)])
                        compare(2 * at + 1, x % 2 == 0 ? pair.cb : pair.cr)
                    case .yu12, .nv12:
                        compare(at, one.y)
                        let four = exact(
                            [(0, 0), (1, 0), (0, 1), (1, 1)].map { color(x & ~1 | $0.0, y & ~1 | $0.1) })
                        let chroma = y / 2 * (size.width / 2) + x / 2
                        compare(size.area + (pixels == .yu12 ? chroma : 2 * chroma), four.cb)
                        compare(size.area + (pixels == .yu12 ? size.area / 4 + chroma : 2 * chroma + 1), four.cr)
                    }
                }
            }
            #expect(error <= (pixels == .rgb24 ? 0 : 0.51), "\(pixels)")
        }
    }
}
