import CKernels
public import Media
import PixelKernels

/// Turns pictures into a camera's bytes. Any thread.
public struct PictureEncoder: Sendable {
    private let format: CameraFormat
    private let kernels: Kernels

    public init(_ format: CameraFormat) {
        self.init(format, kernels: .best)
    }

    init(_ format: CameraFormat, kernels: Kernels) {
        self.format = format
        self.kernels = kernels
    }

    /// BT.601 in limited range, within one level of the exact formula for the mean of the pixels that share a value.
    /// - Parameter picture: of the format's size; its alpha is not looked at.
    public func encode(_ picture: Picture) -> [UInt8] {
        precondition(picture.size == format.size, "a picture of \(picture.size) for a camera of \(format.size)")
        return picture.pixels.withUnsafeBufferPointer { pixels in
            let count = format.pixels.bytes(format.size)
            return [UInt8](unsafeUninitializedCapacity: count) { target, written in
                if let from = pixels.baseAddress, let to = target.baseAddress { convert(from, to) }
                written = count
            }
        }
    }

    private func convert(_ pixels: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        let (width, area) = (format.size.width, format.size.area)
        switch format.pixels {
        case .rgb24: kernels.table.rgba_to_rgb(pixels, area, target)
        case .yuyv: kernels.table.rgba_to_yuyv(pixels, area, target)
        case .yu12, .nv12:
            let isPlanar = format.pixels == .yu12
            for pair in 0..<format.size.height / 2 {
                let chroma = target + area + pair * (isPlanar ? width / 2 : width)
                kernels.table.rgba_to_420(
                    pixels + 8 * width * pair, pixels + 8 * width * pair + 4 * width, width,
                    target + 2 * width * pair, target + 2 * width * pair + width,
                    chroma, isPlanar ? chroma + area / 4 : chroma + 1, isPlanar ? 1 : 2)
            }
        }
    }
}
