import Media

/// One byte for each pixel of a picture, 0 at first.
///
/// It does not guard against threads: they write different pixels.
final class BytePlane: @unchecked Sendable {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let size: PixelSize

    /// Bytes a pixel.
    static let memory = 1

    init(_ size: PixelSize) {
        self.size = size
        bytes = .allocate(capacity: max(size.area, 1))
        bytes.initialize(repeating: 0, count: size.area)
    }

    deinit {
        bytes.deallocate()
    }

    /// Makes all bytes 0.
    func clear() { bytes.update(repeating: 0, count: size.area) }

    /// The first pixel's byte: valid while the plane lives.
    var start: UnsafeMutablePointer<UInt8> { bytes }

    /// The byte of a row's first pixel: valid while the plane lives.
    func row(_ y: Int) -> UnsafeMutablePointer<UInt8> { bytes + y * size.width }
}
